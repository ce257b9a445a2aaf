// What the benchmark watches in the page; it runs before the page's own scripts. Times are ms since navigation start.
(() => {
  "use strict";
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const plot = () => document.querySelector("#matrix-graph .js-plotly-plot");
  const drawn = () => {
    const gd = plot();
    return gd && gd.layout && gd.layout.meta && gd._fullLayout ? gd : null;
  };
  // the pictures of the figure decoded, then two frames: the second starts when the first is on its way to the screen
  const onScreen = async (gd) => {
    const pictures = [...gd.querySelectorAll("image")].filter((image) => image.decode);
    await Promise.all(pictures.map((image) => image.decode().catch(() => {})));
    await frame();
    await frame();
    return performance.now();
  };
  const long = [];
  new PerformanceObserver((list) => long.push(...list.getEntries().map((e) => [e.startTime, e.duration]))).observe({
    type: "longtask", buffered: true,
  });
  const since = (start) => ({
    tasks: long.filter(([at]) => at >= start).map(([, ms]) => Math.round(ms)),
    requests: performance.getEntriesByType("resource").filter((r) => r.startTime >= start && r.name.includes("/_dash-update") || r.startTime >= start && r.name.includes("/api/"))
      .map((r) => ({ name: r.name.split("?")[0].split("/").slice(-2).join("/"), start: r.startTime - start, ms: r.responseEnd - r.startTime, bytes: r.transferSize, raw: r.decodedBodySize })),
  });

  const loaded = { standIn: null, figure: null };
  const watchLoad = async () => {
    for (;;) {
      const picture = document.getElementById("first-picture");
      if (loaded.standIn === null && picture && picture.complete && picture.naturalWidth > 0) {
        loaded.standIn = 0; // being painted
        picture.decode().then(frame).then(frame).then(() => { loaded.standIn = performance.now(); });
      }
      const gd = drawn();
      if (gd) {
        loaded.figure = await onScreen(gd);
        return;
      }
      await frame();
    }
  };
  watchLoad();

  window.benchProbe = {
    loaded: () => (loaded.figure === null ? null : { ...loaded, ...since(0), paint: (performance.getEntriesByName("first-contentful-paint")[0] || {}).startTime }),
    // set a property of a control, as its own event would, until the figure for the new address is on the screen
    change: async (id, props) => {
      const gd = drawn();
      const before = gd.layout.meta.query;
      await frame();
      const start = performance.now();
      const plotted = new Promise((done) => {
        const look = () => {
          if (gd.layout.meta.query === before) return;
          gd.removeListener("plotly_afterplot", look);
          done(performance.now());
        };
        gd.on("plotly_afterplot", look);
      });
      window.dash_clientside.set_props(id, props);
      const at = await plotted;
      const end = await onScreen(gd);
      return { ms: end - start, plotted: at - start, ...since(start) };
    },
    // a key of the figure that zooms, until the window is on the screen
    zoom: async (key) => {
      const gd = drawn();
      await frame();
      const start = performance.now();
      const swapped = new Promise((done) => gd.addEventListener("matrix:painted", () => done(performance.now()), { once: true }));
      document.getElementById("matrix-figure").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      const at = await swapped;
      const end = await onScreen(gd);
      return { ms: end - start, plotted: at - start, window: gd.layout.meta.window, ...since(start) };
    },
  };
})();
