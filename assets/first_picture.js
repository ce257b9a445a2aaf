// Stands in the head, before anything else has loaded: the figure of a matrix is asked for at once, and what lies in its
// plot area is shown as a plain image where the figure will be, until assets/matrix.js has drawn that.
(() => {
  "use strict";
  const prefix = new URL(document.currentScript.src).pathname.replace(/assets\/[^/]*$/, "");
  const app = (window.synaptoscope = window.synaptoscope || {});
  // Plotly itself, fetched once, when a page first wants it
  let loading = null;
  app.plotly = () => {
    loading = loading || new Promise((resolve, reject) => {
      if (window.Plotly) return resolve();
      const script = document.createElement("script");
      script.src = prefix + "_dash-component-suites/plotly/package_data/plotly.min.js";
      script.onload = () => resolve();
      script.onerror = () => reject(new Error("the drawing library could not be loaded"));
      document.head.append(script);
    });
    return loading;
  };

  const params = new URLSearchParams(window.location.search);
  const ds = params.get("ds");
  if (window.location.pathname.replace(/\/$/, "") !== prefix + "matrix" || !ds) return;
  // fetched at once, run once the picture is on the screen: running it takes longer than all the rest
  document.head.append(Object.assign(document.createElement("link"), {
    rel: "preload", as: "script", href: prefix + "_dash-component-suites/plotly/package_data/plotly.min.js",
  }));

  // ---- the box of the figure as the style sheet will make it (matrix.css), and its margins (matrix_frame.py)
  const BOX = { top: 241, below: 49, side: 20, aside: 324, square: 118, wide: 1100, low: 420, high: 1000 };
  const MARGIN = { left: 138, right: 92, top: 104, bottom: 8 };
  if (!window.matchMedia("(min-width: 70em)").matches) { // in one column its place is not known beforehand
    app.plotly();
    return;
  }
  const rail = document.documentElement.dataset.rail === "narrow" ? 49 : 184;
  const room = window.innerWidth - rail - 2 * BOX.side - BOX.aside;
  const square = (params.get("pre") || "") === (params.get("post") || "");
  const most = square ? Math.min(BOX.high, room - BOX.square) : BOX.high;
  const height = Math.round(Math.max(BOX.low, Math.min(window.innerHeight - BOX.top - BOX.below, most)));
  const width = square ? height + BOX.square : Math.min(room, BOX.wide);
  const theme = document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light";

  // ---- the very request that assets/matrix.js would make
  const zoom = ["x0", "x1", "y0", "y1"].map((key) => [key, params.get(key)]).filter(([, value]) => value !== null);
  ["x0", "x1", "y0", "y1", "pair", "ds"].forEach((key) => params.delete(key));
  params.sort();
  zoom.forEach(([key, value]) => params.set(key, value));
  const ratio = Math.round(window.devicePixelRatio * 100) / 100;
  Object.entries({ width, height, ratio, theme }).forEach(([key, value]) => params.set(key, value));
  const url = `${prefix}api/v1/datasets/${encodeURIComponent(ds)}/matrix/figure.json?${params}`;
  const figure = fetch(url + "&first=1").then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  app.early = { url, figure };

  let picture = null;
  let gone = false;
  const place = () => {
    const box = document.getElementById("matrix-figure");
    const at = box ? box.getBoundingClientRect() : { left: rail + BOX.side, top: BOX.top, width, height };
    Object.assign(picture.style, {
      left: `${at.left + MARGIN.left + window.scrollX}px`, top: `${at.top + MARGIN.top + window.scrollY}px`,
      width: `${at.width - MARGIN.left - MARGIN.right}px`, height: `${at.height - MARGIN.top - MARGIN.bottom}px`,
    });
  };
  const watch = new MutationObserver(() => picture && place());
  app.firstPictureDone = () => {
    gone = true;
    watch.disconnect();
    if (picture) picture.remove();
    picture = null;
  };
  figure.then((found) => {
    if (gone || !found || !found.picture) return app.plotly();
    const show = () => {
      if (gone) return;
      picture = new Image();
      picture.id = "first-picture";
      picture.alt = "";
      picture.src = found.picture;
      place();
      document.body.append(picture);
      picture.decode().catch(() => {}).then(() => requestAnimationFrame(() => setTimeout(app.plotly)));
      watch.observe(document.body, { childList: true, subtree: true });
      setTimeout(app.firstPictureDone, 15000); // whatever went wrong, it does not stay
    };
    if (document.body) show(); else document.addEventListener("DOMContentLoaded", show);
  });
})();
