// Pointing at a matrix: what lies under the pointer or the keyboard's cursor, and opening it in the panel.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const m = app.matrix;
  const clamp = m.clamp;
  let cursor = null; // {x, y}: the entry that the keyboard is on
  const element = (id) => document.getElementById(id);

  // ---- places: pointer -> cells, cells -> pixels
  // the cells under one pixel of the picture, on one axis; a whole position is a cell, any other a place on the screen
  const bin = (position, low, high, bins) => {
    const n = high - low;
    const k = clamp(Math.floor(((position - low) * bins) / n), 0, bins - 1);
    return [low + Math.ceil((k * n) / bins), low + Math.ceil(((k + 1) * n) / bins)];
  };
  const pointed = (gd, event) => {
    const box = gd.getBoundingClientRect();
    const size = m.area(gd);
    const [px, py] = [event.clientX - box.left - size.l, event.clientY - box.top - size.t];
    if (px < 0 || py < 0 || px >= size.w || py >= size.h) return null;
    const { xaxis, yaxis } = gd._fullLayout; // the middle of the pixel: its edge may belong to its neighbour
    return { x: xaxis.p2d(px + 0.5), y: yaxis.p2d(py + 0.5), left: px + size.l, top: py + size.t };
  };
  const cellsAt = (gd, at) => {
    const [x0, x1, y0, y1] = m.meta(gd).window;
    const [bx, by] = m.meta(gd).bins;
    if (at.x < x0 || at.x >= x1 || at.y < y0 || at.y >= y1) return null;
    const [a, b] = bin(at.x, x0, x1, bx);
    const [c, d] = bin(at.y, y0, y1, by);
    return { x0: a, x1: b, y0: c, y1: d };
  };
  const frame = (gd, mark, cells, least, gap) => { // lays a frame round cells; says whether they are in view
    const [x0, x1, y0, y1] = m.meta(gd).window;
    const inside = cells && cells.x1 > x0 && cells.x0 < x1 && cells.y1 > y0 && cells.y0 < y1;
    mark.hidden = !inside;
    if (!inside) return null;
    const { xaxis, yaxis } = gd._fullLayout;
    const size = m.area(gd);
    const edges = (axis, from, to, most) => {
      const [a, b] = [clamp(axis.d2p(from), 0, most), clamp(axis.d2p(to), 0, most)];
      const slack = Math.max(0, least - (b - a)) / 2;
      return [a - slack, b + slack];
    };
    const [left, right] = edges(xaxis, cells.x0, cells.x1, size.w);
    const [top, bottom] = edges(yaxis, cells.y0, cells.y1, size.h);
    Object.assign(mark.style, {
      left: `${size.l + left - gap}px`, top: `${size.t + top - gap}px`, width: `${right - left + 2 * gap}px`,
      height: `${bottom - top + 2 * gap}px`,
    });
    return { left: size.l + right, top: size.t + bottom };
  };

  // ---- what lies there
  const told = new Map();
  let pointing = null;
  const whatIs = async (gd, cells) => {
    const url = m.route(gd, "at", cells);
    if (told.has(url)) return told.get(url);
    if (pointing) pointing.abort();
    pointing = new AbortController();
    const answer = await fetch(url, { signal: pointing.signal });
    if (!answer.ok) return null;
    const found = await answer.json();
    if (told.size > 400) told.clear();
    told.set(url, found);
    return found;
  };
  const span = (className, text) => {
    const made = document.createElement("span");
    made.className = className;
    made.textContent = text;
    return made;
  };
  const line = (className, ...parts) => {
    const made = document.createElement("div");
    made.className = className;
    made.append(...parts);
    return made;
  };
  const side = (name, cell) => line("tip-cell", span("tip-side", name), span("tip-kind", cell.kind), span("tip-id", cell.id));
  const group = (name, cell) => line("tip-cell", span("tip-side", name), span("tip-kind", cell.id), span("tip-id", cell.kind));
  const showTip = (gd, found, left, top) => {
    const box = element("matrix-tip");
    if (!box || !found) return;
    const cell = m.meta(gd).grouped ? group : side;
    const [first, ...more] = found.lines;
    box.replaceChildren(line("tip-value", first));
    if (found.pre) box.append(cell("pre", found.pre), cell("post", found.post));
    more.forEach((text) => box.append(line("tip-more", text)));
    box.hidden = false;
    const room = gd.getBoundingClientRect();
    const beside = (at, own, most) => clamp(at + 14 + own > most ? at - own - 12 : at + 14, 0, Math.max(0, most - own));
    box.style.left = `${beside(left, box.offsetWidth, Math.max(room.width, 300))}px`;
    box.style.top = `${beside(top, box.offsetHeight, room.height)}px`;
  };
  let waiting = null;
  m.hide = () => {
    clearTimeout(waiting);
    if (element("matrix-tip")) element("matrix-tip").hidden = true;
  };
  const tell = async (gd, cells, left, top) => {
    try {
      const found = await whatIs(gd, cells);
      if (gd.isConnected) showTip(gd, found, left, top);
    } catch (error) {
      if (error.name !== "AbortError") m.hide();
    }
  };
  const onMove = (gd, event) => {
    clearTimeout(waiting);
    const at = m.meta(gd) && !event.buttons && pointed(gd, event);
    const cells = at && cellsAt(gd, at);
    if (!cells) return m.hide();
    if (pointing) pointing.abort();
    waiting = setTimeout(() => tell(gd, cells, at.left, at.top), 20);
  };

  // ---- opening
  const open = async (gd, cells) => {
    const found = await whatIs(gd, cells).catch(() => null);
    if (found && found.pre) app.pushSearch({ pair: `${found.pre.id}>${found.post.id}` });
  };
  const close = () => {
    if (!new URLSearchParams(window.location.search).get("pair")) return false;
    app.pushSearch({ pair: null });
    return true;
  };
  m.close = close;
  const markChosen = (gd) => {
    const mark = element("matrix-chosen");
    const at = document.querySelector("#matrix-panel [data-row]");
    if (!mark || !m.meta(gd)) return;
    const [x, y] = at ? [Number(at.dataset.col), Number(at.dataset.row)] : [0, 0];
    frame(gd, mark, at && { x0: x, x1: x + 1, y0: y, y1: y + 1 }, 8, 1);
  };

  // ---- keyboard: a cursor of one entry (or one pixel of entries)
  const cursorCells = (gd) => cursor && cellsAt(gd, cursor);
  const markCursor = (gd) => {
    const mark = element("matrix-cursor");
    if (!mark) return;
    const cells = cursorCells(gd);
    const corner = frame(gd, mark, cells, 3, 2);
    if (corner) tell(gd, cells, corner.left, corner.top);
  };
  m.marks = (gd) => {
    markChosen(gd);
    markCursor(gd);
  };
  const step = (gd, dx, dy) => {
    const [x0, x1, y0, y1] = m.meta(gd).window;
    const at = cursorCells(gd);
    if (!at) cursor = { x: Math.floor((x0 + x1) / 2), y: Math.floor((y0 + y1) / 2) };
    else {
      cursor = {
        x: clamp(dx > 0 ? at.x1 : dx < 0 ? at.x0 - 1 : at.x0, x0, x1 - 1),
        y: clamp(dy > 0 ? at.y1 : dy < 0 ? at.y0 - 1 : at.y0, y0, y1 - 1),
      };
    }
    markCursor(gd);
  };
  const forget = (gd) => {
    cursor = null;
    markCursor(gd);
    m.hide();
  };
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  document.addEventListener("keydown", (event) => {
    const gd = m.plot();
    if (event.target !== element("matrix-figure") || !gd || !m.meta(gd)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = cursorCells(gd);
    if (event.key in ARROWS) (event.shiftKey ? m.shift : step)(gd, ...ARROWS[event.key]);
    else if (event.key === "+" || event.key === "=") m.zoomBy(gd, 0.5, at && cursor);
    else if (event.key === "-") m.zoomBy(gd, 2, at && cursor);
    else if (event.key === "0") m.zoomTo(gd, m.whole(gd));
    else if (event.key === "Enter" && at) open(gd, at);
    else if (event.key === "Escape" && cursor) forget(gd);
    else if (event.key !== "Escape" || !close()) return;
    event.preventDefault();
  });
  document.addEventListener("focusout", (event) => {
    if (event.target === element("matrix-figure") && m.plot() && cursor) forget(m.plot());
  });

  // ---- pointer; where a double click has something to do (zoom out), a click waits for a second one
  let down = null;
  let last = null; // the click before
  let opening = null;
  window.addEventListener("pointerup", (event) => {
    const gd = m.plot();
    const from = down;
    down = null;
    if (!from || !gd || !m.meta(gd) || event.button || !gd.contains(from.target)) return;
    if (Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > 4) return;
    const at = pointed(gd, event);
    const cells = at && cellsAt(gd, at);
    if (!cells) return;
    clearTimeout(opening);
    const near = (a) => Math.hypot(event.clientX - a.clientX, event.clientY - a.clientY) < 6;
    if (last && event.timeStamp - last.timeStamp < 350 && near(last)) { // Plotly swallows the browser's own dblclick
      last = null;
      m.zoomTo(gd, m.whole(gd));
      return;
    }
    last = event;
    const zoomed = String(m.meta(gd).window) !== String(m.whole(gd));
    opening = setTimeout(() => open(gd, cells), zoomed ? 350 : 0);
  }, true);
  m.wirePointer = (gd) => {
    gd.addEventListener("mousemove", (event) => onMove(gd, event));
    gd.addEventListener("mouseleave", m.hide);
    gd.addEventListener("pointerdown", (event) => { down = event; m.hide(); }, true);
    const panel = element("matrix-panel");
    if (panel) new MutationObserver(() => markChosen(gd)).observe(panel, { childList: true, subtree: true });
  };
})();
