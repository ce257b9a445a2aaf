// Stands in the head, before anything else has loaded: the picture of a matrix is asked for at once, as a plain image,
// and laid where the figure will be. assets/matrix.js takes it away when the figure has been drawn.
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
  if (window.location.pathname.replace(/\/$/, "") !== prefix + "matrix" || !params.get("ds")) return;
  app.plotly();
  const ds = params.get("ds");
  ["ds", "pair", "bar"].forEach((key) => params.delete(key));
  const PLOT = { left: 20 + 124, right: 8, top: 365, bottom: 143 }; // of the stage, see matrix.css and matrix_figure.py
  const wide = window.matchMedia("(min-width: 62em)").matches;
  if (!wide) return; // below that the figure starts under the fold
  const rail = document.documentElement.dataset.rail === "narrow" ? 49 : 184;
  const left = rail + PLOT.left;
  const width = Math.max(200, Math.min(1000, window.innerWidth - rail - 40 - 324) - 124 - PLOT.right);
  const height = Math.max(200, Math.min(window.innerHeight - PLOT.top - PLOT.bottom, 900));
  params.set("width", Math.round(width));
  params.set("height", Math.round(height));
  params.set("theme", document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light");
  const picture = new Image();
  picture.id = "first-picture";
  picture.alt = "";
  picture.onerror = () => picture.remove();
  picture.src = `${prefix}api/v1/datasets/${encodeURIComponent(ds)}/matrix.png?${params}`;
  Object.assign(picture.style, { left: `${left}px`, top: `${PLOT.top}px`, width: `${width}px`, height: `${height}px` });
  const place = () => {
    const plot = document.getElementById("matrix-figure");
    if (!plot || !picture.isConnected) return;
    const box = plot.getBoundingClientRect();
    Object.assign(picture.style, {
      left: `${box.left + 124 + window.scrollX}px`, top: `${box.top + 104 + window.scrollY}px`,
      width: `${box.width - 132}px`, height: `${box.height - 172}px`,
    });
  };
  const begin = () => {
    document.body.append(picture);
    const watch = new MutationObserver(place);
    watch.observe(document.body, { childList: true, subtree: true });
    const stop = setInterval(() => {
      if (picture.isConnected) return;
      watch.disconnect();
      clearInterval(stop);
    }, 500);
    setTimeout(() => picture.remove(), 15000); // an error page takes its place
  };
  if (document.body) begin(); else document.addEventListener("DOMContentLoaded", begin);
})();
