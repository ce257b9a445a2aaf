// The matrix in the browser: what the address says is drawn, and zooming changes the address.
// The graph is ours and not a dcc.Graph: that one sends every zoom through Dash's store and draws it again from there.
// Coordinates are cells: entry (row r, column c) covers r..r+1, c..c+1. The Python halves: components/matrix_figure.py
// and api/figures.py. Pointing is in matrix_point.js, buttons and saving in matrix_page.js.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const CONFIG = {
    displayModeBar: false, scrollZoom: true, doubleClick: false, responsive: false, showAxisDragHandles: false, showTips: false,
  };
  const ZOOM = ["x0", "x1", "y0", "y1"];
  const ASIDE = [...ZOOM, "pair", "ds"]; // keys that are no part of what a figure is made for
  const m = (app.matrix = {});

  let drawn = null; // key of the figure on the screen
  let goal = ""; // key and zoom under way or done
  let asked = null; // the request under way
  let told = ""; // the search for which the words around the figure were asked
  let askedAt = ""; // when they were asked for last
  let panel = ""; // what the panel was asked for

  const prefix = () => JSON.parse(document.getElementById("_dash-config").textContent).requests_pathname_prefix;
  const scheme = () => (document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light");
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  m.clamp = clamp;
  m.plot = () => document.getElementById("matrix-graph");
  m.meta = (gd) => gd.layout && gd.layout.meta;
  m.area = (gd) => gd._fullLayout._size;
  m.route = (gd, name, params) =>
    `${prefix()}api/v1/datasets/${encodeURIComponent(m.meta(gd).ds)}/matrix/${name}.json?${m.meta(gd).query}` +
    Object.entries(params).map(([k, v]) => `&${k}=${encodeURIComponent(v)}`).join("");
  m.whole = (gd) => [0, m.meta(gd).shape[1], 0, m.meta(gd).shape[0]];

  // ---- what is wanted: the address says what, the element how large, the page in which colours
  const screen = (gd) => ({
    width: gd.clientWidth, height: gd.clientHeight, ratio: Math.round(window.devicePixelRatio * 100) / 100, theme: scheme(),
  });
  const wanted = (gd) => {
    const params = new URLSearchParams(window.location.search);
    const zoom = ZOOM.map((key) => params.get(key));
    ASIDE.forEach((key) => params.delete(key));
    params.sort();
    return { params, zoom, key: JSON.stringify([gd.dataset.ds, params.toString(), screen(gd)]) };
  };
  const addressed = (want, gd) => { // the zoom of the address as a window of the figure on the screen
    const all = m.whole(gd);
    const [x0, x1, y0, y1] = want.zoom.map((text, i) => (text === null || !/^\d+$/.test(text) ? all[i] : Number(text)));
    const [cols, rows] = [all[1], all[3]];
    const [left, top] = [clamp(Math.min(x0, x1), 0, cols - 1), clamp(Math.min(y0, y1), 0, rows - 1)];
    return [left, clamp(Math.max(x0, x1), left + 1, cols), top, clamp(Math.max(y0, y1), top + 1, rows)];
  };

  // ---- drawing: the last wish wins; what was drawn stays until its successor is there
  const mark = (gd, busy) => {
    gd.parentElement.setAttribute("aria-busy", busy ? "true" : "false");
  };
  const fetched = async (url, signal) => {
    const early = app.early && app.early.url === url ? app.early.figure : null;
    app.early = null;
    if (early) {
      const figure = await early;
      if (figure) return figure;
    }
    const answer = await fetch(url, { signal });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      throw new Error(problem.detail || answer.statusText);
    }
    return answer.json();
  };
  // the event tells that the new picture is on the screen; labels follow within a frame or two
  const tellPainted = (gd) => gd.dispatchEvent(new CustomEvent("matrix:painted", { bubbles: true }));
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))); // until one is painted

  const drawFigure = async (gd, want, signal) => {
    const query = new URLSearchParams(want.params);
    ZOOM.forEach((key, i) => { if (want.zoom[i] !== null) query.set(key, want.zoom[i]); });
    Object.entries(screen(gd)).forEach(([key, value]) => query.set(key, value));
    const url = `${prefix()}api/v1/datasets/${encodeURIComponent(gd.dataset.ds)}/matrix/figure.json?${query}`;
    const figure = await fetched(url, signal);
    await app.plotly();
    if (signal.aborted || !gd.isConnected) return;
    gd.parentElement.dataset.state = figure.layout ? "drawn" : figure.empty ? "empty" : "problem";
    if (figure.layout) {
      if (m.hide) m.hide();
      const early = drawn && sameLabels(gd.layout, figure.layout) && (await swap(gd, figure.layout));
      if (signal.aborted) { drawn = null; return; }
      if (early) tellPainted(gd);
      await window.Plotly.react(gd, figure.data, figure.layout, CONFIG);
      if (!gd.dataset.matrix) wire(gd);
      drawn = want.key;
      if (!early) tellPainted(gd);
      if (m.marks) m.marks(gd);
    }
    if (app.firstPictureDone) app.firstPictureDone();
  };

  const sameLabels = (a, b) => ["xaxis", "yaxis"].every((axis) =>
    ["range", "tickvals", "ticktext"].every((key) => String(a[axis][key]) === String(b[axis][key])));
  const drawWindow = async (gd, want, signal) => {
    const [x0, x1, y0, y1] = addressed(want, gd);
    const { theme, ...size } = screen(gd);
    const parts = await fetched(m.route(gd, "window", { x0, x1, y0, y1, ...size, theme }), signal);
    if (signal.aborted || !gd.isConnected) return;
    const early = await swap(gd, { images: parts.images, meta: { ...m.meta(gd), window: parts.window, bins: parts.bins } });
    if (signal.aborted) { drawn = null; return; }
    if (early) tellPainted(gd);
    await redraw(gd, parts);
    if (!early) tellPainted(gd);
    if (m.marks) m.marks(gd);
  };
  // Pictures and bars always fill the same places: new ones are laid there a frame before Plotly has done the labels.
  // False where there are others than before, or none (heat maps). What is abandoned half-way is drawn anew in full.
  const swap = async (gd, { images, meta, width, height }) => {
    const shown = [...gd.querySelectorAll(".cartesianlayer image"), ...gd.querySelectorAll(".layer-below > .imagelayer image")];
    const bars = images.filter((image) => image.xref === "paper" || image.yref === "paper");
    const inOrder = [...images.filter((image) => !bars.includes(image)), ...bars];
    if (!inOrder.length || inOrder.length === bars.length || shown.length !== inOrder.length) return false;
    if (width && (width !== gd.layout.width || height !== gd.layout.height)) return false;
    await Promise.all(inOrder.map((image) => Object.assign(new Image(), { src: image.source }).decode().catch(() => {})));
    const at = m.area(gd);
    inOrder.forEach((image, i) => {
      shown[i].setAttribute("href", image.source);
      if (image.xref === "x") ["x", "width"].forEach((key, k) => shown[i].setAttribute(key, [at.l, at.w][k]));
      if (image.yref === "y") ["y", "height"].forEach((key, k) => shown[i].setAttribute(key, [at.t, at.h][k]));
    });
    Object.assign(gd.layout.meta, meta);
    await frame();
    return true;
  };
  const redraw = (gd, parts) => {
    const { xaxis, yaxis, meta } = gd.layout;
    const [x0, x1, y0, y1] = parts.window;
    return window.Plotly.react(gd, gd.data, {
      ...gd.layout, images: parts.images, shapes: parts.shapes, meta: { ...meta, window: parts.window, bins: parts.bins },
      xaxis: { ...xaxis, ...parts.x, range: [x0, x1] }, yaxis: { ...yaxis, ...parts.y, range: [y1, y0] },
    }, CONFIG);
  };

  const follow = async () => {
    const gd = m.plot();
    if (!gd || gd.clientWidth === 0) return;
    shape();
    if (gd.dataset.misfit === undefined) dropMisfits(gd);
    const want = wanted(gd);
    const next = want.key + want.zoom;
    if (next === goal) return words(gd, want);
    goal = next;
    if (asked) asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const same = want.key === drawn && m.meta(gd);
    if (same && gd.parentElement.dataset.state !== "drawn") gd.parentElement.dataset.state = "drawn";
    if (same && String(addressed(want, gd)) === String(m.meta(gd).window)) {
      mark(gd, false);
      return words(gd, want);
    }
    mark(gd, true);
    try {
      await (same ? drawWindow : drawFigure)(gd, want, signal);
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      goal = "";
      app.notify(String(error.message || error), { title: "The figure could not be drawn; what was there stays", error: true });
    }
    if (signal.aborted) return;
    mark(gd, false);
    words(gd, want);
  };
  // a matrix of a set onto itself is drawn square (the style sheet knows how)
  const shape = () => {
    const params = new URLSearchParams(window.location.search);
    const same = (params.get("pre") || "") === (params.get("post") || "");
    document.getElementById("matrix-body").dataset.shape = same ? "square" : "wide";
  };
  const dropMisfits = (gd) => {
    gd.dataset.misfit = "";
    const note = document.querySelector("[data-misfit]:not(#matrix-graph)");
    if (note) app.replaceSearch(Object.fromEntries(note.dataset.misfit.split(" ").map((key) => [key, null])));
  };

  // ---- sentence, ledger, legend, menu and panel follow the picture
  m.told = () => !askedAt || document.getElementById("matrix-sentence")?.dataset.told === askedAt;
  const words = (gd, want) => {
    const around = JSON.stringify([gd.dataset.ds, want.params.toString()]);
    const data = () => ({ search: window.location.search, at: String(performance.now()) });
    if (around !== told) {
      told = around;
      requestAnimationFrame(() => setTimeout(() => {
        const asking = data();
        askedAt = asking.at;
        app.setProps("matrix-drawn", { data: asking });
      }));
      askedAt = "soon";
    }
    const pair = new URLSearchParams(window.location.search).get("pair") || "";
    const now = pair && around + pair;
    if (now === panel) return;
    panel = now;
    app.setProps("matrix-pick", { data: data() });
  };

  // ---- zoom
  const snapped = (range, n) => {
    const [a, b] = [Math.min(...range), Math.max(...range)];
    const low = clamp(Math.floor(a + 1e-6), 0, n - 1);
    return [low, clamp(Math.ceil(b - 1e-6), low + 1, n)];
  };
  m.zoomTo = (gd, w, method = "pushSearch") => {
    const keys = String(w) === String(m.whole(gd)) ? [null, null, null, null] : w;
    app[method](Object.fromEntries(ZOOM.map((key, i) => [key, keys[i]])));
  };
  let lastWheel = 0;
  let wheelStep = 0; // when the wheel last made a step of the history
  const onRelayout = (gd, event) => {
    if (!m.meta(gd) || !Object.keys(event).some((key) => /axis\.(range|autorange)/.test(key))) return;
    const [rows, cols] = m.meta(gd).shape;
    const w = [...snapped(gd._fullLayout.xaxis.range, cols), ...snapped(gd._fullLayout.yaxis.range, rows)];
    if (String(w) === String(m.meta(gd).window)) { // less than a cell: back to where it was
      const { images, shapes, meta, xaxis, yaxis } = gd.layout;
      const [x, y] = [xaxis, yaxis].map(({ tickvals, ticktext }) => ({ tickvals, ticktext }));
      redraw(gd, { images, shapes, x, y, window: meta.window, bins: meta.bins });
      return;
    }
    const now = Date.now();
    const turning = now - lastWheel < 800;
    m.zoomTo(gd, w, turning && now - wheelStep < 1500 ? "replaceSearch" : "pushSearch"); // a turn of the wheel is one step
    if (turning) wheelStep = now;
  };
  const scaled = (low, high, n, centre, factor) => {
    const size = clamp(Math.round((high - low) * factor), 1, n);
    const start = clamp(Math.round(centre - size / 2), 0, n - size);
    return [start, start + size];
  };
  m.zoomBy = (gd, factor, at) => {
    const [x0, x1, y0, y1] = m.meta(gd).window;
    const [rows, cols] = m.meta(gd).shape;
    const { x, y } = at || { x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
    m.zoomTo(gd, [...scaled(x0, x1, cols, x, factor), ...scaled(y0, y1, rows, y, factor)]);
  };
  m.shift = (gd, dx, dy) => {
    const [x0, x1, y0, y1] = m.meta(gd).window;
    const [rows, cols] = m.meta(gd).shape;
    const [w, h] = [x1 - x0, y1 - y0];
    const left = clamp(x0 + Math.round(dx * Math.max(1, w * 0.25)), 0, cols - w);
    const top = clamp(y0 + Math.round(dy * Math.max(1, h * 0.25)), 0, rows - h);
    m.zoomTo(gd, [left, left + w, top, top + h], "replaceSearch");
  };

  // ---- wiring
  const wire = (gd) => {
    gd.dataset.matrix = "wired";
    gd.on("plotly_relayout", (event) => onRelayout(gd, event));
    gd.addEventListener("wheel", () => { lastWheel = Date.now(); if (m.hide) m.hide(); }, { capture: true, passive: true });
    if (m.wirePointer) m.wirePointer(gd);
  };
  window.addEventListener("synaptoscope:url", () => { app.drawing = follow(); }); // what can wait for the picture does
  new MutationObserver(follow).observe(document.documentElement, {
    attributes: true, attributeFilter: ["data-mantine-color-scheme"],
  });
  let settling = null;
  const resized = new ResizeObserver(() => {
    clearTimeout(settling);
    settling = setTimeout(follow, drawn ? 120 : 0);
  });
  let seen = null;
  new MutationObserver(() => {
    const gd = m.plot();
    if (gd === seen) return;
    if (seen) { resized.disconnect(); if (window.Plotly) window.Plotly.purge(seen); }
    if (asked) asked.abort();
    seen = gd;
    drawn = null;
    goal = told = panel = askedAt = "";
    if (!gd) return;
    app.plotly();
    follow();
    resized.observe(gd);
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
