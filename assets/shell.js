// The shell: what it knows of the address, links that stay in the app, copying, the rail.
(() => {
  "use strict";
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const app = (window.synaptoscope = window.synaptoscope || {});
  const KEPT = ["ds", "pre", "post"]; // what goes along from page to page

  // ---- dcc.Store#here: path and kept keys, told to Dash only when one of them changed
  let told = "";
  let asked = ""; // the address, and the version, that the server is asked to carry it to
  const tell = () => {
    if (!document.getElementById("shell") || !clientside.set_props) return;
    const params = new URLSearchParams(window.location.search);
    const here = { path: window.location.pathname };
    KEPT.forEach((key) => { here[key] = params.get(key); });
    const text = JSON.stringify(here);
    if (text === told) return;
    told = text;
    app.setProps("here", { data: here });
  };
  window.addEventListener("synaptoscope:url", () => window.queueMicrotask(tell));
  const start = new MutationObserver(() => {
    if (!document.getElementById("shell")) return;
    start.disconnect();
    app.publishTheme();
    tell();
  });
  start.observe(document.documentElement, { childList: true, subtree: true });

  const joined = (path, params) => {
    const text = params.toString();
    return path + (text ? "?" + text : "");
  };
  const siblings = (found, datasets) => (found && found.family ? datasets.list.filter((d) => d.family === found.family) : []);
  const current = (here, datasets) => (here && here.ds) || (datasets && datasets.default) || "";

  clientside.shell = {
    // (here, datasets, pages, link ids) -> per link: href, class, aria-current, aria-disabled, reason
    rail(here, datasets, pages, ids) {
      if (!here) return Array(5).fill(ids.map(() => clientside.no_update));
      const dataset = datasets.list.find((d) => d.id === current(here, datasets));
      const params = new URLSearchParams();
      KEPT.forEach((key) => { if (here[key]) params.set(key, here[key]); });
      const out = [[], [], [], [], []];
      ids.forEach(({ path }) => {
        const page = pages.find((p) => p.path === path);
        const lacks = Boolean(page.requires && dataset && !dataset.capabilities.includes(page.requires));
        const active = here.path === path || (path !== pages[0].path && here.path.startsWith(path + "/"));
        out[0].push(lacks ? null : joined(path, params));
        out[1].push("rail-link" + (active ? " active" : "") + (lacks ? " lacks" : ""));
        out[2].push(active ? "page" : null);
        out[3].push(lacks ? "true" : null);
        out[4].push(lacks ? `${dataset.title}: ${page.reason}` : "");
      });
      return out;
    },
    // (here, datasets) -> title, version, whether the synthetic and partial marks are hidden, tooltip, id
    dataset(here, datasets) {
      const no = clientside.no_update;
      if (!here) return [no, no, no, no, no, no];
      const id = current(here, datasets);
      const found = datasets.list.find((d) => d.id === id);
      if (!found && id) return [id, "not in the data folder", true, true, "Choose a dataset", id];
      if (!found) return ["No dataset yet", "", true, true, "The data folder is empty", ""];
      const badge = siblings(found, datasets).length > 1 ? "" : found.version; // else the menu of versions shows it
      return [found.title, badge, !found.synthetic, !found.partial, `Dataset ${found.id}: choose another`, found.id];
    },
    // (here, datasets, the lists, their ids) -> which lists are hidden, whether the menu is, its label and tooltip
    versions(here, datasets, _lists, ids) {
      const no = clientside.no_update;
      if (!here) return [ids.map(() => no), no, no, no];
      const found = datasets.list.find((d) => d.id === current(here, datasets));
      const several = siblings(found, datasets).length > 1;
      const shown = several ? found.version || found.id : "";
      const tip = several ? `${shown} (${found.time_stamp.slice(0, 10)}): see the same in another version` : "";
      return [ids.map(({ family }) => !several || family !== found.family), !several, shown, tip];
    },
    // the server has carried the address to another version: go there, and tell what became of the cells
    carried(done) {
      if (!done || done.asked !== asked || !asked.startsWith(window.location.href + " ")) return; // it has moved on
      asked = "";
      app.go((done.path || window.location.pathname) + done.search);
      if (done.told) document.getElementById("carried").showModal();
      else app.notify(done.said);
    },
    // home lists the data folder afresh; the shell takes its word
    fresh(listed, known) {
      return !listed || JSON.stringify(listed) === JSON.stringify(known) ? clientside.no_update : listed;
    },
    burger(opened, navbar) {
      document.documentElement.dataset.pages = opened ? "open" : "closed"; // the stylesheet hides the rail on a phone
      return { ...navbar, collapsed: { mobile: !opened } };
    },
    closeBurger() {
      return false;
    },
  };

  // ---- notifications
  let counter = 0;
  app.notify = (message, { title = null, error = false } = {}) => {
    counter += 1;
    app.setProps("notify", {
      sendNotifications: [{
        action: "show", id: "note-" + counter, title, message, withBorder: true, withCloseButton: true,
        autoClose: error ? false : 2500, color: error ? "red" : undefined,
        closeButtonProps: { "aria-label": "Dismiss this message" },
      }],
    });
  };

  // ---- copying; navigator.clipboard exists on https and localhost only
  app.copy = async (text, what) => {
    try {
      if (navigator.clipboard) {
        await navigator.clipboard.writeText(text);
      } else {
        const area = document.createElement("textarea");
        area.value = text;
        document.body.append(area);
        area.select();
        const done = document.execCommand("copy");
        area.remove();
        if (!done) throw new Error("refused");
      }
    } catch {
      app.notify(text, { title: "The browser did not allow copying; here it is", error: true });
      return;
    }
    app.notify(text.length > 120 ? text.slice(0, 117) + "…" : text, { title: `Copied ${what}` });
  };
  const shareLink = () => {
    const url = new URL(window.location.href);
    const shown = document.getElementById("dataset-switch");
    if (!url.searchParams.get("ds") && shown && shown.dataset.current) url.searchParams.set("ds", shown.dataset.current);
    url.hash = "";
    return url.href;
  };

  // ---- the panels under buttons (details.drop): one open at a time, closed by a choice, a click elsewhere or Escape
  const closeDrops = (except = null) => {
    document.querySelectorAll("details.drop[open]").forEach((drop) => {
      if (drop !== except) drop.open = false;
    });
  };
  document.addEventListener("keydown", (event) => {
    const drop = event.target instanceof Element && event.target.closest("details.drop[open]");
    if (!drop) return;
    const items = [...drop.querySelectorAll(".menu-item")];
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape") {
      drop.open = false;
      drop.querySelector("summary").focus();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = event.key === "ArrowDown" ? at + 1 : at < 0 ? items.length - 1 : at - 1;
      if (items.length) items[(next + items.length) % items.length].focus();
      event.preventDefault();
    }
  });
  document.addEventListener("toggle", (event) => {
    if (!(event.target instanceof Element) || !event.target.matches("details.drop[open]")) return;
    const chosen = document.getElementById("dataset-switch").dataset.current;
    event.target.querySelectorAll("[data-choose-dataset], [data-choose-version]").forEach((item) => {
      if ((item.dataset.chooseDataset || item.dataset.chooseVersion) === chosen) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    });
  }, true);
  document.addEventListener("focusin", (event) => {
    const drop = event.target instanceof Element ? event.target.closest("details.drop") : null;
    closeDrops(drop);
  });

  // ---- what of the address another dataset can use: not the zoom and the like, but what is carried over
  const kept = (carried = []) => {
    const params = new URLSearchParams(window.location.search);
    const page = document.querySelector("[data-page-url]");
    if (page) page.dataset.drops.split(" ").forEach((key) => carried.includes(key) || params.delete(key));
    return params;
  };

  app.chooseDataset = (id) => {
    const params = kept();
    params.set("ds", id);
    app.go(joined(window.location.pathname, params));
  };

  // ---- clicks
  const plain = (event) => !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button);
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const item = event.target.closest(".menu-item");
    closeDrops(item ? null : event.target.closest("details.drop"));
    if (item && event.detail === 0) item.closest("details.drop").querySelector("summary").focus(); // by keyboard
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      app.copy(copy.dataset.copy, copy.dataset.copyWhat || "text");
      return;
    }
    if (event.target.closest("#share")) {
      app.copy(shareLink(), "the link to this view");
      return;
    }
    const theme = event.target.closest("[data-choose-theme]");
    if (theme) {
      app.chooseTheme(theme.dataset.chooseTheme);
      return;
    }
    if (event.target.closest("#rail-toggle")) {
      const root = document.documentElement;
      root.dataset.rail = root.dataset.rail === "narrow" ? "wide" : "narrow";
      try {
        window.localStorage.setItem("rail", root.dataset.rail);
      } catch {
        // holds until the page is left
      }
      return;
    }
    const version = event.target.closest("[data-choose-version]");
    if (version) {
      const [from, to] = [document.getElementById("dataset-switch").dataset.current, version.dataset.chooseVersion];
      if (from === to) return;
      asked = `${window.location.href} ${to} ${performance.now()}`;
      app.setProps("version-asked", { data: { from, to, path: window.location.pathname, search: "?" + kept(["pair"]), asked } });
      return;
    }
    if (event.target.closest("[data-close-dialog]") || event.target.matches("dialog[open]")) {
      event.target.closest("dialog").close();
      return;
    }
    const dataset = event.target.closest("[data-choose-dataset]");
    if (dataset) {
      app.chooseDataset(dataset.dataset.chooseDataset);
      return;
    }
    const link = event.target.closest("a[data-go]");
    if (link && link.getAttribute("href") && plain(event)) {
      event.preventDefault();
      app.go(link.getAttribute("href"));
      window.scrollTo(0, 0);
    }
  });

  // ---- pictures are fetched when they come near the screen (data-lazy), in the colours of the scheme in force; one
  // that cannot be had leaves its place empty, without a broken-image sign
  const source = (image) => {
    const url = new URL(image.dataset.lazy, window.location.href);
    if (url.searchParams.has("theme")) url.searchParams.set("theme", document.documentElement.dataset.mantineColorScheme);
    return url.href;
  };
  const near = new IntersectionObserver((entries) => {
    entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
      near.unobserve(target);
      target.src = source(target);
    });
  }, { rootMargin: "200px" });
  const settle = (event) => {
    const frame = event.target instanceof HTMLImageElement && event.target.closest(".preview");
    if (frame) frame.classList.add(event.type === "load" ? "loaded" : "missing");
  };
  document.addEventListener("load", settle, true);
  document.addEventListener("error", settle, true);
  new MutationObserver(() => {
    document.querySelectorAll("img[data-lazy]:not([data-seen])").forEach((image) => {
      image.dataset.seen = "";
      near.observe(image);
    });
  }).observe(document.documentElement, { childList: true, subtree: true });
  new MutationObserver(() => {
    document.querySelectorAll("img[data-lazy][src]").forEach((image) => {
      if (image.src !== source(image)) image.src = source(image);
    });
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
})();
