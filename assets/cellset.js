// Cell-set boxes: Enter commits (Shift+Enter adds a line), and a text too long for a link is stored on the server,
// which gives it a short name.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const LONGEST = 1800; // characters of the address
  const prefix = () => JSON.parse(document.getElementById("_dash-config").textContent).requests_pathname_prefix;
  const put = (id, value) => window.dash_clientside.set_props(id, { value });
  const text = (id) => document.getElementById(id).value;

  const short = async (value) => {
    if (encodeURIComponent(value).length <= LONGEST) return value;
    const answer = await fetch(`${prefix()}api/v1/sets`, { method: "POST", body: new URLSearchParams({ cells: value }) });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.detail || answer.statusText);
    return found.set;
  };
  const putShort = (id, value) => short(value).then(
    (kept) => put(id, kept),
    (error) => app.notify(error.message, { title: "The set was not stored; the text is kept", error: true }),
  );

  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (!(box instanceof HTMLTextAreaElement) || !box.closest("[data-cell-set]")) return;
    event.preventDefault();
    box.blur(); // commits
    box.focus();
  }, true);
  document.addEventListener("focusout", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLTextAreaElement) || !box.closest("[data-cell-set]")) return;
    if (encodeURIComponent(box.value).length <= LONGEST) return;
    event.stopPropagation();
    putShort(box.id, box.value);
  }, true);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const same = event.target.closest("[data-same-as]");
    if (same) {
      const [from, to] = same.dataset.sameAs.split(" ");
      put(to, text(from));
    }
    const cells = event.target.closest("[data-cells-only]");
    if (!cells) return;
    const id = cells.dataset.cellsOnly;
    const before = text(id).trim();
    if (/\bis_cell\b/.test(before)) return;
    putShort(id, before ? `(${before}) and is_cell` : "is_cell");
  });
})();
