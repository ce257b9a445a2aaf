// The page of two cells: keys, buttons, the table of synapses, saving pictures. The scene is in pair_scene.js.
// Left and right go to the neighbouring pair of the ranking, unless something is being typed, a table or a control that
// uses these keys has the focus, or the scene has it: there they turn it.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const STEP = Math.PI / 24;
  const page = () => document.getElementById("pair-page");
  app.pair = app.pair || {};
  const p = () => app.pair;

  // ---- one synapse is pointed at: a ring in the scene, a row in the table, its id in the address
  const chosen = () => new URLSearchParams(window.location.search).get("syn") || "";
  const pick = (id) => {
    if (id !== chosen()) app.pushSearch({ syn: id });
    p().centre(id);
    const box = p().box();
    if (!box) return;
    const { top, bottom, height } = box.getBoundingClientRect(); // from a row far below it the scene is brought back
    if (Math.min(bottom, window.innerHeight) - Math.max(top, 0) < 0.4 * height) box.scrollIntoView({ block: "nearest" });
  };
  app.pair.pick = pick;
  const grid = () => app.grid && app.grid.api("pair-synapses");
  const highlight = () => {
    const table = grid();
    const box = document.getElementById("pair-synapses-box");
    if (!table || !box || box.dataset.gridReady === undefined) return;
    const id = chosen();
    table.forEachNode((node) => {
      const wanted = Boolean(id) && node.data && node.data.id === id;
      if (node.isSelected() === wanted) return;
      node.setSelected(wanted, false, "api");
      if (wanted) table.ensureNodeVisible(node);
    });
    document.querySelectorAll(".pair-page .dot[data-syn]").forEach((dot) => dot.classList.toggle("chosen", dot.dataset.syn === id));
  };
  document.addEventListener("grid:ready", (event) => {
    if (event.target.id !== "pair-synapses-box") return;
    const table = grid();
    table.addEventListener("cellClicked", ({ data, event: click }) => {
      if (click && click.target instanceof Element && click.target.closest("[data-copy]")) return;
      pick(data.id);
    });
    table.addEventListener("cellKeyDown", ({ data, event: press }) => { if (press.key === "Enter") pick(data.id); });
    // rows may come later, and the component once sets the selection that it was given, which is none
    ["modelUpdated", "selectionChanged"].forEach((moment) => table.addEventListener(moment, () => setTimeout(highlight)));
    highlight();
  });
  document.addEventListener("grid:sort", (event) => {
    if (event.target.id === "pair-synapses-box") app.replaceSearch({ by: event.detail.sort || null });
  });
  window.addEventListener("synaptoscope:url", () => window.queueMicrotask(() => { if (page()) { highlight(); pressed(); } }));

  // ---- buttons
  const pressed = () => {
    const cam = new URLSearchParams(window.location.search).get("cam") || "";
    document.querySelectorAll(".pair-tools [data-cam]").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.cam === cam)));
  };
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !page()) return;
    const found = (selector) => event.target.closest(selector);
    if (found("[data-cam]")) p().go(found("[data-cam]").dataset.cam);
    else if (found(".dot[data-syn]")) pick(found(".dot[data-syn]").dataset.syn);
    else if (found("[data-save-figure='pair-scene']")) {
      save(found("[data-save-figure]").dataset.format).catch((error) =>
        app.notify(String(error.message || error), { title: "The picture was not saved", error: true }));
    } else if (found("[data-copy-link]")) app.copy(window.location.href, "the link to this view");
  });

  // ---- keys
  const taken = (element) => element.closest(
    "input, textarea, select, [contenteditable], [role=grid], [role=slider], [role=radiogroup], [role=menu], dialog[open], .ag-root, .table-scroll");
  document.addEventListener("keydown", (event) => {
    if (!page() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target instanceof Element ? event.target : document.body;
    if (at.closest("#pair-scene")) { inScene(event); return; }
    if (event.shiftKey || taken(at) || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const link = page().querySelector(`a[data-step=${event.key === "ArrowLeft" ? "previous" : "next"}]`);
    if (!link) return;
    event.preventDefault();
    app.go(link.href);
  });
  const inScene = (event) => {
    const act = {
      ArrowLeft: () => p().turn(-STEP, 0), ArrowRight: () => p().turn(STEP, 0),
      ArrowUp: () => p().turn(0, -STEP), ArrowDown: () => p().turn(0, STEP),
      "+": () => p().zoom(0.8), "=": () => p().zoom(0.8), "-": () => p().zoom(1.25),
      0: () => p().go(""), c: () => p().go("close"), s: () => p().go("side"),
      Escape: () => p().box().blur(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  // ---- pictures: vectors from the server, as the camera stands; pixels from the scene with scale bar and legend above it
  const SHARP = 3; // pixels a point
  const save = async (format) => {
    const box = p().box();
    const [width, height] = [box.clientWidth, box.clientHeight];
    const drawn = box.dataset.state === "drawn";
    const name = `${page().dataset.name.replace(/[^\w.-]+/g, "_")}.${format}`;
    const answer = await fetch(p().svg(p().now(), width, height, drawn && format === "png" ? { draw: "notes" } : {}));
    const svg = await answer.text();
    if (!answer.ok) throw new Error(JSON.parse(svg).detail || answer.statusText);
    if (format === "svg" || !drawn) { await app.savePicture(svg, width, height, name); return; }
    const pixels = await p().pixels(width, height, SHARP);
    const paper = getComputedStyle(document.documentElement).getPropertyValue("--surface").trim();
    const below = `<rect width="${width}" height="${height}" fill="${paper}"/><image width="${width}" height="${height}" href="${pixels}"/>`;
    await app.savePicture(svg.replace("</title>", `</title>${below}`), width, height, name, SHARP);
  };
})();
