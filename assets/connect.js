// 'Connect a source': sets put into the box by a click, the buttons of its jobs, the way to the form from a dataset.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const form = () => document.querySelector("#connect .connect-form");

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-job-do]");
    if (!button || !form()) return;
    event.stopPropagation(); // on the page Jobs they are jobs.js's, which has another store to tell
    if (button.hasAttribute("aria-disabled")) return;
    const { jobDo, job } = button.dataset;
    app.setProps("connect-do", { data: { what: jobDo, job, at: Date.now() } });
  }, true);

  let wanted = false; // somebody asked to add cells: the form is laid out anew, then shown
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const fill = event.target.closest("[data-connect-fill]");
    if (fill) {
      const control = fill.dataset.connectTo;
      app.setProps(control, { value: fill.dataset.connectFill });
      document.getElementById(control).focus({ preventScroll: true });
    }
    wanted = Boolean(event.target.closest("[data-add-cells]")) || wanted;
  });
  new MutationObserver(() => {
    const box = wanted && document.querySelector("#connect[data-adding] #connect-cells");
    if (!box) return;
    wanted = false;
    document.getElementById("connect").scrollIntoView({ block: "start" });
    box.focus({ preventScroll: true });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
