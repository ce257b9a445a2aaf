// The search in the bar: Ctrl-K opens it, GET /search answers. The Python half is components/palette.py.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const LONGEST = 3000; // characters that are sent
  const KEPT = 6; // recent entries
  const STORE = "palette-recent";
  const WAIT = 40; // ms in which letters are collected into one question
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  if (mac) document.documentElement.dataset.mac = "";

  const dialog = () => document.getElementById("palette");
  const list = () => document.getElementById("palette-list");
  const field = () => document.getElementById("palette-input");
  const made = (tag, name, text = "") => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.textContent = text; // text of data is never markup
    return element;
  };

  // ---- what was opened lately; a browser may refuse to keep anything
  const recent = () => {
    try {
      const kept = JSON.parse(window.localStorage.getItem(STORE) || "[]");
      const text = (value) => typeof value === "string";
      return kept.filter((hit) => hit && [hit.title, hit.detail, hit.href, hit.group].every(text) && /^\/(?!\/)/.test(hit.href));
    } catch {
      return [];
    }
  };
  const remember = (hit) => {
    const others = recent().filter((other) => other.href !== hit.href);
    try {
      window.localStorage.setItem(STORE, JSON.stringify([{ ...hit, ways: [] }, ...others].slice(0, KEPT)));
    } catch {
      // then nothing is recent
    }
  };

  // ---- the list: rows of options, the first of a row the hit itself, the others its other ways
  let rows = [];
  let active = null; // [row, way]
  const mark = (at) => {
    rows.flat().forEach((option) => option.setAttribute("aria-selected", "false"));
    active = at;
    const option = at && rows[at[0]][at[1]];
    if (!option) {
      field().removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    field().setAttribute("aria-activedescendant", option.id);
    (at[0] === 0 ? list().firstElementChild : option).scrollIntoView({ block: "nearest" });
  };

  // a page takes along what the rail's link to it does; a page that cannot show the dataset has no link there
  const railHref = (href) => {
    const { pathname } = new URL(href, window.location.href);
    const links = [...document.querySelectorAll("a.rail-link[href]")];
    const found = links.find((link) => new URL(link.href).pathname === pathname);
    return found ? found.getAttribute("href") : href;
  };
  const emphasised = (title, typed) => {
    const at = typed ? title.toLowerCase().indexOf(typed.toLowerCase()) : -1;
    if (at < 0) return [title];
    return [title.slice(0, at), made("b", "", title.slice(at, at + typed.length)), title.slice(at + typed.length)];
  };

  const option = (hit, title, href, name) => {
    const link = made("a", name);
    Object.assign(link, { tabIndex: -1, id: `palette-option-${rows.flat().length}` });
    link.setAttribute("role", "option");
    link.setAttribute("aria-selected", "false");
    if (hit.lacks) link.setAttribute("aria-disabled", "true");
    else link.setAttribute("href", href);
    link.dataset.go = "";
    link.hit = { ...hit, title, href };
    rows.at(-1).push(link);
    return link;
  };
  const row = (hit, typed) => {
    const line = made("div", "palette-row");
    line.setAttribute("role", "presentation");
    rows.push([]);
    const main = option(hit, hit.title, hit.group === "pages" ? railHref(hit.href) : hit.href, "palette-hit");
    const icon = made("span", "icon");
    icon.style.setProperty("--icon", `url("${dialog().getAttribute(`data-icon-${hit.group}`)}")`);
    icon.setAttribute("aria-hidden", "true");
    const title = made("span", "palette-title" + (hit.is_id ? " mono" : ""));
    title.append(...emphasised(hit.title, typed));
    main.append(icon, title, made("span", "palette-detail", hit.lacks || hit.detail));
    line.append(main);
    (hit.ways || []).forEach((way) => {
      const other = option(hit, `${hit.title} ${way.title}`, way.href, "palette-way");
      other.textContent = way.title;
      other.setAttribute("aria-label", `${hit.title} ${way.title}`);
      line.append(other);
    });
    return line;
  };
  const section = (name, hits, total, typed) => {
    const group = made("div", "palette-group");
    const heading = made("div", "palette-heading", dialog().getAttribute(`data-heading-${name}`));
    heading.id = `palette-heading-${name}`;
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", heading.id);
    if (total > hits.length) heading.append(made("span", "palette-count", `${hits.length} of ${total.toLocaleString("en")}`));
    group.append(heading, ...hits.map((hit) => row(hit, typed)));
    return group;
  };

  const say = (text) => {
    const empty = document.getElementById("palette-empty");
    empty.hidden = !text;
    empty.textContent = text;
  };
  const show = (found, typed) => {
    rows = [];
    const here = window.location.pathname + window.location.search;
    const late = typed ? [] : recent().filter((hit) => hit.href !== here);
    const parts = late.length ? [section("recent", late, late.length, "")] : [];
    found.groups.forEach(({ group, total }) => {
      parts.push(section(group, found.data.filter((hit) => hit.group === group), total, typed));
    });
    list().replaceChildren(...parts);
    list().scrollTop = 0;
    field().setAttribute("aria-expanded", String(rows.length > 0));
    mark(rows.length ? [0, 0] : null);
    say(rows.length ? "" : `Nothing is called “${typed.length > 60 ? typed.slice(0, 59) + "…" : typed}” here.`);
    document.getElementById("palette-said").textContent = `${rows.length} found`;
  };

  // ---- asking: what is on the list stays until the answer is there, and Enter waits for it
  let shown = null; // the text whose hits are on the list
  let opening = false; // Enter was pressed before the answer came
  let timer = 0;
  let asking = null;
  const fetched = async (text, ds, signal) => {
    const url = new URL(dialog().dataset.route, window.location.href);
    url.searchParams.set("q", text.slice(0, LONGEST));
    if (ds) url.searchParams.set("ds", ds);
    const response = await window.fetch(url, { signal });
    if (response.status === 404 && ds) return fetched(text, "", signal); // the address names a dataset that is gone
    if (!response.ok) throw new Error(String(response.status));
    return response.json();
  };
  const ask = async () => {
    if (asking) asking.abort();
    const mine = (asking = new AbortController());
    const text = field().value.trim();
    const current = document.getElementById("dataset-switch").dataset.current;
    try {
      const found = await fetched(text, current, mine.signal);
      if (mine !== asking) return;
      show(found, text);
    } catch (error) {
      if (mine !== asking || error.name === "AbortError") return;
      show({ data: [], groups: [] }, text);
      if (!rows.length) say("The server did not answer. Type on to ask again.");
    }
    shown = text;
    if (opening) choose();
  };
  const typed = () => {
    opening = false;
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, WAIT);
  };

  // ---- choosing
  const choose = (event = null) => {
    opening = false;
    if (shown !== field().value.trim()) { // the list is still that of an earlier text
      opening = true;
      return;
    }
    const chosen = active && rows[active[0]][active[1]];
    if (!chosen || chosen.hit.lacks) return;
    if (event && (event.ctrlKey || event.metaKey)) {
      window.open(chosen.hit.href, "_blank", "noopener");
      return;
    }
    chosen.click();
  };
  // another dataset leaves the page as it is, unless that is about a cell of this one
  const ofOneCell = () => /\/(cell|pair)\//.test(window.location.pathname);
  const clicked = (event) => {
    const chosen = event.target instanceof Element && event.target.closest("#palette-list [role=option]");
    if (!chosen) return;
    const { hit } = chosen;
    if (hit.lacks) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    remember(hit);
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into another tab
    dialog().close();
    document.getElementById("main").focus({ preventScroll: true });
    if (hit.dataset && !ofOneCell()) {
      event.preventDefault();
      event.stopPropagation();
      app.chooseDataset(hit.dataset);
    }
  };

  // ---- keys
  const step = (by) => {
    if (!rows.length) return;
    const at = active ? active[0] + by : by > 0 ? 0 : rows.length - 1;
    mark([(at + rows.length) % rows.length, 0]);
  };
  const pressed = (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "Enter") choose(event);
    else if (event.key === "Tab" && !event.shiftKey && active && rows[active[0]][active[1] + 1]) mark([active[0], active[1] + 1]);
    else if (event.key === "Tab" && event.shiftKey && active && active[1]) mark([active[0], active[1] - 1]);
    else return;
    event.preventDefault();
  };

  const prepared = () => {
    const input = made("input");
    const set = {
      id: "palette-input", type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": "palette-list",
      "aria-autocomplete": "list", "aria-label": "Search cells, types, pages and datasets", autocomplete: "off",
      autocapitalize: "off", spellcheck: "false", placeholder: "A cell id or name, a type, a page, a dataset", enterkeyhint: "go",
    };
    Object.entries(set).forEach(([name, value]) => input.setAttribute(name, value));
    input.addEventListener("input", typed);
    input.addEventListener("keydown", pressed);
    document.getElementById("palette-field").append(input);
    list().addEventListener("click", clicked);
    list().addEventListener("mousemove", (event) => {
      const over = event.target.closest("[role=option]");
      const at = over ? rows.findIndex((options) => options.includes(over)) : -1;
      if (at >= 0 && over.getAttribute("aria-selected") !== "true") mark([at, rows[at].indexOf(over)]);
    });
    dialog().addEventListener("close", () => dialog().open || emptied()); // it may come when it is open again
  };
  const emptied = () => {
    if (asking) asking.abort();
    asking = null;
    shown = null;
    opening = false;
    window.clearTimeout(timer);
    list().replaceChildren();
    rows = [];
    active = null;
    field().value = "";
    say("");
  };
  const open = () => {
    if (!dialog() || dialog().open) return;
    if (!field()) prepared();
    emptied();
    dialog().showModal();
    field().focus();
    ask();
  };
  app.openPalette = open;

  const inText = (target) => target instanceof Element && target.matches("input, textarea, [contenteditable='true']");
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || event.shiftKey || event.altKey || event.isComposing) return;
    const ours = mac ? event.metaKey || (event.ctrlKey && !inText(event.target)) : event.ctrlKey && !event.metaKey;
    if (!ours || !dialog()) return;
    event.preventDefault();
    if (dialog().open) dialog().close();
    else open();
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("#search")) open();
  });
})();
