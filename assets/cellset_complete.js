// Suggestions while a cell set is written: what may stand at the cursor, from the server. Arrows choose, Enter or Tab
// takes, Esc closes, Ctrl+Space asks. The textarea keeps the focus; the list is told through aria-activedescendant.
(() => {
  "use strict";
  const app = window.synaptoscope;
  const c = app.cellset;
  const WAIT = 60;
  const LONGEST = 20_000;
  let list = null; // the list in the page, one for all boxes
  let shown = null; // {box, found, active}
  let asking = null;
  let timer = 0;
  let taking = false;

  // both stand in the page's main part, beside what they are about
  const main = () => document.querySelector("main") || document.body;
  const status = () => document.getElementById("cellset-status") || main().appendChild(
    c.el("div", { id: "cellset-status", class: "visually-hidden", role: "status" }));
  const listbox = () => {
    if (list?.isConnected) return list;
    list = c.el("ul", { id: "cellset-list", class: "completions", role: "listbox", "aria-label": "Suggestions", hidden: true,
      onpointerdown: (event) => event.preventDefault(), // the box keeps the focus
      onclick: (event) => {
        const option = event.target.closest("[role=option]");
        if (option && shown) take(Number(option.dataset.at));
      } });
    return main().appendChild(list);
  };
  const mark = (box) => {
    if (box.getAttribute("aria-autocomplete") === "list") return;
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("autocomplete", "off");
  };

  const close = () => {
    clearTimeout(timer);
    asking?.abort();
    asking = null;
    if (!shown) return;
    shown.box.removeAttribute("aria-activedescendant");
    shown.box.removeAttribute("aria-controls");
    shown = null;
    listbox().hidden = true;
    status().textContent = "";
  };

  const place = (box) => {
    const at = box.getBoundingClientRect();
    const ul = listbox();
    const width = Math.min(Math.max(at.width, 280), 520, window.innerWidth - 16);
    ul.style.width = `${width}px`;
    ul.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - width - 8))}px`;
    const below = window.innerHeight - at.bottom;
    const up = below < 220 && at.top > below;
    ul.style.maxHeight = `${Math.max(96, Math.min(320, (up ? at.top : below) - 12))}px`;
    ul.style.top = up ? "auto" : `${at.bottom + 2}px`;
    ul.style.bottom = up ? `${window.innerHeight - at.top + 2}px` : "auto";
  };

  const choose = (active) => {
    shown.active = active;
    [...listbox().children].forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
    if (active < 0) {
      shown.box.removeAttribute("aria-activedescendant");
      return;
    }
    shown.box.setAttribute("aria-activedescendant", `cellset-option-${active}`);
    listbox().children[active].scrollIntoView({ block: "nearest" });
  };

  const show = (box, found) => {
    if (!found.items.length) return close();
    shown = { box, found, active: -1, typed: box.value.slice(found.start, box.selectionStart) };
    listbox().replaceChildren(...found.items.map((item, i) => c.el("li",
      { id: `cellset-option-${i}`, role: "option", "aria-selected": "false", "data-at": i, "data-kind": item.kind },
      c.el("span", { class: "completion" }, item.label), c.el("span", { class: "about" }, item.detail))));
    listbox().hidden = false;
    listbox().scrollTop = 0;
    box.setAttribute("aria-controls", "cellset-list");
    place(box);
    const more = found.total > found.items.length ? `, the first ${found.items.length} of ${c.thousands(found.total)}` : "";
    status().textContent = `${c.counted(found.items.length, "suggestion")}${more}. Down arrow chooses.`;
  };

  // characters are counted as Python does, not as JavaScript: one beyond the basic plane is one
  const points = (text) => [...text].length;
  const units = (text, n) => [...text].slice(0, n).join("").length;
  const ask = async (box, first = false) => {
    clearTimeout(timer);
    asking?.abort();
    if (box.value.length > LONGEST || box.selectionStart !== box.selectionEnd) return close();
    asking = new AbortController();
    const [text, at] = [box.value, box.selectionStart];
    try {
      const found = await c.askOf(box, "complete", {
        fields: { text, at: String(points(text.slice(0, at))) }, signal: asking.signal });
      if (document.activeElement !== box || box.value !== text || box.selectionStart !== at) return;
      found.start = units(text, found.start);
      found.end = units(text, found.end);
      show(box, found);
      if (first && shown) choose(0);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  };

  const take = (i) => {
    const { box, found } = shown;
    const { text } = found.items[i];
    close();
    let { start, end } = found;
    if (/^[.,)\]]/.test(text)) while (box.value[start - 1] === " ") start -= 1;
    if (text.endsWith(" ") && box.value[end] === " ") end += 1;
    // through the browser's own editing, so that undo works and Dash hears of it
    box.focus();
    box.setSelectionRange(start, end);
    taking = true;
    if (!document.execCommand("insertText", false, text)) {
      box.setRangeText(text, start, end, "end");
      box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
    taking = false;
    if (/[ ([.=,'"]$/.test(text)) ask(box); // something may follow
  };
  // Enter: whether a suggestion was taken
  c.accept = (box) => {
    if (!shown || shown.box !== box || shown.active < 0) {
      close();
      return false;
    }
    take(shown.active);
    return true;
  };

  document.addEventListener("focusin", (event) => c.isBox(event.target) && mark(event.target));
  document.addEventListener("input", (event) => {
    const box = event.target;
    if (!c.isBox(box)) return;
    mark(box);
    clearTimeout(timer);
    if (taking) return;
    if (event.inputType === "insertFromPaste" || event.isComposing) return close();
    timer = setTimeout(() => ask(box), WAIT);
  });
  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (!c.isBox(box) || event.isComposing) return;
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      ask(box);
      return;
    }
    const open = shown && shown.box === box;
    if (!open) {
      const atEnd = box.selectionStart === box.value.length;
      if (event.key === "ArrowDown" && !event.shiftKey && atEnd) {
        event.preventDefault();
        ask(box, true);
      }
      return;
    }
    const n = shown.found.items.length;
    if (event.key === "ArrowDown") choose(shown.active + 1 < n ? shown.active + 1 : 0);
    else if (event.key === "ArrowUp") choose(shown.active > 0 ? shown.active - 1 : n - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Tab" && !event.shiftKey && (shown.active >= 0 || shown.typed)) take(Math.max(0, shown.active));
    else {
      if (event.key === "Tab" || event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") close();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }, true);
  document.addEventListener("focusout", (event) => shown && event.target === shown.box && close());
  document.addEventListener("pointerdown", (event) => shown && event.target === shown.box && close());
  window.addEventListener("resize", close);
  window.addEventListener("scroll", (event) => shown && event.target !== list && place(shown.box), true);
  window.addEventListener("synaptoscope:url", close);
})();
