// Cell-set boxes: Enter commits (Shift+Enter adds a line), and a text too long for a link is stored on the server,
// which gives it a short name. What completes, counts and builds stands in cellset_*.js and uses `app.cellset`.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const LONGEST = 1800; // characters of the address
  const prefix = () => JSON.parse(document.getElementById("_dash-config").textContent).requests_pathname_prefix;
  const put = (id, value) => app.setProps(id, { value });
  const text = (id) => document.getElementById(id).value;
  const isBox = (box) => box instanceof HTMLTextAreaElement && Boolean(box.closest("[data-cell-set]"));
  const isInner = (box) => box.dataset.cellSet === "inner"; // of a form: no control of the page
  const dataset = (box) =>
    box.closest("[data-set-ds]")?.dataset.setDs || new URLSearchParams(window.location.search).get("ds") || "";

  // ---- asking the server; `path` below /api/v1, or below the dataset of a box
  const ask = async (path, { fields = null, method = fields ? "POST" : "GET", signal } = {}) => {
    const body = fields && method === "POST" ? new URLSearchParams(fields) : undefined;
    const answer = await fetch(`${prefix()}api/v1/${path}`, { method, body, signal });
    const found = await answer.json();
    if (!answer.ok) throw new Error([found.detail || answer.statusText, found.hint].filter(Boolean).join(". "));
    return found;
  };
  const askOf = (box, path, options) => ask(`datasets/${encodeURIComponent(dataset(box))}/${path}`, options);

  const short = async (value) => {
    if (encodeURIComponent(value).length <= LONGEST) return value;
    return (await ask("sets", { fields: { cells: value } })).set;
  };
  const failed = (error) => app.notify(error.message, { title: "The set was not stored; the text is kept", error: true });
  // a new text, as if it had been written and committed
  const putShort = (id, value) => short(value).then((kept) => put(id, kept), failed);

  // ---- an element with attributes, listeners (on...) and children; texts stay texts
  const el = (tag, given = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(given)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (key === "class") made.className = value;
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
    }
    made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return made;
  };
  const thousands = (n) => Number(n).toLocaleString("en-US");
  const counted = (n, noun) => `${thousands(n)} ${noun}${n === 1 ? "" : "s"}`;
  app.cellset = { LONGEST, ask, askOf, counted, dataset, el, failed, isBox, isInner, put, putShort, thousands };

  // ---- committing
  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !isBox(box)) return;
    event.preventDefault();
    const accepted = app.cellset.accept?.(box);
    if (accepted) event.stopImmediatePropagation(); // the component itself would enter the text
    if (accepted || isInner(box)) return;
    box.blur(); // commits
    box.focus();
  }, true);
  document.addEventListener("focusout", (event) => {
    const box = event.target;
    if (!isBox(box) || isInner(box)) return;
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
