// The scene of a pair: drawn by Plotly, seen through a camera of our own that is written in the address.
// The camera is orthographic and in um: {centre, towards, up, height}, height = um from the lower to the upper edge. The
// Python halves: components/pair_space.py (what is drawn), analysis/projection.py (the same camera), pair_svg.py.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const p = (app.pair = app.pair || {});
  const CONFIG = { displayModeBar: false, scrollZoom: false, responsive: false, doubleClick: false, showTips: false };
  const MARGIN = 1.1; // as in analysis/projection.py
  const DISTANCE = 2; // of Plotly's eye, in its own units: at this one dragging moves exactly what is under the pointer
  const NAMED = ["whole", "close", "side", "close-side"];

  let meta = null; // of the figure on the screen
  let camera = null;
  let written = null; // text of the camera in the address
  let key = ""; // what the figure was asked for
  let asked = null;
  let seen = null;

  // ---- three numbers
  const add = (a, b, k = 1) => a.map((v, i) => v + k * b[i]);
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const unit = (a) => { const n = Math.hypot(...a) || 1; return a.map((v) => v / n); };
  const turned = (v, axis, angle) => // Rodrigues' rotation
    add(add(v.map((x) => x * Math.cos(angle)), cross(axis, v), Math.sin(angle)), axis, dot(axis, v) * (1 - Math.cos(angle)));
  const xyz = ([x, y, z]) => ({ x, y, z });
  const triple = ({ x, y, z }) => [x, y, z];

  p.box = () => document.getElementById("pair-scene");
  p.graph = () => document.getElementById("pair-graph");
  const scheme = () => (document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light");
  const asks = () => new URLSearchParams(window.location.search);
  const axes = (c) => {
    const towards = unit(c.towards);
    const right = unit(cross(c.up, towards));
    return [right, cross(towards, right), towards];
  };

  // ---- the camera as text
  const short = (v, digits) => String(Number(v.toFixed(digits)));
  const text = (c) => [...c.centre.map((v) => short(v, 2)), ...c.towards.map((v) => short(v, 4)), ...c.up.map((v) => short(v, 4)),
    String(Number(c.height.toPrecision(4)))].join("_");
  const named = (name) => {
    const { centre, towards, up, width, height } = meta.cameras[name];
    const box = p.box();
    return { centre, towards, up, height: MARGIN * Math.max(height, width * box.clientHeight / box.clientWidth) };
  };
  const parsed = (words) => {
    if (NAMED.includes(words || "whole")) return named(words || "whole");
    const v = words.split("_").map(Number);
    if (v.length !== 10 || v.some((x) => !Number.isFinite(x)) || v[9] <= 0) return named("whole");
    return { centre: v.slice(0, 3), towards: unit(v.slice(3, 6)), up: v.slice(6, 9), height: v[9] };
  };

  // ---- our camera as Plotly's: its unit is half the height of the picture, its origin the midst of the box
  const spans = () => meta.high.map((h, i) => h - meta.low[i]);
  const middle = () => meta.high.map((h, i) => (h + meta.low[i]) / 2);
  const plotlys = (c, distance = DISTANCE) => {
    const k = 2 / c.height;
    const centre = add(c.centre, middle(), -1).map((v) => v * k);
    const eye = add(centre, unit(c.towards), distance);
    return {
      aspectratio: xyz(spans().map((s) => s * k)), aspectmode: "manual",
      camera: { center: xyz(centre), eye: xyz(eye), up: xyz(axes(c)[1]), projection: { type: "orthographic" } },
    };
  };
  const ours = (theirs) => {
    const centre = triple(theirs.center);
    const towards = unit(add(triple(theirs.eye), centre, -1));
    return { ...camera, centre: add(middle(), centre, camera.height / 2), towards, up: unit(triple(theirs.up)) };
  };
  // what lies before Plotly's eye would be cut off in a close-up
  const uncut = (gd) => {
    const plot = gd._fullLayout && gd._fullLayout.scene && gd._fullLayout.scene._scene && gd._fullLayout.scene._scene.glplot;
    if (plot && plot.zNear > 0) plot.zNear = -1000;
  };
  let drawing = false;
  const show = () => { // at most one at a time; the last wish wins
    over();
    const gd = p.graph();
    if (drawing || !gd || !gd.layout) return;
    drawing = true;
    requestAnimationFrame(async () => {
      drawing = false;
      if (!gd.isConnected || !gd.layout || !meta) return;
      const { camera: theirs, ...box } = plotlys(camera);
      Object.assign(gd.layout.scene, box);
      uncut(gd);
      await window.Plotly.relayout(gd, { "scene.camera": theirs });
    });
  };
  let waiting = null;
  const write = (soon) => { // the address follows when the hand rests
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (!camera || !p.box()) return;
      written = text(camera);
      app.replaceSearch({ cam: written });
    }, soon ? 0 : 250);
  };
  p.look = (change, soon = false) => {
    if (!meta) return;
    camera = { ...camera, ...change };
    show();
    write(soon);
  };
  const CLOSE = 20; // um, as in views/pair_scene.py
  p.go = (name) => { // to a named camera; "" is the first one
    clearTimeout(waiting);
    const picked = meta && meta.synapses.find(([id]) => id === asks().get("syn"));
    if (name === "close" && picked) {
      p.look({ centre: picked.slice(1, 4), height: CLOSE }, true);
      return;
    }
    app.pushSearch({ cam: name || null });
  };
  p.centre = (id) => {
    const found = meta && meta.synapses.find(([other]) => other === id);
    if (found) p.look({ centre: found.slice(1, 4) }, true);
  };

  // ---- what lies above the scene: scale bar, letters, the ring around the synapse that is pointed at
  const place = (at) => {
    const box = p.box();
    const [right, up] = axes(camera);
    const d = add(at, camera.centre, -1);
    const scale = box.clientHeight / camera.height;
    return [box.clientWidth / 2 + dot(d, right) * scale, box.clientHeight / 2 - dot(d, up) * scale];
  };
  p.bar = (span) => { // the largest of 1, 2, 5, 10, 20, 50 ... that is at most a third of the span
    const power = 10 ** Math.floor(Math.log10(span / 3));
    return [5, 2, 1].map((step) => step * power).find((length) => length <= span / 3) || power;
  };
  const over = () => {
    const layer = document.getElementById("pair-over");
    const box = p.box();
    if (!layer || !camera || !meta || box.dataset.state !== "drawn") return;
    const length = p.bar(camera.height * box.clientWidth / box.clientHeight * 0.6);
    const parts = [mark("scale", {}, "", { width: `${length * box.clientHeight / camera.height}px` }, `${Number(length.toPrecision(3))} \u00b5m`)];
    meta.somata.forEach((at, i) => at && parts.push(mark(`letter ${"ab"[i]}`, {}, place(at), {}, "AB"[i])));
    const id = asks().get("syn");
    const chosen = id && meta.synapses.find(([other]) => other === id);
    if (chosen) {
      const width = `${chosen[4] + 12}px`;
      parts.push(mark("ring", { "data-syn": id }, place(chosen.slice(1, 4)), { width, height: width }));
    }
    layer.replaceChildren(...parts);
  };
  const mark = (name, attributes, at, style, words = "") => {
    const made = Object.assign(document.createElement("span"), { className: name, textContent: words });
    Object.entries(attributes).forEach(([k, v]) => made.setAttribute(k, v));
    if (at) Object.assign(made.style, { left: `${at[0]}px`, top: `${at[1]}px` });
    Object.assign(made.style, style);
    return made;
  };

  // ---- drawing
  p.svg = (cam, width, height, more = {}) => {
    const { route, a, b } = p.box().dataset;
    const query = new URLSearchParams({ a, b, cam, width: Math.round(width), height: Math.round(height), theme: scheme(), ...more });
    if (asks().get("meshes") === "no") query.set("meshes", "no");
    if (asks().get("syn")) query.set("syn", asks().get("syn"));
    if (!cam) query.delete("cam");
    return `${route}/drawing.svg?${query}`;
  };
  p.now = () => (camera ? text(camera) : asks().get("cam") || "");
  const able = () => {
    try {
      const canvas = document.createElement("canvas");
      return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
    } catch {
      return false;
    }
  };
  const flat = (box) => { // without WebGL: two projections instead
    box.dataset.state = "flat";
    const [width, height] = [box.clientWidth, box.clientHeight];
    const cams = asks().get("cam") === "close" ? ["close", "close-side"] : ["", "side"];
    const pictures = cams.map((cam, i) => Object.assign(document.createElement("img"), {
      src: p.svg(cam, width / 2, height, { draw: "plain" }), alt: `Both cells from ${["the front", "the side"][i]}`,
    }));
    const said = Object.assign(document.createElement("p"), {
      className: "note", textContent: "This browser draws nothing in 3D (no WebGL): two flat projections instead, from the front and from the side.",
    });
    const holder = Object.assign(document.createElement("div"), { className: "pair-flat" });
    holder.append(...pictures);
    p.graph().replaceChildren(said, holder);
  };
  const poster = (box) => { // what stands there until Plotly has loaded
    const picture = document.getElementById("pair-poster");
    if (box.dataset.state === "drawn" || !picture) return;
    const source = p.svg(asks().get("cam") || "", box.clientWidth, box.clientHeight, { draw: "plain" });
    if (picture.getAttribute("src") !== source) picture.src = source;
  };
  const draw = async (box, gd) => {
    if (asked) asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    if (!able()) return flat(box);
    poster(box);
    const { route, a, b } = box.dataset;
    const query = new URLSearchParams({ a, b, theme: scheme() });
    if (asks().get("meshes") === "no") query.set("meshes", "no");
    try {
      const [answer] = await Promise.all([fetch(`${route}/scene.json?${query}`, { signal }), app.plotly()]);
      const figure = await answer.json();
      if (signal.aborted || !gd.isConnected) return;
      if (!answer.ok || figure.problem) throw new Error(figure.problem || figure.detail || answer.statusText);
      meta = figure.meta;
      written = asks().get("cam") || "";
      camera = parsed(written);
      Object.assign(figure.layout.scene, plotlys(camera));
      Object.assign(figure.layout, { width: box.clientWidth, height: box.clientHeight });
      await window.Plotly.react(gd, figure.data, figure.layout, CONFIG);
      if (signal.aborted || !gd.isConnected) return;
      uncut(gd);
      if (!gd.dataset.wired) wire(gd);
      box.dataset.state = "drawn";
      show();
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      key = "";
      app.notify(String(error.message || error), { title: "The scene could not be drawn", error: true });
    }
  };

  p.pixels = (width, height, scale) => { // the scene as it stands, without what lies above it
    const gd = p.graph();
    const scene = { ...gd.layout.scene, ...plotlys(camera, 90) }; // from afar nothing is cut off
    return window.Plotly.toImage({ data: gd.data, layout: { ...gd.layout, scene } }, { format: "png", width, height, scale });
  };

  // ---- the address says what is seen
  const follow = () => {
    const box = p.box();
    const gd = p.graph();
    if (!box || !gd || box.clientWidth === 0) return;
    const wanted = JSON.stringify([box.dataset.route, box.dataset.a, box.dataset.b, asks().get("meshes"), scheme()]);
    if (wanted !== key) {
      key = wanted;
      draw(box, gd);
      return;
    }
    if (box.dataset.state === "flat") return flat(box);
    if (!meta || box.dataset.state !== "drawn") return poster(box);
    const cam = asks().get("cam") || "";
    if (cam !== written) {
      written = cam;
      camera = parsed(cam);
      show();
    } else over();
  };

  // ---- hands
  const wire = (gd) => {
    gd.dataset.wired = "";
    const moved = (event, rests) => {
      const theirs = event["scene.camera"];
      if (!theirs || drawing) return;
      camera = ours(theirs);
      over();
      if (rests) write();
    };
    gd.on("plotly_relayouting", (event) => moved(event, false));
    gd.on("plotly_relayout", (event) => { if (event["scene.camera"] && !same(event["scene.camera"])) moved(event, true); });
    gd.on("plotly_click", ({ points }) => { if (points[0] && points[0].customdata) p.pick(String(points[0].customdata)); });
  };
  const same = (theirs) => { // what we have set ourselves
    const mine = plotlys(camera).camera;
    return ["center", "eye"].every((k) => ["x", "y", "z"].every((a) => Math.abs(mine[k][a] - theirs[k][a]) < 1e-6));
  };
  const clamp = (height) => {
    const whole = named("whole").height;
    return Math.min(Math.max(height, whole / 20_000, 0.1), whole * 10);
  };
  p.zoom = (factor, at = null) => {
    if (!meta) return;
    const height = clamp(camera.height * factor);
    let { centre } = camera;
    if (at) { // what is under the pointer stays there
      const box = p.box();
      const [right, up] = axes(camera);
      const um = (camera.height - height) / box.clientHeight;
      centre = add(add(centre, right, (at[0] - box.clientWidth / 2) * um), up, (box.clientHeight / 2 - at[1]) * um);
    }
    p.look({ height, centre });
  };
  p.turn = (around, over) => { // radians about the upward axis and about the one to the right
    if (!meta) return;
    const [right, up] = axes(camera);
    const towards = turned(turned(camera.towards, up, around), right, over);
    p.look({ towards: unit(towards), up: unit(turned(up, right, over)) });
  };
  document.addEventListener("wheel", (event) => {
    const box = event.target instanceof Element && event.target.closest("#pair-scene");
    if (!box || box.dataset.state !== "drawn" || event.ctrlKey) return;
    event.preventDefault();
    event.stopPropagation();
    const rect = box.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 30 : 1;
    p.zoom(Math.exp(Math.max(-0.5, Math.min(0.5, event.deltaY * lines * 0.0016))), [event.clientX - rect.left - box.clientLeft, event.clientY - rect.top - box.clientTop]);
  }, { passive: false, capture: true });

  window.addEventListener("synaptoscope:url", () => follow());
  new MutationObserver(() => follow()).observe(document.documentElement, {
    attributes: true, attributeFilter: ["data-mantine-color-scheme"],
  });
  const resized = new ResizeObserver(() => {
    const [box, gd] = [p.box(), p.graph()];
    if (!box || !gd) return;
    if (box.dataset.state !== "drawn") { follow(); return; }
    if (gd.layout.width === box.clientWidth && gd.layout.height === box.clientHeight) return;
    if (NAMED.includes(written || "whole")) camera = parsed(written);
    window.Plotly.relayout(gd, { width: box.clientWidth, height: box.clientHeight }).then(() => show());
  });
  new MutationObserver(() => {
    const gd = p.graph();
    if (gd === seen) return;
    if (seen) {
      resized.disconnect();
      if (asked) asked.abort();
      if (window.Plotly) window.Plotly.purge(seen);
    }
    seen = gd;
    key = "";
    meta = camera = written = null;
    clearTimeout(waiting);
    if (!gd) return;
    follow();
    resized.observe(p.box());
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
