// The page /reciprocal: the rows of its list follow the address, what is clicked in list and pictures goes into it.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const parts = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const page = () => document.getElementById("reciprocal-page");
  const box = () => document.getElementById("reciprocal-list-box");
  const params = () => new URLSearchParams(window.location.search);
  const make = (...all) => window.React.createElement(...all);

  // ---- the parameters that say which pairs are listed, out of the address
  const wanted = (extra = []) => {
    const [all, found] = [params(), new URLSearchParams()];
    [...page().dataset.keys.split(","), ...extra].forEach((key) => { if (all.get(key)) found.set(key, all.get(key)); });
    return found;
  };
  // the address changes without a control: controls and words are told
  const pushed = (changes) => {
    app.pushSearch(changes);
    app.setProps("reciprocal-url", { search: window.location.search });
  };

  // ---- cells of the list
  const pairAddress = (row) => {
    const query = wanted(["sort"]);
    query.set("ds", page().dataset.ds);
    return `${page().dataset.pair}${encodeURIComponent(row.cell_a)}/${encodeURIComponent(row.cell_b)}?${query}`;
  };
  parts.ReciprocalRank = ({ data, node }) => {
    if (!data || !page()) return null;
    const label = `Pair ${node.rowIndex + 1}: ${data.cell_a} and ${data.cell_b}`;
    return make("a", { href: pairAddress(data), "data-go": "", className: "pair-link", tabIndex: -1, title: "Open this pair", "aria-label": label },
      (node.rowIndex + 1).toLocaleString("en-US"));
  };
  parts.ReciprocalDoubts = ({ value, titles }) => {
    const names = (value || "").split(/[,;]\s*/).filter(Boolean);
    if (!names.length) return null;
    return make("span", { className: "doubts" }, names.map((name) => {
      const [sign, words] = titles[name] || [name.slice(0, 1), name];
      return make("span", { key: name, className: "doubt", title: words, role: "img", "aria-label": words }, sign);
    }));
  };

  // ---- rows
  const follow = () => {
    if (!page() || !box()) return;
    const route = `${page().dataset.route}?${wanted()}`;
    const grid = app.grid && app.grid.api("reciprocal-list");
    const sort = params().get("sort") || "";
    if (grid && box().dataset.gridReady !== undefined && sorted(grid) !== sort) {
      const by = sort.replace(/^-/, "");
      grid.applyColumnState({ state: by ? [{ colId: by, sort: sort.startsWith("-") ? "desc" : "asc" }] : [], defaultState: { sort: null } });
    }
    const others = box().dataset.gridRoute !== route;
    if (others) box().dataset.gridRoute = route;
    clearTimeout(waiting);
    waiting = setTimeout(compare, others ? 1500 : 0); // what is compared with chance can wait for the rows
  };
  let waiting = 0;
  let compared = "";
  const compare = () => {
    if (!page()) return;
    const now = `${page().dataset.ds}|${window.location.search}`;
    if (now === compared) return;
    compared = now;
    app.setProps("chance-at", { data: { search: window.location.search } });
  };
  document.addEventListener("grid:rows", (event) => { if (event.target === box()) { clearTimeout(waiting); compare(); } });
  let seen = null; // another page, or another dataset: everything is asked for anew
  new MutationObserver(() => {
    if (page() === seen) return;
    seen = page();
    compared = "";
    // `cells` stands for both sets: they are shown in the two boxes
    if (seen && params().get("cells")) app.replaceSearch({ cells: null, pre: params().get("cells"), post: params().get("cells") });
  }).observe(document.documentElement, { childList: true, subtree: true });
  const sorted = (grid) =>
    grid.getColumnState().filter((c) => c.sort).map((c) => (c.sort === "desc" ? "-" : "") + c.colId).slice(0, 1).join("");
  window.addEventListener("synaptoscope:url", () => window.queueMicrotask(follow));
  document.addEventListener("grid:ready", (event) => {
    if (event.target !== box()) return;
    follow();
    if (!window.matchMedia("(min-width: 48em)").matches) { // both counts and both cells before anything else
      app.grid.api("reciprocal-list").moveColumns(["rank", "cell_a", "n_ab", "n_ba", "cell_b"], 0);
    }
  });
  document.addEventListener("grid:sort", (event) => {
    if (event.target === box() && event.detail.sort !== (params().get("sort") || "")) pushed({ sort: event.detail.sort });
  });
  const opened = (row) => { const link = row && row.querySelector(".pair-link"); if (link) link.click(); };
  // a row is several elements where a column is pinned
  const rowOf = (target) => {
    const row = target.closest("#reciprocal-list-box .ag-row");
    return row && box().querySelector(`.ag-pinned-left-cols-container .ag-row[row-index="${row.getAttribute("row-index")}"]`);
  };
  // a row of the table of chance chooses its pair of types
  const chosen = (target) => {
    const row = target.closest("#chance-rows-box .ag-row");
    const node = row && app.grid.api("chance-rows").getDisplayedRowAtIndex(Number(row.getAttribute("row-index")));
    if (node) pushed({ type_a: node.data.group_a, type_b: node.data.group_b });
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.target instanceof Element) || !event.target.matches(".ag-cell") || !page()) return;
    if (event.target.closest("#chance-rows-box")) return chosen(event.target);
    if (!event.target.closest("#reciprocal-list-box")) return;
    const link = event.target.querySelector("a[data-go]");
    if (link) link.click(); else opened(rowOf(event.target));
  });

  // ---- clicks: rows, pictures, buttons
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !page()) return;
    const found = (selector) => event.target.closest(selector);
    const put = found("[data-reciprocal-put]");
    if (put) return pushed(JSON.parse(put.dataset.reciprocalPut));
    const save = found("[data-save-figure]");
    if (save) return saved(save);
    if (found("#reciprocal-options")) {
      const open = page().dataset.options !== "open";
      page().dataset.options = open ? "open" : "closed";
      return found("#reciprocal-options").setAttribute("aria-expanded", String(open));
    }
    if (found("#chance-rows-box .ag-row") && !String(window.getSelection())) return chosen(event.target);
    if (found("#reciprocal-list-box .ag-row") && !found("a, button") && !String(window.getSelection())) opened(rowOf(event.target));
  });
  const saved = async ({ dataset: { saveFigure, format } }) => {
    const figure = document.getElementById(saveFigure);
    if (!figure || figure.dataset.figure === undefined) return;
    try {
      await app.saveFigure(figure, `${page().dataset.ds}-${saveFigure}.${format}`);
    } catch (error) {
      app.notify(String(error.message || error), { title: "The figure was not saved", error: true });
    }
  };
  const counts = ([low, high]) => (low === high ? String(low) : `${low}-${high}`);
  document.addEventListener("figure:pick", (event) => {
    if (!page() || !page().contains(event.target)) return;
    const { pick, chosen } = event.detail;
    if (event.target.id === "reciprocal-counts") {
      const [larger, smaller] = [pick.x, pick.y].sort((one, other) => other[0] - one[0]);
      pushed(chosen ? { nab: null, nba: null } : { nab: counts(larger), nba: counts(smaller) });
    } else if (pick.put) pushed(chosen ? Object.fromEntries(Object.keys(pick.put).map((key) => [key, null])) : pick.put);
  });
})();
