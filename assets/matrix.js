// The matrix in the browser: zooming asks the server for the window again, pointing asks what lies there.
// The graph is ours and not a dcc.Graph: that one sends every zoom through Dash's store and draws it again from there.
// Coordinates are cells: entry (row r, column c) covers r..r+1, c..c+1. The Python half: components/matrix_figure.py.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const prefix = () => JSON.parse(document.getElementById("_dash-config").textContent).requests_pathname_prefix;
  const meta = (gd) => gd.layout && gd.layout.meta;
  const plot = () => document.getElementById("matrix-graph");
  const tip = () => document.getElementById("matrix-tip");
  const CONFIG = { displayModeBar: false, scrollZoom: true, doubleClick: false, responsive: false, showAxisDragHandles: false };
  let busy = false; // a redraw of ours is under way
  let drawn = ""; // what the figure on the screen was made for
  let asked = null; // the window request under way
  let cursor = null; // {x, y}: the entry that the keyboard is on
  let lastWheel = 0;

  const area = (gd) => gd._fullLayout._size;
  const route = (gd, name, params) =>
    `${prefix()}api/v1/datasets/${encodeURIComponent(meta(gd).ds)}/matrix/${name}.json?${meta(gd).query}` +
    Object.entries(params).map(([k, v]) => `&${k}=${encodeURIComponent(v)}`).join("");
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  // ---- drawing: the address says what, the element how large, the page in which colours
  const scheme = () => (document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light");
  const params = () => {
    const found = new URLSearchParams(window.location.search);
    ["ds", "pair"].forEach((key) => found.delete(key));
    return found;
  };
  const room = (gd) => { // of the plot area; margins as in components/matrix_figure.py
    const narrow = gd.clientWidth - 132 <= 400;
    return { width: gd.clientWidth - (narrow ? 96 : 132), height: gd.clientHeight - (narrow ? 164 : 172) };
  };
  const keyOf = (gd) => JSON.stringify([gd.dataset.ds, params().toString(), scheme()]);
  const around = () => clientside.set_props("matrix-drawn", { data: { search: window.location.search, at: Date.now() } });

  const draw = async () => {
    const gd = plot();
    if (!gd || gd.clientWidth === 0) return;
    const key = keyOf(gd);
    if (key === drawn) return;
    drawn = key;
    if (asked) asked.abort();
    asked = new AbortController();
    const mine = asked;
    const query = params();
    const { width, height } = room(gd);
    Object.entries({ width: Math.round(width), height: Math.round(height), theme: scheme() }).forEach(([k, v]) => query.set(k, v));
    const late = setTimeout(() => gd.setAttribute("aria-busy", "true"), 250);
    try {
      const url = `${prefix()}api/v1/datasets/${encodeURIComponent(gd.dataset.ds)}/matrix/figure.json?${query}`;
      const answer = await fetch(url, { signal: mine.signal });
      if (answer.ok) {
        const figure = await answer.json();
        await app.plotly();
        if (mine.signal.aborted || !gd.isConnected) return;
        busy = true;
        await window.Plotly.react(gd, figure.data, figure.layout, CONFIG);
        busy = false;
        if (!gd.dataset.matrix) wire(gd);
        told.clear();
        const standIn = document.getElementById("first-picture");
        if (standIn) standIn.remove();
        gd.dispatchEvent(new CustomEvent("matrix:painted", { bubbles: true }));
        markCursor(gd);
      }
      requestAnimationFrame(() => setTimeout(around)); // the words follow the picture; on an error they say what is wrong
    } catch (error) {
      if (error.name === "AbortError") return;
      drawn = "";
      app.notify(String(error.message || error), { title: "The figure could not be drawn", error: true });
    } finally {
      clearTimeout(late);
      gd.removeAttribute("aria-busy");
    }
  };
  let zooming = false; // the address changes by a zoom, which is not a new figure
  let pair = null;
  const tellPair = () => {
    const now = new URLSearchParams(window.location.search).get("pair") || "";
    if (!plot() || now === pair) return;
    pair = now;
    clientside.set_props("matrix-pick", { data: { search: window.location.search, at: Date.now() } });
  };
  const follow = () => { if (!zooming) { draw(); tellPair(); } };

  // ---- zoom
  const snapped = (range, n) => {
    const [a, b] = [Math.min(...range), Math.max(...range)];
    const low = clamp(Math.floor(a + 1e-6), 0, n - 1);
    return [low, clamp(Math.ceil(b - 1e-6), low + 1, n)];
  };
  const shown = (gd) => {
    const [rows, cols] = meta(gd).shape;
    return [...snapped(gd._fullLayout.xaxis.range, cols), ...snapped(gd._fullLayout.yaxis.range, rows)];
  };
  const isWhole = (gd, w) => {
    const [rows, cols] = meta(gd).shape;
    return w[0] === 0 && w[1] === cols && w[2] === 0 && w[3] === rows;
  };
  const remember = (gd, w, method) => {
    const keys = isWhole(gd, w) ? [null, null, null, null] : w;
    app[method]({ x0: keys[0], x1: keys[1], y0: keys[2], y1: keys[3] });
  };

  const fetchWindow = async (gd, w) => {
    if (asked) asked.abort();
    asked = new AbortController();
    const { w: width, h: height } = area(gd);
    const params = {
      x0: w[0], x1: w[1], y0: w[2], y1: w[3], width: Math.round(width), height: Math.round(height), theme: meta(gd).theme,
    };
    const answer = await fetch(route(gd, "window", params), { signal: asked.signal });
    if (!answer.ok) throw new Error((await answer.json()).detail || answer.statusText);
    return answer.json();
  };

  const showWindow = async (gd, w) => {
    let parts;
    try {
      parts = await fetchWindow(gd, w);
    } catch (error) {
      if (error.name !== "AbortError" && app.notify) app.notify(error.message, { title: "Zoom failed", error: true });
      return;
    }
    const old = gd.layout.images.map((image) => image.source);
    const [x0, x1, y0, y1] = parts.window;
    const { layout } = gd;
    Object.assign(meta(gd), { window: parts.window, bins: parts.bins });
    Object.assign(layout, { images: parts.images, shapes: parts.shapes });
    Object.assign(layout.xaxis, { range: [x0, x1], tickvals: parts.x.at, ticktext: parts.x.text });
    Object.assign(layout.yaxis, { range: [y1, y0], tickvals: parts.y.at, ticktext: parts.y.text });
    await swapPictures(gd, old, parts.images);
    gd.dispatchEvent(new CustomEvent("matrix:painted", { bubbles: true }));
    busy = true; // labels and lines follow; react costs a third of what relayout does
    await window.Plotly.react(gd, gd.data, layout, CONFIG);
    busy = false;
    markCursor(gd);
  };
  // Picture and bars always fill the plot area, so the new ones can take the place of the old before Plotly is asked.
  const swapPictures = async (gd, old, images) => {
    const size = area(gd);
    const nodes = [...gd.querySelectorAll("image")];
    const found = images.map((_, i) => nodes.find((node) => node.getAttribute("href") === old[i]));
    if (found.length !== old.length || found.some((node) => !node)) return;
    await Promise.all(images.map((image, i) => {
      const place = {};
      if (image.xref === "x") Object.assign(place, { x: size.l, width: size.w });
      if (image.yref === "y") Object.assign(place, { y: size.t, height: size.h });
      const picture = new Image();
      picture.src = image.source;
      return picture.decode().catch(() => {}).then(() => {
        Object.entries({ ...place, href: image.source }).forEach(([k, v]) => found[i].setAttribute(k, v));
      });
    }));
  };

  const zoomTo = (gd, w, method = "pushSearch") => {
    zooming = true;
    remember(gd, w, method);
    zooming = false;
    drawn = keyOf(gd);
    return showWindow(gd, w);
  };
  const whole = (gd) => [0, meta(gd).shape[1], 0, meta(gd).shape[0]];

  const onRelayout = (gd, event) => {
    if (busy || !meta(gd) || !Object.keys(event).some((key) => /axis\.(range|autorange)/.test(key))) return;
    const w = shown(gd);
    const now = meta(gd).window;
    if (now && w.every((value, i) => value === now[i])) return;
    zoomTo(gd, w, Date.now() - lastWheel < 800 ? "replaceSearch" : "pushSearch");
  };

  // ---- pointing
  // the cells under one pixel of the picture, on one axis
  const bin = (position, low, high, bins) => {
    const n = high - low;
    const k = clamp(Math.floor(((Math.floor(position) - low) * bins) / n), 0, bins - 1);
    return [low + Math.ceil((k * n) / bins), low + Math.ceil(((k + 1) * n) / bins)];
  };
  const pointed = (gd, event) => {
    const box = gd.getBoundingClientRect();
    const size = area(gd);
    const [px, py] = [event.clientX - box.left - size.l, event.clientY - box.top - size.t];
    if (px < 0 || py < 0 || px >= size.w || py >= size.h) return null;
    return { x: gd._fullLayout.xaxis.p2d(px), y: gd._fullLayout.yaxis.p2d(py), left: px + size.l, top: py + size.t };
  };
  const cellsAt = (gd, at) => {
    const [x0, x1, y0, y1] = meta(gd).window;
    const [bx, by] = meta(gd).bins;
    if (at.x < x0 || at.x >= x1 || at.y < y0 || at.y >= y1) return null;
    const [a, b] = bin(at.x, x0, x1, bx);
    const [c, d] = bin(at.y, y0, y1, by);
    return { x0: a, x1: b, y0: c, y1: d };
  };
  const told = new Map();
  let pointing = null;
  const whatIs = async (gd, cells) => {
    const url = route(gd, "at", cells);
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
  const row = (name, cell) => {
    const line = document.createElement("div");
    const label = document.createElement("span");
    label.className = "tip-side";
    label.textContent = name;
    const id = document.createElement("span");
    id.className = "tip-id";
    id.textContent = cell.id;
    line.append(label, cell.kind + " ", id);
    return line;
  };
  const showTip = (gd, found, left, top) => {
    const box = tip();
    if (!box || !found) return;
    box.replaceChildren();
    found.lines.slice(0, 1).forEach((text) => {
      const strong = document.createElement("strong");
      strong.textContent = text;
      box.append(strong);
    });
    if (found.pre) box.append(row("pre", found.pre), row("post", found.post));
    found.lines.slice(1).forEach((text) => {
      const line = document.createElement("div");
      line.className = "tip-more";
      line.textContent = text;
      box.append(line);
    });
    box.hidden = false;
    const room = gd.getBoundingClientRect();
    const flipX = left + box.offsetWidth + 24 > room.width;
    const flipY = top + box.offsetHeight + 24 > room.height;
    box.style.left = `${Math.max(0, flipX ? left - box.offsetWidth - 12 : left + 14)}px`;
    box.style.top = `${Math.max(0, flipY ? top - box.offsetHeight - 12 : top + 14)}px`;
  };
  const hideTip = () => { if (tip()) tip().hidden = true; };

  let waiting = null;
  const onMove = (gd, event) => {
    clearTimeout(waiting);
    if (event.buttons) return hideTip();
    const at = meta(gd) && pointed(gd, event);
    const cells = at && cellsAt(gd, at);
    if (!cells) return hideTip();
    waiting = setTimeout(async () => {
      try {
        showTip(gd, await whatIs(gd, cells), at.left, at.top);
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    }, 25);
  };

  const open = async (gd, cells) => {
    const found = await whatIs(gd, cells).catch(() => null);
    if (!found || !found.pre) return;
    app.pushSearch({ pair: `${found.pre.id}>${found.post.id}` });
    tellPair();
  };

  // ---- keyboard: a cursor of one entry (or one pixel of entries)
  const cursorCells = (gd) => cursor && cellsAt(gd, { x: cursor.x + 0.5, y: cursor.y + 0.5 });
  const markCursor = (gd) => {
    const mark = document.getElementById("matrix-cursor");
    const cells = cursorCells(gd);
    if (!mark) return;
    mark.hidden = !cells;
    if (!cells) return;
    const { xaxis, yaxis } = gd._fullLayout;
    const size = area(gd);
    const [left, right] = [xaxis.d2p(cells.x0), xaxis.d2p(cells.x1)];
    const [top, bottom] = [yaxis.d2p(cells.y0), yaxis.d2p(cells.y1)];
    Object.assign(mark.style, {
      left: `${size.l + left - 2}px`, top: `${size.t + top - 2}px`, width: `${Math.max(right - left, 2) + 4}px`,
      height: `${Math.max(bottom - top, 2) + 4}px`,
    });
    whatIs(gd, cells).then((found) => showTip(gd, found, size.l + right, size.t + bottom)).catch(() => {});
  };
  const step = (gd, dx, dy) => {
    const [x0, x1, y0, y1] = meta(gd).window;
    const [bx, by] = meta(gd).bins;
    const [sx, sy] = [Math.max(1, Math.round((x1 - x0) / bx)), Math.max(1, Math.round((y1 - y0) / by))];
    const from = cursorCells(gd) ? cursor : { x: Math.floor((x0 + x1) / 2), y: Math.floor((y0 + y1) / 2) };
    cursor = { x: clamp(from.x + dx * sx, x0, x1 - 1), y: clamp(from.y + dy * sy, y0, y1 - 1) };
    markCursor(gd);
  };
  const scaled = (low, high, n, centre, factor) => {
    const size = clamp(Math.round((high - low) * factor), 1, n);
    const start = clamp(Math.round(centre - size / 2), 0, n - size);
    return [start, start + size];
  };
  const zoomBy = (gd, factor) => {
    const [x0, x1, y0, y1] = meta(gd).window;
    const [rows, cols] = meta(gd).shape;
    const at = cursorCells(gd) ? cursor : { x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
    zoomTo(gd, [...scaled(x0, x1, cols, at.x, factor), ...scaled(y0, y1, rows, at.y, factor)]);
  };
  const shift = (gd, dx, dy) => {
    const [x0, x1, y0, y1] = meta(gd).window;
    const [rows, cols] = meta(gd).shape;
    const [w, h] = [x1 - x0, y1 - y0];
    const left = clamp(x0 + Math.round(dx * w * 0.25), 0, cols - w);
    const top = clamp(y0 + Math.round(dy * h * 0.25), 0, rows - h);
    zoomTo(gd, [left, left + w, top, top + h], "replaceSearch");
  };
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const onKey = (event) => {
    const gd = plot();
    if (!gd || !meta(gd) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) (event.shiftKey ? shift : step)(gd, ...ARROWS[event.key]);
    else if (event.key === "+" || event.key === "=") zoomBy(gd, 0.5);
    else if (event.key === "-") zoomBy(gd, 2);
    else if (event.key === "0") zoomTo(gd, whole(gd));
    else if (event.key === "Enter" && cursorCells(gd)) open(gd, cursorCells(gd));
    else if (event.key === "Escape") { cursor = null; markCursor(gd); hideTip(); } else return;
    event.preventDefault();
  };

  // ---- wiring: once a graph element
  const wire = (gd) => {
    gd.dataset.matrix = "wired";
    let down = null;
    gd.on("plotly_relayout", (event) => onRelayout(gd, event));
    let settle = null;
    new ResizeObserver(() => {
      clearTimeout(settle);
      settle = setTimeout(async () => {
        if (!gd.isConnected || !meta(gd)) return;
        busy = true;
        await window.Plotly.Plots.resize(gd);
        busy = false;
        const [width, height] = meta(gd).size; // the size that labels and picture were made for
        const now = area(gd);
        if (Math.abs(now.w - width) > 2 || Math.abs(now.h - height) > 2) {
          meta(gd).size = [now.w, now.h];
          showWindow(gd, meta(gd).window);
        }
      }, 120);
    }).observe(gd);
    gd.addEventListener("wheel", () => { lastWheel = Date.now(); hideTip(); }, { capture: true, passive: true });
    gd.addEventListener("mousemove", (event) => onMove(gd, event));
    gd.addEventListener("mouseleave", () => { clearTimeout(waiting); hideTip(); });
    gd.addEventListener("pointerdown", (event) => { down = event; }, true);
    window.addEventListener("pointerup", (event) => {
      if (!down || !gd.isConnected || Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > 4) return;
      const at = meta(gd) && gd.contains(down.target) && pointed(gd, event);
      const cells = at && cellsAt(gd, at);
      down = null;
      if (cells) open(gd, cells);
    }, true);
    gd.addEventListener("dblclick", () => zoomTo(gd, whole(gd)));
    gd.on("plotly_doubleclick", () => zoomTo(gd, whole(gd)));
    const box = document.getElementById("matrix-figure");
    box.addEventListener("keydown", onKey);
    box.addEventListener("blur", () => { cursor = null; markCursor(gd); hideTip(); });
  };
  window.addEventListener("synaptoscope:url", follow);
  new MutationObserver(follow).observe(document.documentElement, {
    attributes: true, attributeFilter: ["data-mantine-color-scheme"],
  });
  let seen = null;
  new MutationObserver(() => {
    const gd = plot();
    if (gd === seen) return;
    seen = gd;
    drawn = "";
    pair = null;
    if (gd) { app.plotly(); follow(); }
  }).observe(document.documentElement, { childList: true, subtree: true });

  // ---- saving the figure as it stands
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-save-figure]");
    if (!button) return;
    const gd = document.getElementById(button.dataset.saveFigure);
    const m = gd && meta(gd);
    if (!m) return;
    const paper = getComputedStyle(document.documentElement).getPropertyValue("--surface").trim();
    const { width, height } = gd.getBoundingClientRect();
    const layout = { ...gd.layout, paper_bgcolor: paper, plot_bgcolor: paper };
    window.Plotly.downloadImage({ data: gd.data, layout }, {
      format: button.dataset.format, width, height, scale: button.dataset.format === "png" ? 2 : 1,
      filename: `${m.ds}-matrix`,
    });
  });
})();
