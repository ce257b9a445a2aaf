// Tables in the browser (Python half: components/grid.py): how values are written, rows fetched as they come into view,
// and events that tell a page what was done to a table: grid:sort, grid:columns, grid:ticked, grid:rows.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const fns = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const parts = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const MISSING = "\u2013";

  // ---- looks: the tokens of the page, so that the colour scheme needs no callback
  fns.gridTheme = (theme) => theme.withParams({
    backgroundColor: "var(--surface)", foregroundColor: "var(--ink)", borderColor: "var(--rule)", accentColor: "var(--accent)",
    headerBackgroundColor: "var(--surface-2)", headerTextColor: "var(--ink-2)", headerFontWeight: 500, rowHoverColor: "var(--surface-3)",
    selectedRowBackgroundColor: "var(--accent-2)", oddRowBackgroundColor: "var(--surface)", fontFamily: "inherit", fontSize: 12.5, headerFontSize: 12.5,
    spacing: 5, cellHorizontalPadding: 9, wrapperBorderRadius: 0, wrapperBorder: false, borderRadius: 3, browserColorScheme: "inherit",
    inputBorder: "1px solid var(--rule-2)", checkboxUncheckedBorderColor: "var(--rule-2)", checkboxCheckedShapeColor: "var(--on-accent)",
    tooltipBackgroundColor: "var(--ink)", tooltipTextColor: "var(--surface)", focusShadow: "inset 0 0 0 2px var(--accent)",
    rangeSelectionBorderColor: "var(--accent)", columnBorder: false,
  });

  // ---- values; a row that is still on its way shows nothing
  const missing = (value) => value === null || value === undefined || value === "" || Number.isNaN(value);
  const written = (value, data, write) => (data === undefined || data === null ? "" : missing(value) ? MISSING : write(value));
  fns.gridNumber = (value, digits, data) => written(value, data, (n) => {
    if (typeof n !== "number") return String(n);
    const most = digits >= 0 ? digits : Number.isInteger(n) || Math.abs(n) >= 1000 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(n) || 1)));
    return n.toLocaleString("en-US", { maximumFractionDigits: Math.min(most, 9) });
  });
  fns.gridText = (value, data) => written(value, data, (text) => (typeof text === "boolean" ? (text ? "yes" : "no") : String(text)));
  fns.gridTruth = (value, data) => written(value, data, (truth) => (truth ? "yes" : "no"));
  // missing values stand last in either direction
  const lacking = (a, b, descending) => {
    if (missing(a) === missing(b)) return missing(a) ? 0 : null;
    return (missing(a) ? 1 : -1) * (descending ? -1 : 1);
  };
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  fns.gridCompareNumber = (a, b, _nodeA, _nodeB, descending) => lacking(a, b, descending) ?? a - b;
  fns.gridCompareText = (a, b, _nodeA, _nodeB, descending) => lacking(a, b, descending) ?? collator.compare(String(a), String(b));

  const short = (id) => (id.length > 13 ? `${id.slice(0, 4)}\u2026${id.slice(-4)}` : id);
  const filled = (template, row) =>
    template.replace(/\{(\w+)\}/g, (_, field) => encodeURIComponent(missing(row[field]) ? "" : row[field]));
  // an id or a link; what is copied is always the whole id
  parts.GridId = ({ value, data, href, what }) => {
    const make = window.React.createElement;
    if (!data) return null;
    if (missing(value)) return make("span", null, MISSING);
    const text = String(value);
    const copy = { type: "button", className: "id-chip", "data-copy": text, "data-copy-what": what, tabIndex: -1 };
    if (!href) return make("button", { ...copy, title: text, "aria-label": `${short(text)}: copy ${what} ${text}` }, short(text));
    return make("span", { className: "grid-link" },
      make("a", { href: filled(href, data), "data-go": "", title: text, className: "grid-id", tabIndex: -1 }, short(text)),
      make("button", { ...copy, className: "grid-copy", title: "Copy", "aria-label": `Copy ${what} ${text}` }, "\u29c9"));
  };

  // ---- one table: its box, its grid, the address of its rows
  const api = (id) => { try { return window.dash_ag_grid.getApi(id); } catch { return null; } };
  app.grid = { api };
  const tell = (box, what, detail) => box.dispatchEvent(new CustomEvent(`grid:${what}`, { bubbles: true, detail }));
  const sortOf = (model) => model.map(({ colId, sort }) => (sort === "desc" ? "-" : "") + colId).slice(0, 1).join("");

  const rows = (box, grid) => ({
    async getRows({ startRow, endRow, sortModel, successCallback, failCallback }) {
      const route = box.dataset.gridRoute;
      if (!route) return failCallback(); // the page has not said yet what is wanted
      const query = new URLSearchParams({ limit: endRow - startRow, offset: startRow });
      if (sortModel.length) query.set("sort", sortOf(sortModel));
      new URLSearchParams(box.dataset.gridMarks || "").forEach((value, key) => query.set(key, value));
      try {
        const answer = await fetch(route + (route.includes("?") ? "&" : "?") + query);
        const found = await answer.json();
        if (grid.isDestroyed()) return; // the page was left meanwhile
        if (!answer.ok) throw new Error(found.detail || answer.statusText);
        if (route !== box.dataset.gridRoute || found.problem) return failCallback(); // asked for something else meanwhile
        successCallback(found.data, found.ledger.total);
        ticked(grid);
        if (found.ledger.total === 0) grid.showNoRowsOverlay(); else grid.hideOverlay();
        tell(box, "rows", { total: found.ledger.total, start: startRow });
      } catch (error) {
        failCallback();
        if (box.isConnected && route === box.dataset.gridRoute) {
          app.notify(String(error.message || error), { title: "The rows could not be fetched", error: true });
        }
      }
    },
  });
  const ticked = (grid) => { // as the rows say
    if (!grid.getGridOption("rowSelection")) return;
    grid.forEachNode((node) => { if (node.data) node.setSelected(Boolean(node.data.selected), false, "api"); });
  };

  const wire = async (box) => {
    const { grid: id } = box.dataset;
    const grid = await window.dash_ag_grid.getApiAsync(id);
    const infinite = box.dataset.gridRoute !== undefined;
    // the component gives the grid a source of its own when it is ready, which asks Dash; ours takes its place
    const gone = () => !box.isConnected || grid.isDestroyed();
    while (infinite && !gone() && !grid.getGridOption("datasource")) await new Promise((resolve) => setTimeout(resolve, 10));
    if (gone()) return;
    if (infinite) {
      grid.setGridOption("datasource", rows(box, grid));
      new MutationObserver(() => !grid.isDestroyed() && grid.setGridOption("datasource", rows(box, grid)))
        .observe(box, { attributes: true, attributeFilter: ["data-grid-route"] });
      // marks are parameters that change what is said of the rows, not which they are: the same rows are asked for again
      new MutationObserver(() => !grid.isDestroyed() && grid.refreshInfiniteCache())
        .observe(box, { attributes: true, attributeFilter: ["data-grid-marks"] });
    } else ticked(grid);
    grid.addEventListener("sortChanged", () => {
      const model = grid.getColumnState().filter((c) => c.sort).sort((a, b) => a.sortIndex - b.sortIndex);
      tell(box, "sort", { sort: sortOf(model) });
    });
    grid.addEventListener("columnMoved", ({ finished, source }) => {
      if (finished && source === "uiColumnMoved") tell(box, "columns", { columns: shown(grid) });
    });
    grid.addEventListener("rowSelected", ({ node, source }) => { // by a user, and not by us
      const byUser = source === "checkboxSelected" || source === "spaceKey";
      if (byUser && node.data) tell(box, "ticked", { id: node.id, ticked: node.isSelected() });
    });
    box.dataset.gridReady = "";
    tell(box, "ready", {});
  };
  const shown = (grid) => grid.getAllDisplayedColumns().map((c) => c.getColId()).filter((id) => !id.startsWith("ag-Grid"));
  app.grid.shown = shown;
  app.grid.arrange = (grid, columns, sort) => { // these columns in this order, and the sort; others are hidden
    const descending = sort.startsWith("-");
    const by = descending ? sort.slice(1) : sort;
    const rest = grid.getColumns().map((c) => c.getColId()).filter((id) => !columns.includes(id) && !id.startsWith("ag-Grid"));
    const state = [...columns.map((colId) => ({ colId, hide: false })), ...rest.map((colId) => ({ colId, hide: true }))];
    state.forEach((c) => { c.sort = c.colId === by ? (descending ? "desc" : "asc") : null; });
    grid.applyColumnState({ state, applyOrder: true });
  };
  app.grid.tickAgain = ticked;

  const known = new WeakSet();
  new MutationObserver(() => {
    document.querySelectorAll("[data-grid]").forEach((box) => {
      if (known.has(box) || !window.dash_ag_grid) return;
      known.add(box);
      wire(box).catch(() => {}); // its grid went away before it stood
    });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
