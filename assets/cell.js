// The page of one cell: the rows of its table follow the address, its buttons set controls, its figures are saved.
(() => {
  "use strict";
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const app = (window.synaptoscope = window.synaptoscope || {});
  const fns = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const parts = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const mantine = (window.dashMantineFunctions = window.dashMantineFunctions || {});
  const NARROW = "\u202f";
  const page = () => document.getElementById("cell-page");

  // ---- values of the table
  mantine.cellPercent = (value) => `${value}${NARROW}%`;
  fns.cellShare = (value, row) => {
    if (!row) return "";
    if (value === null || value === undefined) return "\u2013";
    const percent = 100 * value;
    const digits = percent === 0 || percent === 100 ? 0 : Math.min(4, Math.max(0, 2 - Math.floor(Math.log10(percent))));
    return `${percent.toFixed(digits)}${NARROW}%`;
  };
  fns.cellTabOut = () => false;
  fns.cellBoth = (value, row) => (row && value ? "\u21c4" : "");
  parts.CellKind = ({ value, colours }) => {
    const make = window.React.createElement;
    if (!value) return null;
    const colour = (colours || {})[value] || "#8c8c8c";
    return make("span", { className: "grid-kind", title: value }, make("span", { className: "swatch", style: { background: colour } }), value);
  };

  // ---- the rows that the address asks for
  const ASKED = { side: "direction", known: "known", top: "top", group: "group", type: "type", find: "find", autapses: "autapses" };
  const follow = () => {
    const here = page();
    const box = document.getElementById("cell-partners-box");
    if (!here || !box) return;
    const url = new URL(here.dataset.route, window.location.href);
    const query = new URLSearchParams(window.location.search);
    Object.entries(ASKED).forEach(([key, name]) => { if (query.get(key)) url.searchParams.set(name, query.get(key)); });
    const route = url.pathname + url.search;
    const grid = app.grid && app.grid.api("cell-partners");
    const sort = query.get("sort") || strongest(query);
    if (grid && box.dataset.gridReady !== undefined && sorted(grid) !== sort) {
      const by = sort.replace(/^-/, "");
      grid.applyColumnState({ state: by ? [{ colId: by, sort: sort.startsWith("-") ? "desc" : "asc" }] : [], defaultState: { sort: null } });
    }
    if (box.dataset.gridRoute !== route) box.dataset.gridRoute = route;
  };
  const strongest = (query) => ({ in: "-n_in", out: "-n_out" })[query.get("side")] || "";
  const sorted = (grid) =>
    grid.getColumnState().filter((c) => c.sort).map((c) => (c.sort === "desc" ? "-" : "") + c.colId).slice(0, 1).join("");
  window.addEventListener("synaptoscope:url", () => window.queueMicrotask(follow));
  document.addEventListener("grid:ready", (event) => { if (event.target.id === "cell-partners-box") follow(); });
  document.addEventListener("grid:sort", (event) => {
    if (event.target.id !== "cell-partners-box") return;
    const query = new URLSearchParams(window.location.search);
    const { sort } = event.detail;
    if (sort !== (query.get("sort") || strongest(query))) pushed({ sort: sort === strongest(query) ? "" : sort });
  });

  // the address changes without a control: the words that follow it are told
  const pushed = (changes) => {
    app.pushSearch(changes);
    app.setProps("cell-url", { search: window.location.search });
  };
  clientside.cellPage = {
    made(set) {
      if (set) pushed({ [set.side]: set.text });
    },
  };

  // ---- Enter on a cell of the table follows its link
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.target instanceof Element) || !event.target.matches("#cell-partners-box .ag-cell")) return;
    const link = event.target.querySelector("a[data-go]");
    if (link) link.click();
  });

  // ---- buttons
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !page()) return;
    const pick = event.target.closest("[data-cell-pick]");
    if (pick) {
      app.setProps(pick.dataset.cellPick, { value: pick.dataset.value });
      return;
    }
    const save = event.target.closest("[data-save-figure]");
    if (save) saveFigure(save.dataset.saveFigure, save.dataset.format);
  });
  const saveFigure = async (id, format) => {
    const holder = document.getElementById(id);
    const gd = holder && holder.querySelector(".js-plotly-plot");
    if (!gd) return;
    const paper = getComputedStyle(document.documentElement).getPropertyValue("--surface").trim();
    const { width, height } = gd.getBoundingClientRect();
    const layout = { ...gd.layout, paper_bgcolor: paper };
    try {
      const url = await window.Plotly.toImage({ data: gd.data, layout }, { format, width, height, scale: format === "png" ? 2 : 1 });
      const anchor = document.createElement("a");
      anchor.href = url;
      anchor.download = `${page().dataset.ds}-${page().dataset.cell.replace(/[^\w.-]+/g, "_")}.${format}`;
      anchor.click();
    } catch (error) {
      app.notify(String(error.message || error), { title: "The figure was not saved", error: true });
    }
  };
})();
