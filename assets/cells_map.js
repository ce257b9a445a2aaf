// The soma map in the browser: a picture made by the server for one window, with axes, layers and a scale bar around it.
// While a user zooms or drags, the last picture is stretched; the address follows, and the server draws anew.
// The Python half: components/cells_map.py and api/cells.py. The page's other half: assets/cells_page.js.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const m = (app.cellsMap = {});
  const SVG = "http://www.w3.org/2000/svg";
  const MARGIN = { left: 54, right: 14, top: 8, bottom: 40 };
  const LAYER_MARGIN = 40; // at the right, for the names of layers

  let shown = null; // the map on the screen, as the server gave it, with what it was asked for
  let view = null; // the window now displayed, [x0, x1, y0, y1], least first
  let tool = "pan";
  let drag = null;
  let settle = 0;
  let ahead = false; // the user has moved on, and the address does not know yet

  const box = () => document.getElementById("cells-map-box");
  const root = () => document.getElementById("cells-map");
  m.box = box;
  const make = (name, attributes, text) => {
    const node = document.createElementNS(SVG, name);
    Object.entries(attributes || {}).forEach(([key, value]) => node.setAttribute(key, value));
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  // ---- geometry: um <-> pixels of the box
  m.plot = () => {
    const { clientWidth: w, clientHeight: h } = box();
    const right = MARGIN.right + (shown && shown.layers.length ? LAYER_MARGIN : 0);
    return { left: MARGIN.left, top: MARGIN.top, width: Math.max(40, w - MARGIN.left - right), height: Math.max(40, h - MARGIN.top - MARGIN.bottom) };
  };
  const fit = ([x0, x1, y0, y1], p) => {
    const scale = Math.max((x1 - x0) / p.width, (y1 - y0) / p.height);
    const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
    return [x - scale * p.width / 2, x + scale * p.width / 2, y - scale * p.height / 2, y + scale * p.height / 2];
  };
  const px = (x, p) => p.left + (x - view[0]) / (view[1] - view[0]) * p.width;
  const py = (y, p) => {
    const share = (y - view[2]) / (view[3] - view[2]);
    return p.top + (shown.down ? share : 1 - share) * p.height;
  };
  const um = (left, top, p) => {
    const share = (top - p.top) / p.height;
    return [view[0] + (left - p.left) / p.width * (view[1] - view[0]), view[2] + (shown.down ? share : 1 - share) * (view[3] - view[2])];
  };
  const perPixel = (p) => (view[1] - view[0]) / p.width;

  // ---- drawing
  const nice = (step) => {
    const power = 10 ** Math.floor(Math.log10(step));
    return [1, 2, 5, 10].map((k) => k * power).find((k) => k >= step * 0.999);
  };
  const ticks = (low, high, pixels, gap) => {
    const step = nice((high - low) / Math.max(2, pixels / gap));
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const found = [];
    for (let k = Math.ceil(low / step); k * step <= high; k += 1) found.push([k * step, (k * step || 0).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })]);
    return found;
  };
  const draw = () => {
    if (!shown || !view || !root()) return;
    const p = m.plot();
    const { clientWidth: w, clientHeight: h } = box();
    const svg = make("svg", { xmlns: SVG, width: w, height: h, viewBox: `0 0 ${w} ${h}`, "font-family": "sans-serif", "font-size": 11, role: "presentation" });
    const clip = make("clipPath", { id: "cells-map-clip" });
    clip.append(make("rect", { x: p.left, y: p.top, width: p.width, height: p.height }));
    const [ink, rule, soft] = [colour("ink-2"), colour("rule"), colour("ink-3")];
    const inside = make("g", { "clip-path": "url(#cells-map-clip)" });
    svg.append(clip, inside);
    const [x0, x1, y0, y1] = shown.window;
    const top = Math.min(py(y0, p), py(y1, p));
    const guides = make("g", {});
    shown.layers.forEach(([name, from, to], i) => {
      const [a, b] = [py(from, p), py(to, p)].sort((s, t) => s - t);
      if (i % 2 === 0) guides.append(make("rect", { x: p.left, y: a, width: p.width, height: b - a, fill: colour("surface-2") }));
      guides.append(make("line", { x1: p.left, x2: p.left + p.width, y1: a, y2: a, stroke: rule }));
      const middle = (Math.max(a, p.top) + Math.min(b, p.top + p.height)) / 2;
      if (Math.min(b, p.top + p.height) - Math.max(a, p.top) > 12) svg.append(make("text", { x: p.left + p.width + 6, y: middle + 4, fill: ink }, name));
    });
    shown.layers_across.forEach(([, from]) => guides.append(make("line", { x1: px(from, p), x2: px(from, p), y1: p.top, y2: p.top + p.height, stroke: rule })));
    inside.append(guides);
    shown.pictures.forEach((href) => inside.append(make("image", {
      href, x: px(x0, p), y: top, width: px(x1, p) - px(x0, p), height: Math.abs(py(y1, p) - py(y0, p)), preserveAspectRatio: "none",
    })));
    svg.append(make("rect", { x: p.left, y: p.top, width: p.width, height: p.height, fill: "none", stroke: rule }));
    ticks(view[0], view[1], p.width, 70).forEach(([at, text]) => {
      svg.append(make("line", { x1: px(at, p), x2: px(at, p), y1: p.top + p.height, y2: p.top + p.height + 4, stroke: soft }));
      svg.append(make("text", { x: px(at, p), y: p.top + p.height + 16, fill: ink, "text-anchor": "middle" }, text));
    });
    ticks(view[2], view[3], p.height, 46).forEach(([at, text]) => {
      svg.append(make("line", { x1: p.left - 4, x2: p.left, y1: py(at, p), y2: py(at, p), stroke: soft }));
      svg.append(make("text", { x: p.left - 7, y: py(at, p) + 4, fill: ink, "text-anchor": "end" }, text));
    });
    svg.append(make("text", { x: p.left + p.width / 2, y: h - 6, fill: ink, "text-anchor": "middle", "font-size": 12 }, shown.x));
    const middle = p.top + p.height / 2;
    svg.append(make("text", { x: 12, y: middle, fill: ink, "text-anchor": "middle", "font-size": 12, transform: `rotate(-90 12 ${middle})` }, shown.y));
    scaleBar(svg, p);
    if (drag && drag.path) svg.append(outline());
    root().replaceChildren(svg);
    box().dataset.window = view.map((v) => v.toFixed(2)).join(" ");
  };
  const scaleBar = (svg, p) => {
    const length = nice(perPixel(p) * 70);
    const width = length / perPixel(p);
    const text = length >= 1000 ? `${length / 1000} mm` : `${length} µm`;
    const [right, bottom] = [p.left + p.width - 10, p.top + p.height - 10];
    const bar = make("g", {});
    bar.append(make("rect", { x: right - width - 6, y: bottom - 18, width: width + 12, height: 24, fill: colour("surface"), "fill-opacity": 0.82 }));
    bar.append(make("line", { x1: right - width, x2: right, y1: bottom, y2: bottom, stroke: colour("ink"), "stroke-width": 2.5 }));
    bar.append(make("text", { x: right - width / 2, y: bottom - 6, fill: colour("ink"), "text-anchor": "middle" }, text));
    svg.append(bar);
  };
  const outline = () => make("path", {
    d: "M" + drag.path.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L") + "Z",
    fill: colour("accent"), "fill-opacity": 0.12, stroke: colour("accent"), "stroke-width": 1.5, "stroke-linejoin": "round",
  });

  // ---- what the page gives and hears
  m.show = (figure) => { // a map from the server; the window is the one it was drawn for
    shown = figure;
    if (!view || !(ahead || drag)) view = figure.window.slice();
    draw();
    box().dataset.state = "drawn";
    box().dispatchEvent(new CustomEvent("cells:painted", { bubbles: true }));
  };
  m.clear = () => { shown = view = drag = null; ahead = false; clearTimeout(settle); };
  m.redraw = draw;
  m.svg = () => root() && root().querySelector("svg");
  const commit = (soon = false) => { // the address follows what is displayed
    clearTimeout(settle);
    ahead = true;
    settle = setTimeout(() => {
      ahead = false;
      if (!shown || !view) return;
      const all = fit(shown.extent, m.plot());
      const whole = view.every((v, i) => Math.abs(v - all[i]) < perPixel(m.plot()));
      app.pushSearch(Object.fromEntries(["x0", "x1", "y0", "y1"].map((key, i) => [key, whole ? null : view[i].toFixed(2)])));
    }, soon ? 0 : 180);
  };
  const zoomAt = (factor, [x, y]) => {
    const all = fit(shown.extent, m.plot());
    const size = Math.min(Math.max((view[1] - view[0]) * factor, 1), (all[1] - all[0]) * 4);
    const k = size / (view[1] - view[0]);
    view = [x + (view[0] - x) * k, x + (view[1] - x) * k, y + (view[2] - y) * k, y + (view[3] - y) * k];
    draw();
    commit();
  };
  const centre = () => [(view[0] + view[1]) / 2, (view[2] + view[3]) / 2];
  m.zoom = (how) => {
    if (!shown) return;
    if (how !== "all") return zoomAt(how === "in" ? 0.6 : 1 / 0.6, centre());
    view = fit(shown.extent, m.plot());
    draw();
    commit(true);
  };
  m.use = (name) => {
    tool = name;
    document.querySelectorAll("[data-map-tool]").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.mapTool === name)));
    box().dataset.tool = name;
  };

  // ---- pointer
  const local = (event) => {
    const at = box().getBoundingClientRect();
    return [event.clientX - at.left, event.clientY - at.top];
  };
  const within = ([left, top], p) => left >= p.left && left <= p.left + p.width && top >= p.top && top <= p.top + p.height;
  const tip = () => document.getElementById("cells-map-tip");
  const hide = () => { if (tip()) tip().hidden = true; };
  m.wire = (element) => {
    element.dataset.tool = tool;
    element.addEventListener("wheel", (event) => {
      const at = local(event);
      if (!shown || !within(at, m.plot())) return;
      event.preventDefault();
      hide();
      zoomAt(1.0015 ** event.deltaY, um(...at, m.plot()));
    }, { passive: false });
    element.addEventListener("pointerdown", (event) => {
      const at = local(event);
      if (!shown || event.button || !within(at, m.plot())) return;
      drag = { start: at, last: at, moved: false, view: view.slice(), path: null, lasso: [at] };
      element.setPointerCapture(event.pointerId);
      hide();
    });
    element.addEventListener("pointermove", (event) => {
      const at = local(event);
      if (!drag) return hover(at);
      if (Math.hypot(at[0] - drag.start[0], at[1] - drag.start[1]) > 4) drag.moved = true;
      if (!drag.moved) return;
      const p = m.plot();
      if (tool === "pan") {
        const [dx, dy] = [(at[0] - drag.start[0]) * perPixel(p), (at[1] - drag.start[1]) * perPixel(p) * (shown.down ? 1 : -1)];
        view = [drag.view[0] - dx, drag.view[1] - dx, drag.view[2] - dy, drag.view[3] - dy];
      } else if (tool === "lasso") {
        const last = drag.lasso[drag.lasso.length - 1];
        if (Math.hypot(at[0] - last[0], at[1] - last[1]) >= 3) drag.lasso.push(at);
        drag.path = drag.lasso;
      } else {
        const [a, b] = [drag.start, at];
        drag.path = [a, [b[0], a[1]], b, [a[0], b[1]]];
      }
      draw();
    });
    const end = (event) => {
      if (!drag) return;
      const done = drag;
      drag = null;
      const p = m.plot();
      const mode = event.shiftKey ? "add" : event.altKey ? "remove" : "replace";
      if (!done.moved) return pick(done.start, mode);
      if (tool === "pan") return commit(true);
      const corners = done.path.map(([left, top]) => um(left, top, p));
      if (tool === "zoom") {
        const [xs, ys] = [corners.map((c) => c[0]), corners.map((c) => c[1])];
        view = fit([Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)], p);
        draw();
        return commit(true);
      }
      draw();
      if (corners.length > 2) m.onPolygon(corners.slice(0, 4000).map(([x, y]) => `${x.toFixed(3)},${y.toFixed(3)}`).join(" "), mode);
    };
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", () => { drag = null; draw(); });
    element.addEventListener("pointerleave", () => { clearTimeout(waiting); asked += 1; hide(); });
    element.addEventListener("dblclick", (event) => { if (tool === "pan") zoomAt(0.5, um(...local(event), m.plot())); });
    element.addEventListener("keydown", (event) => {
      if (!shown || event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (step) {
        const [dx, dy] = [step[0] * (view[1] - view[0]) * 0.12, step[1] * (view[3] - view[2]) * 0.12 * (shown.down ? 1 : -1)];
        view = [view[0] + dx, view[1] + dx, view[2] + dy, view[3] + dy];
        draw();
        commit();
      } else if (event.key === "+" || event.key === "=") m.zoom("in");
      else if (event.key === "-") m.zoom("out");
      else if (event.key === "0") m.zoom("all");
      else if (event.key === "Escape" && drag) { drag = null; draw(); } else return;
      event.preventDefault();
    });
  };

  // ---- what is under the pointer
  let asked = 0;
  let waiting = 0;
  const reach = () => Math.max(3, shown.dot + 2) * perPixel(m.plot()); // um
  const hover = (at) => {
    clearTimeout(waiting);
    if (!shown || !within(at, m.plot())) { hide(); return; }
    waiting = setTimeout(async () => {
      const mine = (asked += 1);
      const found = await m.askAt(um(...at, m.plot()), reach()).catch(() => null);
      if (mine !== asked || !found || !box() || drag) return;
      if (!found.cell) return hide();
      const part = (name, text) => Object.assign(document.createElement("div"), { className: name, textContent: text });
      const id = part("tip-cell", "");
      id.append(Object.assign(document.createElement("span"), { className: "tip-kind", textContent: found.cell.kind }),
        Object.assign(document.createElement("span"), { className: "tip-id", textContent: found.cell.id }));
      const lines = found.cell.lines.map((line) => part("tip-line", line));
      if (found.n > 1) lines.push(part("tip-more", `nearest of ${found.n.toLocaleString("en-US")} cells under the pointer`));
      tip().replaceChildren(id, ...lines);
      tip().hidden = false;
      const { clientWidth: w, clientHeight: h } = box();
      tip().style.left = `${Math.max(0, Math.min(at[0] + 14, w - tip().offsetWidth - 4))}px`;
      tip().style.top = `${at[1] + 18 + tip().offsetHeight > h ? Math.max(0, at[1] - tip().offsetHeight - 10) : at[1] + 18}px`;
    }, 40);
  };
  const pick = async (at, mode) => { // a click selects the cell under it
    const found = await m.askAt(um(...at, m.plot()), reach()).catch(() => null);
    if (found && found.cell) m.onCell(found.cell.id, mode);
  };
})();
