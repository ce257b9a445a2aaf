// What the benchmark watches in the page /matrix; it runs before the page's own scripts. Times are milliseconds since
// navigation start. The page says "matrix:painted" when a figure or a window has been handed to the browser.
(() => {
  "use strict";
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const plot = () => document.querySelector("#matrix-graph.js-plotly-plot, #matrix-graph .js-plotly-plot");
  const drawn = () => {
    const gd = plot();
    return gd && gd.layout && gd.layout.meta && gd._fullLayout ? gd : null;
  };
  // the pictures of the figure decoded, then two frames: the second begins when the first has been painted
  const onScreen = async (gd) => {
    const pictures = [...gd.querySelectorAll("image")];
    await Promise.all(pictures.map((image) => image.decode().catch(() => {})));
    await frame();
    await frame();
    return performance.now();
  };
  const tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => [e.startTime, e.duration]))).observe({
    type: "longtask", buffered: true,
  });
  const asked = (start) => performance.getEntriesByType("resource")
    .filter((r) => r.startTime >= start - 1 && /\/(api\/v1|_dash-update-component)/.test(r.name))
    .map((r) => ({
      name: r.name.split("?")[0].split("/").slice(-2).join("/"), start: r.startTime - start,
      ms: r.responseEnd - r.startTime, bytes: r.transferSize,
    }));
  const since = (start) => ({
    requests: asked(start), tasks: tasks.filter(([at]) => at >= start).map(([, ms]) => ms),
  });
  // start something, wait for the figure that `enough` accepts; times from the start
  const until = async (begin, enough) => {
    performance.clearResourceTimings();
    await frame();
    const start = performance.now();
    const painted = new Promise((done) => {
      const look = () => {
        if (!drawn() || !enough(drawn().layout.meta)) return;
        document.removeEventListener("matrix:painted", look);
        done(performance.now());
      };
      document.addEventListener("matrix:painted", look);
    });
    begin();
    const plotted = await painted;
    const end = await onScreen(drawn());
    return { ms: end - start, plotted: plotted - start, window: drawn().layout.meta.window, ...since(start) };
  };

  const loaded = { standIn: null, figure: null };
  const watchLoad = async () => {
    for (;;) {
      const picture = document.getElementById("first-picture");
      if (loaded.standIn === null && picture && picture.complete && picture.naturalWidth > 0) {
        loaded.standIn = 0;
        picture.decode().then(frame).then(frame).then(() => { loaded.standIn = performance.now(); }, () => {});
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
    // null until the figure is on the screen
    loaded: () => (loaded.figure === null ? null : { ...loaded, ...since(0) }),
    // give a control of the page another value, as its own event would
    change: (id, props) => {
      const before = drawn().layout.meta.query;
      return until(() => window.dash_clientside.set_props(id, props), (meta) => meta.query !== before);
    },
    // press a key of the figure that zooms
    zoom: (key) => {
      const before = String(drawn().layout.meta.window);
      const press = new KeyboardEvent("keydown", { key, bubbles: true });
      return until(() => document.getElementById("matrix-figure").dispatchEvent(press), (meta) => String(meta.window) !== before);
    },
    window: () => drawn().layout.meta.window,
  };
})();
