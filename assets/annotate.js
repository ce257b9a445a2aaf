// 'Add columns': the way to the form from a dataset, and files that are too large to send.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});

  let wanted = false; // somebody asked for the form: it is laid out, then shown
  document.addEventListener("click", (event) => {
    wanted = (event.target instanceof Element && Boolean(event.target.closest("[data-add-columns]"))) || wanted;
  });
  new MutationObserver(() => {
    const file = document.querySelector("#annotate-upload input[type=file]:not([aria-label])");
    if (file) file.setAttribute("aria-label", "File with the table");
    const title = wanted && document.getElementById("annotate-title");
    if (!title) return;
    wanted = false;
    document.getElementById("annotate").scrollIntoView({ block: "start" });
    title.focus({ preventScroll: true });
  }).observe(document.documentElement, { childList: true, subtree: true });

  // The server would refuse it only after all of it was sent.
  const refuse = (event, files) => {
    const box = event.target instanceof Element && event.target.closest("[data-most]");
    const large = box && [...(files || [])].find((file) => file.size > Number(box.dataset.most));
    if (!large) return;
    event.preventDefault();
    event.stopPropagation();
    const words = `${large.name} is too large to be sent from here: use the command.`;
    app.setProps("annotate-chosen", { children: words });
  };
  document.addEventListener("change", (event) => refuse(event, event.target.files), true);
  document.addEventListener("drop", (event) => refuse(event, event.dataTransfer && event.dataTransfer.files), true);
})();
