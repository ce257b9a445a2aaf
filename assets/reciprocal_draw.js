// Small drawings in SVG: an element with `data-figure` (JSON, components/reciprocal_drawing.py) is drawn into and drawn
// again when that, its size or the colour scheme changes. What can be pointed at are `marks`: pointer and arrow keys go
// from one to the next (those `aside`, histograms along the sides, are for the pointer only), a click or Enter picks it:
// event figure:pick with the mark's `pick`. The figures themselves are in reciprocal_figures.js.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const SVG = "http://www.w3.org/2000/svg";
  const figures = new Map(); // kind -> (spec, width, height, look) => drawing
  const shown = new WeakMap(); // element -> what is drawn in it

  const scheme = () => (document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light");
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const make = (name, attributes = {}, text = "") => {
    const node = document.createElementNS(SVG, name);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    if (text !== "") node.textContent = text;
    return node;
  };
  const measure = document.createElement("canvas").getContext("2d");
  const widthOf = (text, size = 12) => {
    measure.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
    return measure.measureText(text).width;
  };
  const fitted = (text, room, size = 12) => {
    if (widthOf(text, size) <= room) return text;
    let n = text.length - 1;
    while (n > 1 && widthOf(`${text.slice(0, n)}\u2026`, size) > room) n -= 1;
    return `${text.slice(0, n)}\u2026`;
  };
  const look = () => ({
    scheme: scheme(), ink: token("ink"), ink2: token("ink-2"), rule: token("rule"), rule2: token("rule-2"), accent: token("accent"),
    surface: token("surface"), pale: token("surface-3"), untested: token("untested"), widthOf, fitted,
  });

  // ---- drawing: { width, height, nodes: [[name, attributes, text]], marks: [{x, y, w, h, tip, pick, chosen, node}] }
  const draw = (box) => {
    const text = box.dataset.figure;
    const width = Math.round(box.clientWidth), height = Math.round(box.clientHeight);
    if (!text || width < 40) return;
    const spec = JSON.parse(text);
    const drawing = figures.get(spec.kind)(spec, width, height, look());
    const svg = make("svg", {
      xmlns: SVG, width: drawing.width, height: drawing.height, viewBox: `0 0 ${drawing.width} ${drawing.height}`,
      "font-family": getComputedStyle(document.body).fontFamily, "font-size": 12, fill: token("ink"), "aria-hidden": "true",
    });
    drawing.nodes.forEach(([name, attributes, words]) => svg.append(make(name, attributes, words)));
    const cursor = make("rect", { fill: "none", stroke: token("ink"), "stroke-width": 1.5, visibility: "hidden", "data-cursor": "" });
    svg.append(cursor);
    let holder = box.querySelector(":scope > .figure-svg");
    if (!holder) {
      holder = Object.assign(document.createElement("div"), { className: "figure-svg" });
      const tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true });
      tip.setAttribute("role", "status");
      box.append(holder, tip);
    }
    holder.replaceChildren(svg);
    shown.set(box, { ...drawing, spec, svg, cursor, at: -1, size: [width, height] });
    leave(box);
    box.dataset.drawn = spec.kind;
  };
  app.figures = figures;
  app.redrawFigures = () => document.querySelectorAll("[data-figure]").forEach(draw);

  // ---- pointing
  const tipOf = (box) => box.querySelector(":scope > .tip");
  const leave = (box) => {
    const now = shown.get(box);
    if (!now) return;
    now.at = -1;
    now.cursor.setAttribute("visibility", "hidden");
    tipOf(box).hidden = true;
  };
  const point = (box, i) => {
    const now = shown.get(box);
    if (now.at === i) return;
    now.at = i;
    const mark = now.marks[i];
    Object.entries({ x: mark.x, y: mark.y, width: mark.w, height: mark.h, visibility: "visible" })
      .forEach(([key, value]) => now.cursor.setAttribute(key, value));
    const tip = tipOf(box);
    tip.replaceChildren(...mark.tip.map((line, k) =>
      Object.assign(document.createElement("div"), { textContent: line, className: k ? "tip-more" : "tip-value" })));
    tip.hidden = false;
    const [left, top] = [mark.x + mark.w + 10, mark.y + mark.h + 8];
    tip.style.left = `${Math.max(0, left + tip.offsetWidth > box.clientWidth ? mark.x - tip.offsetWidth - 8 : left)}px`;
    tip.style.top = `${Math.max(0, top + tip.offsetHeight > box.clientHeight ? mark.y - tip.offsetHeight - 8 : top)}px`;
    box.dataset.pointed = mark.tip[0];
  };
  const markAt = (box, event) => {
    const now = shown.get(box);
    const frame = now.svg.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
    for (let i = now.marks.length - 1; i >= 0; i -= 1) {
      const m = now.marks[i];
      const slack = [Math.max(0, (7 - m.w) / 2), Math.max(0, (7 - m.h) / 2)]; // thin ones are hit from a little beside
      if (x >= m.x - slack[0] && x <= m.x + m.w + slack[0] && y >= m.y - slack[1] && y <= m.y + m.h + slack[1]) return i;
    }
    return -1;
  };
  const pick = (box, i) => {
    const mark = shown.get(box).marks[i];
    if (mark && mark.pick) box.dispatchEvent(new CustomEvent("figure:pick", { bubbles: true, detail: { pick: mark.pick, chosen: Boolean(mark.chosen) } }));
  };
  const boxOf = (event) => {
    const box = event.target instanceof Element && event.target.closest("[data-figure]");
    return box && shown.has(box) ? box : null;
  };
  document.addEventListener("pointermove", (event) => {
    const box = boxOf(event);
    if (!box) return;
    const i = markAt(box, event);
    if (i < 0) leave(box); else point(box, i);
    box.dataset.over = i >= 0 && shown.get(box).marks[i].pick ? "pick" : "";
  });
  document.addEventListener("pointerout", (event) => {
    const box = boxOf(event);
    if (box && !(event.relatedTarget instanceof Node && box.contains(event.relatedTarget))) leave(box);
  });
  document.addEventListener("click", (event) => {
    const box = boxOf(event);
    if (!box) return;
    const i = markAt(box, event);
    if (i >= 0) pick(box, i);
  });

  // ---- arrow keys: the nearest mark in that direction, those straight ahead first
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const middle = (m) => [m.x + m.w / 2, m.y + m.h / 2];
  const next = (marks, from, [dx, dy]) => {
    const [x, y] = middle(marks[from]);
    let [best, least] = [from, Infinity];
    marks.forEach((mark, i) => {
      if (mark.aside) return;
      const [u, v] = middle(mark);
      const ahead = (u - x) * dx + (v - y) * dy;
      const aside = Math.abs((u - x) * dy) + Math.abs((v - y) * dx);
      if (ahead > 0.5 && ahead + 3 * aside < least) [best, least] = [i, ahead + 3 * aside];
    });
    return best;
  };
  document.addEventListener("keydown", (event) => {
    const box = boxOf(event);
    if (!box || event.target !== box || event.ctrlKey || event.metaKey || event.altKey) return;
    const now = shown.get(box);
    if (!now.marks.length) return;
    if (WAYS[event.key]) {
      event.preventDefault();
      const chosen = now.marks.findIndex((m) => m.chosen);
      const first = chosen < 0 ? now.marks.findIndex((m) => !m.aside) : chosen;
      point(box, now.at < 0 || now.marks[now.at].aside ? first : next(now.marks, now.at, WAYS[event.key]));
    } else if ((event.key === "Enter" || event.key === " ") && now.at >= 0) {
      event.preventDefault();
      pick(box, now.at);
    } else if (event.key === "Escape") leave(box);
  });
  document.addEventListener("focusout", (event) => { if (boxOf(event) === event.target) leave(event.target); });

  // ---- saving
  app.saveFigure = async (box, name) => {
    const now = box && shown.get(box);
    if (!now) throw new Error("there is no figure to save");
    const copy = now.svg.cloneNode(true);
    copy.querySelector("[data-cursor]").remove();
    copy.prepend(make("rect", { width: now.width, height: now.height, fill: token("surface") }));
    await app.savePicture(new XMLSerializer().serializeToString(copy), now.width, now.height, name);
  };

  // ---- following
  const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    const now = shown.get(target);
    if (now && (now.size[0] !== Math.round(target.clientWidth) || now.size[1] !== Math.round(target.clientHeight))) draw(target);
    else if (!now) draw(target);
  }));
  const known = new WeakSet();
  new MutationObserver((changes) => {
    changes.forEach(({ type, target }) => { if (type === "attributes" && known.has(target)) draw(target); });
    document.querySelectorAll("[data-figure]").forEach((box) => {
      if (known.has(box)) return;
      known.add(box);
      sizes.observe(box);
      draw(box);
    });
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-figure"] });
  new MutationObserver(app.redrawFigures).observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
})();
