// Colour scheme. Loaded in the head, before anything is drawn, so that a page never flashes in the other scheme.
// The choice (light, dark or auto) lives where Mantine keeps it; the scheme in force is published to dcc.Store#theme.
(() => {
  "use strict";
  const KEY = "mantine-color-scheme-value";
  const CHOICES = ["light", "dark", "auto"];
  const root = document.documentElement;
  const app = (window.synaptoscope = window.synaptoscope || {});

  const choice = () => {
    try {
      const kept = window.localStorage.getItem(KEY);
      return CHOICES.includes(kept) ? kept : "auto";
    } catch {
      return "auto"; // storage is switched off
    }
  };
  const resolve = (chosen) => {
    if (chosen !== "auto") return chosen;
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  };

  root.dataset.themeChoice = choice();
  root.dataset.mantineColorScheme = resolve(choice());
  try {
    if (window.localStorage.getItem("rail") === "narrow") root.dataset.rail = "narrow";
  } catch {
    // the rail starts wide
  }

  app.chooseTheme = (chosen) => {
    try {
      window.localStorage.setItem(KEY, chosen);
    } catch {
      // holds until the page is left
    }
    root.dataset.themeChoice = chosen;
    // Mantine listens for this event to follow other tabs; it is how its provider learns of a choice made here
    const event = new StorageEvent("storage", { key: KEY, newValue: chosen, storageArea: window.localStorage });
    window.dispatchEvent(event);
  };
  window.addEventListener("storage", (event) => {
    if (event.key === KEY) root.dataset.themeChoice = choice();
  });

  let last = null;
  const publish = () => {
    const scheme = root.dataset.mantineColorScheme;
    const ready = document.getElementById("shell") && window.dash_clientside && window.dash_clientside.set_props;
    if (!ready || scheme === last || (scheme !== "light" && scheme !== "dark")) return;
    last = scheme;
    app.setProps("theme", { data: scheme });
  };
  new MutationObserver(publish).observe(root, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
  app.publishTheme = publish; // shell.js calls it once the shell stands
})();
