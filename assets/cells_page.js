// The page /cells: what the address says is fetched (map, rows, words), and what is done to map and table goes into the
// address. The map itself is in cells_map.js, tables are in grid.js.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const map = app.cellsMap;
  const MAP_KEYS = ["cells", "sel", "x", "y", "colour", "somata", "over", "side", "x0", "x1", "y0", "y1"];
  const LONGEST = 1800;

  let goal = ""; // what the map was asked for last
  let asked = null; // that request, under way
  let told = ""; // the address for which the words were asked

  const prefix = () => JSON.parse(document.getElementById("_dash-config").textContent).requests_pathname_prefix;
  const scheme = () => (document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light");
  const page = () => document.getElementById("cells-page");
  const route = (name) => `${prefix()}api/v1/datasets/${encodeURIComponent(page().dataset.ds)}/cells/${name}`;
  const params = () => new URLSearchParams(window.location.search);
  const picked = (keys) => {
    const [all, found] = [params(), new URLSearchParams()];
    keys.forEach((key) => { if (all.get(key)) found.set(key, all.get(key)); });
    return found;
  };
  const answered = async (address, options) => {
    const answer = await fetch(address, options);
    const found = await answer.json();
    if (!answer.ok) throw new Error([found.detail, found.hint].filter(Boolean).join(": ") || answer.statusText);
    return found;
  };
  const failed = (title) => (error) => app.notify(String(error.message || error), { title, error: true });

  // ---- map
  const screen = () => {
    const { width, height } = map.plot();
    return { width: Math.round(width), height: Math.round(height), ratio: Math.round(window.devicePixelRatio * 100) / 100, theme: scheme() };
  };
  const followMap = async () => {
    const box = map.box();
    if (!box || box.clientWidth === 0) return;
    if (!box.dataset.wired) { box.dataset.wired = "yes"; map.wire(box); }
    const query = picked(MAP_KEYS);
    Object.entries(screen()).forEach(([key, value]) => query.set(key, value));
    const next = `${route("map.json")}?${query}`;
    if (next === goal) return;
    goal = next;
    if (asked) asked.abort();
    const mine = (asked = new AbortController());
    box.setAttribute("aria-busy", "true");
    try {
      const figure = await answered(next, { signal: mine.signal });
      if (mine.signal.aborted || !box.isConnected) return;
      const note = document.getElementById("cells-map-problem");
      if (figure.problem) {
        box.dataset.state = "problem";
        note.replaceChildren(Object.assign(document.createElement("p"), { textContent: `${figure.problem}${figure.hint ? ": " + figure.hint : ""}.` }));
      } else {
        await Promise.all(figure.pictures.map((src) => Object.assign(new Image(), { src }).decode().catch(() => {})));
        if (mine.signal.aborted || !box.isConnected) return;
        const before = map.plot().width;
        note.replaceChildren();
        map.show(figure);
        if (map.plot().width !== before) { goal = ""; followMap(); return; } // layers have taken a margin
      }
    } catch (error) {
      if (error.name === "AbortError" || mine.signal.aborted) return;
      goal = "";
      failed("The map could not be drawn; what was there stays")(error);
    }
    if (asked === mine) box.setAttribute("aria-busy", "false");
  };
  if (map) {
    map.askAt = ([x, y], reach) => {
      const query = picked(MAP_KEYS.filter((key) => !["x0", "x1", "y0", "y1", "over", "side"].includes(key)));
      query.set("at", `${x.toFixed(3)},${y.toFixed(3)}`);
      query.set("reach", reach.toFixed(4));
      return answered(`${route("at.json")}?${query}`);
    };
    map.onPolygon = (polygon, operation) => select({ polygon, operation });
    map.onCell = (id, operation) => select({ set: quoted(id), operation });
  }

  // ---- selection: the server works out the new one, and names it where it is long
  const quoted = (id) => (page().dataset.textIds === undefined ? id : `'${id.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`);
  let queue = Promise.resolve(); // one after the other: each starts from the selection that the last one left
  const select = (what) => {
    queue = queue.then(async () => {
      const form = picked(["cells", "sel", "x", "y"]);
      Object.entries(what).forEach(([key, value]) => form.set(key, value));
      const found = await answered(route("selection.json"), { method: "POST", body: form });
      app.pushSearch({ sel: found.sel || null });
    }).catch(failed("The selection was not changed"));
    return queue;
  };

  // ---- table
  const followTable = () => {
    const box = document.getElementById("cells-table-box");
    if (!box) return;
    const rows = `${route("rows.json")}?${picked(["cells"])}`;
    const marks = picked(["sel"]).toString();
    if (box.dataset.gridMarks !== marks) box.dataset.gridMarks = marks;
    if (box.dataset.gridRoute !== rows) box.dataset.gridRoute = rows;
    const grid = box.dataset.gridReady !== undefined && app.grid.api("cells-table");
    if (!grid) return;
    const columns = wantedColumns();
    const sort = params().get("sort") || "";
    const now = grid.getColumnState().filter((c) => c.sort).map((c) => (c.sort === "desc" ? "-" : "") + c.colId)[0] || "";
    if (String(app.grid.shown(grid)) !== String(columns) || now !== sort) app.grid.arrange(grid, columns, sort);
  };
  const wantedColumns = () => {
    const cols = (params().get("cols") || "").split(",").filter(Boolean);
    const known = [...document.querySelectorAll("[data-toggle-column]")].map((b) => b.dataset.toggleColumn).concat("cell_id");
    const wanted = cols.filter((name) => known.includes(name));
    if (!wanted.length) return page().dataset.firstColumns.split(",");
    return wanted.includes("cell_id") ? wanted : ["cell_id", ...wanted];
  };
  const putColumns = (columns) => app.pushSearch({ cols: String(columns) === page().dataset.firstColumns ? null : columns.join(",") });
  document.addEventListener("grid:sort", (event) => {
    if (event.target.id === "cells-table-box") app.pushSearch({ sort: event.detail.sort || null });
  });
  document.addEventListener("grid:columns", (event) => {
    if (event.target.id === "cells-table-box") putColumns(event.detail.columns);
  });
  document.addEventListener("grid:ticked", (event) => {
    if (event.target.id === "cells-table-box") select({ set: quoted(event.detail.id), operation: event.detail.ticked ? "add" : "remove" });
  });
  document.addEventListener("grid:ready", (event) => {
    if (event.target.id === "cells-table-box") followTable();
  });

  // ---- words, panels, legend: one callback
  const followWords = () => {
    const query = params();
    ["x0", "x1", "y0", "y1"].forEach((key) => query.delete(key));
    query.sort();
    const next = JSON.stringify([page().dataset.ds, query.toString(), scheme()]);
    if (next === told || !clientside.set_props) return;
    told = next;
    // the zoom goes along, so that links keep it
    app.setProps("cells-drawn", { data: { search: window.location.search, at: String(performance.now()), theme: scheme() } });
    const [cols, panels] = [wantedColumns(), shownPanels()];
    document.querySelectorAll("[data-toggle-column]").forEach((b) => b.setAttribute("aria-pressed", String(cols.includes(b.dataset.toggleColumn))));
    if (panels) document.querySelectorAll("[data-toggle-panel]").forEach((b) => b.setAttribute("aria-pressed", String(panels.includes(b.dataset.togglePanel))));
  };
  const shownPanels = () => {
    const asked = params().get("summary");
    if (asked) return asked === "none" ? [] : asked.split(",");
    return null; // the server's choice: what the menu said when the page was laid out
  };
  const pressed = (what) => [...document.querySelectorAll(`[data-toggle-${what}][aria-pressed="true"]`)].map((b) => b.getAttribute(`data-toggle-${what}`));

  const follow = () => {
    if (!page()) return;
    app.drawing = followMap();
    app.drawing.then(() => { // what can wait for the picture does
      if (!page()) return;
      followTable();
      followWords();
    });
  };

  // ---- buttons and keys
  const without = (list, name) => list.filter((item) => item !== name);
  const toggled = (list, name) => (list.includes(name) ? without(list, name) : [...list, name]);
  const does = {
    clear: () => app.pushSearch({ sel: null }),
    all: () => put("cells", null),
    filter: () => put("cells", params().get("sel")),
    "select-shown": () => select({ set: params().get("cells") || "is_cell", operation: "replace" }),
    "add-shown": () => select({ set: params().get("cells") || "is_cell", operation: "add" }),
    copy: async () => {
      const found = await answered(`${route("ids.json")}?${new URLSearchParams({ cells: params().get("sel") })}`);
      app.copy(found.ids.join(", "), `${found.ids.length.toLocaleString("en-US")} ids`);
    },
    save: async () => {
      const body = new URLSearchParams({ cells: params().get("sel"), ds: page().dataset.ds });
      const found = await answered(`${prefix()}api/v1/sets`, { method: "POST", body });
      app.copy(found.set, "the name of the stored set");
    },
  };
  const put = (key, value) => { // a control's key: the control follows
    const query = params();
    if (value) query.set(key, value); else query.delete(key);
    app.go(window.location.pathname + (query.toString() ? "?" + query : ""));
  };
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !page()) return;
    const found = (selector) => event.target.closest(selector);
    const button = found("[data-cells-do]");
    if (button) Promise.resolve(does[button.dataset.cellsDo]()).catch(failed("That did not work"));
    else if (found("[data-map-tool]")) map.use(found("[data-map-tool]").dataset.mapTool);
    else if (found("[data-map-zoom]")) map.zoom(found("[data-map-zoom]").dataset.mapZoom);
    else if (found("[data-toggle-column]")) putColumns(toggled(wantedColumns(), found("[data-toggle-column]").dataset.toggleColumn));
    else if (found("[data-toggle-panel]")) putPanels(toggled(pressed("panel"), found("[data-toggle-panel]").dataset.togglePanel));
    else if (found("[data-panel-off]")) putPanels(without(pressed("panel"), found("[data-panel-off]").dataset.panelOff));
    else if (found('[data-save-figure="cells-map"]')) save(found("[data-save-figure]").dataset.format).catch(failed("The figure was not saved"));
    else if (found("[data-copy-link]") && !document.getElementById("matrix-graph")) app.copy(link(), "the link to this view");
  });
  const putPanels = (names) => app.pushSearch({ summary: names.length ? names.join(",") : "none" });
  const link = () => {
    const url = new URL(window.location.href);
    if (!url.searchParams.get("ds")) url.searchParams.set("ds", page().dataset.ds);
    url.hash = "";
    return url.href;
  };

  // ---- a range: brushed over a histogram, or typed under it
  const limit = (panel, low, high) => {
    const { others, beside, name } = panel.dataset; // the rest of the filter: alone, and as conditions to add to
    const ends = [...(low === "" ? [] : [`${name} >= ${low}`]), ...(high === "" ? [] : [`${name} < ${high}`])];
    const text = ends.length ? [...(beside ? [beside] : []), ...ends].join(" and ") : others;
    if (encodeURIComponent(text).length <= LONGEST) return put("cells", text);
    answered(`${prefix()}api/v1/sets`, { method: "POST", body: new URLSearchParams({ cells: text }) })
      .then((found) => put("cells", found.set), failed("The filter was not stored"));
  };
  let brush = null;
  const binAt = (bins, x) => bins.findIndex((bin) => x < bin.getBoundingClientRect().right);
  const mark = () => {
    const [a, b] = [Math.min(brush.from, brush.to), Math.max(brush.from, brush.to)];
    brush.bins.forEach((bin, i) => bin.classList.toggle("brushed", i >= a && i <= b));
    return [a, b];
  };
  document.addEventListener("pointerdown", (event) => {
    const area = event.target instanceof Element && event.target.closest("[data-brush]");
    if (!area || event.button) return;
    const bins = [...area.querySelectorAll(".bin")];
    const at = binAt(bins, event.clientX);
    const from = at < 0 ? bins.length - 1 : at;
    brush = { panel: area.closest(".cells-panel"), bins, from, to: from };
    area.setPointerCapture(event.pointerId);
    event.preventDefault();
    mark();
  });
  document.addEventListener("pointermove", (event) => {
    if (!brush) return;
    const at = binAt(brush.bins, event.clientX);
    brush.to = at < 0 ? brush.bins.length - 1 : at;
    mark();
  });
  document.addEventListener("pointerup", () => {
    if (!brush) return;
    const [a, b] = mark();
    const { panel, bins } = brush;
    brush = null;
    limit(panel, bins[a].dataset.left, b === bins.length - 1 ? "" : bins[b].dataset.right);
  });
  document.addEventListener("change", (event) => {
    const label = event.target instanceof HTMLInputElement && event.target.closest("[data-limit]");
    if (!label) return;
    const panel = label.closest(".cells-panel");
    const values = [...panel.querySelectorAll("[data-limit] input")].map((input) => input.value.trim().replace(/,/g, ""));
    const wrong = values.find((value) => value !== "" && !/^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(value));
    if (wrong !== undefined) return app.notify(`'${wrong}' is no number`, { title: "A limit is a number, or empty", error: true });
    limit(panel, ...values);
  });

  // ---- saving the map as it stands
  const save = async (format) => {
    const svg = map.svg();
    if (!svg) throw new Error("there is no map to save");
    const copy = svg.cloneNode(true);
    const [width, height] = [Number(svg.getAttribute("width")), Number(svg.getAttribute("height"))];
    const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    Object.entries({ width, height, fill: getComputedStyle(document.documentElement).getPropertyValue("--surface").trim() })
      .forEach(([key, value]) => paper.setAttribute(key, value));
    copy.prepend(paper);
    const text = new XMLSerializer().serializeToString(copy);
    await app.savePicture(text, width, height, `${page().dataset.ds}-cells.${format}`);
  };

  // ---- wiring
  window.addEventListener("synaptoscope:url", follow);
  new MutationObserver(follow).observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
  let settling = 0;
  const resized = new ResizeObserver(() => {
    clearTimeout(settling);
    settling = setTimeout(() => { if (map.box()) { map.redraw(); followMap(); } }, 120);
  });
  let seen = null;
  new MutationObserver(() => {
    const now = page();
    if (now === seen) return;
    seen = now;
    if (asked) asked.abort();
    goal = told = "";
    if (map) map.clear();
    resized.disconnect();
    if (!now) return;
    if (map.box()) resized.observe(map.box());
    follow();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
