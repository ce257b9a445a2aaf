// Cell-set boxes: Enter commits (Shift+Enter adds a line), and a text too long for a link is stored on the server,
// which gives it a short name.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const LONGEST = 1500;
  const prefix = () => JSON.parse(document.getElementById("_dash-config").textContent).requests_pathname_prefix;

  const store = async (box) => {
    const body = new URLSearchParams({ cells: box.value });
    const answer = await fetch(`${prefix()}api/v1/sets`, { method: "POST", body });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.detail || answer.statusText);
    window.dash_clientside.set_props(box.id, { value: found.set });
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || !event.target.closest("[data-cell-set]")) return;
    event.preventDefault();
    event.target.blur();
  }, true);
  document.addEventListener("focusout", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLTextAreaElement) || !box.closest("[data-cell-set]") || box.value.length <= LONGEST) return;
    event.stopPropagation();
    store(box).catch((error) => app.notify(error.message, { title: "The set was not stored", error: true }));
  }, true);
})();
