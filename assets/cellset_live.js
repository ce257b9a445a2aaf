// While a cell set is written: how many cells it names, or what is wrong with it, in place of what the last one meant.
// And unknown ids, in a click: the known ones, or the cells of another version under their ids here.
(() => {
  "use strict";
  const app = window.synaptoscope;
  const c = app.cellset;
  const WAIT = 220;
  let timer = 0;
  let asking = null;
  const committed = new WeakMap(); // box -> its text when it was entered

  const holder = (box) => box.closest(".set");
  const line = (box) => holder(box)?.querySelector(".live");
  const settle = (box) => {
    clearTimeout(timer);
    asking?.abort();
    if (holder(box)) delete holder(box).dataset.typing;
    line(box)?.replaceChildren();
  };

  // the ids of a text in words and buttons; components/cellset_ids.py makes the same for a committed text
  const aboutIds = (ids) => {
    const parts = [`${c.thousands(ids.known)} known`];
    if (ids.n_unknown) parts.push(`${c.thousands(ids.n_unknown)} unknown`);
    if (ids.repeated) parts.push(`${c.thousands(ids.repeated)} repeated`);
    const found = [c.el("span", { class: "id-counts" }, `${c.counted(ids.given, "id")} given: ${parts.join(", ")}.`)];
    if (ids.can_drop) {
      const word = ids.known > 1 ? `Use the ${c.thousands(ids.known)} known` : "Use the known one";
      found.push(c.el("button", { type: "button", class: "quiet", "data-known-only": "drop" }, word));
    }
    if (ids.renamed) {
      found.push(c.el("button", { type: "button", class: "quiet", "data-known-only": "carry",
        title: "Cells of another version, under the ids that they have in this one" },
      `Use them with ${c.thousands(ids.renamed)} under new ids`));
    }
    if (ids.n_unknown) {
      const shown = ids.unknown.join("\n");
      const rest = ids.n_unknown - ids.unknown.length;
      found.push(c.el("details", { class: "unknown-ids" },
        c.el("summary", {}, ids.n_unknown > 1 ? `List the ${c.thousands(ids.n_unknown)} unknown` : "Show the unknown one"),
        c.el("pre", { tabindex: "0" }, shown + (rest ? `\n… and ${c.thousands(rest)} more` : "")),
        c.el("button", { type: "button", class: "quiet", "data-copy": shown,
          "data-copy-what": c.counted(ids.unknown.length, "unknown id") }, "Copy them")));
    }
    return c.el("span", { class: "about-ids" }, found);
  };
  const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
  const inWords = (found) => {
    if (found.problem) {
      const { detail, hint } = found.problem;
      const end = /[.)?]$/.test(detail) ? "" : ".";
      return [c.el("span", { class: "wrong" }, `${detail}${end}${hint ? ` ${capital(hint)}` : ""}`)];
    }
    const n = `${c.thousands(found.n)} of ${c.counted(found.of, "cell")}`;
    if (!found.echo || found.echo === "all cells") return [n];
    return [found.echo.startsWith(`${c.counted(found.n, "cell")} `) ? found.echo : `${n}: ${found.echo}`];
  };
  c.inWords = inWords;

  const check = async (box) => {
    asking?.abort();
    asking = new AbortController();
    const text = box.value;
    try {
      const found = await c.askOf(box, "check", { fields: { cells: text }, signal: asking.signal });
      if (box.value !== text || !holder(box)) return;
      const ids = found.ids ? [" ", aboutIds(found.ids)] : [];
      line(box)?.replaceChildren(...inWords(found), ...ids);
      holder(box).dataset.typing = found.problem ? "wrong" : "";
    } catch (error) {
      if (error.name !== "AbortError") settle(box);
    }
  };

  document.addEventListener("focusin", (event) => {
    const box = event.target;
    if (c.isBox(box) && !c.isInner(box) && !committed.has(box)) committed.set(box, box.value);
  });
  document.addEventListener("input", (event) => {
    const box = event.target;
    if (!c.isBox(box) || c.isInner(box) || !line(box)) return;
    clearTimeout(timer);
    if (box.value === committed.get(box)) return settle(box);
    timer = setTimeout(() => check(box), WAIT);
  });
  // once entered, the page itself says what is meant; until it does, this stays
  const waiting = new WeakMap();
  const settleWithThePage = (box) => {
    const echo = [...holder(box).querySelectorAll(".echo")].find((one) => !one.classList.contains("live"));
    waiting.get(box)?.disconnect();
    if (!echo || holder(box).dataset.typing === undefined) return settle(box);
    const watch = new MutationObserver(() => {
      watch.disconnect();
      settle(box);
    });
    watch.observe(echo, { childList: true, characterData: true, subtree: true });
    waiting.set(box, watch);
  };
  document.addEventListener("focusout", (event) => {
    const box = event.target;
    if (!c.isBox(box) || c.isInner(box) || !holder(box) || box.value === committed.get(box)) return;
    committed.set(box, box.value);
    settleWithThePage(box);
  });

  // a press on what is said keeps the focus in the box, so that its text is not entered by it
  document.addEventListener("mousedown", (event) => {
    if (event.target instanceof Element && event.target.closest(".live")) event.preventDefault();
  });
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-known-only]");
    if (!button) return;
    const box = button.closest(".set").querySelector("[data-cell-set] textarea, textarea[data-cell-set]");
    try {
      const kept = await c.ask("sets", {
        fields: { cells: box.value, ds: c.dataset(box), unknown: button.dataset.knownOnly } });
      box.focus();
      settle(box);
      c.put(box.id, encodeURIComponent(kept.text).length <= c.LONGEST && kept.text ? kept.text : kept.set);
    } catch (error) {
      c.failed(error);
    }
  });
})();
