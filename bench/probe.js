// What the benchmark watches in the page /matrix; it runs before the page's own scripts. Times are milliseconds since
// navigation start. The page marks the box of the figure as busy while it draws.
(() => {
  "use strict";
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const plot = () => document.querySelector("#matrix-graph.js-plotly-plot, #matrix-graph .js-plotly-plot");
  const drawn = () => {
    const gd = plot();
    return gd && gd.layout && gd.layout.meta && gd._fullLayout ? gd : null;
  };
  // the next frame has been painted: a task after it
  const nextFrame = () => new Promise((done) => {
    const after = new MessageChannel();
    after.port1.onmessage = () => done(performance.now());
    requestAnimationFrame(() => after.port2.postMessage(0));
  });
  const pictures = (gd) => [...gd.querySelectorAll("image")];
  const onScreen = async (gd) => {
    await Promise.all(pictures(gd).map((image) => image.decode().catch(() => {})));
    return nextFrame();
  };
  const sources = (gd) => pictures(gd).map((image) => image.href.baseVal).join();
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
  // the figure shows other pictures than before, on the screen
  const otherPicture = (gd, before) => new Promise((done) => {
    const watch = new MutationObserver(() => {
      if (sources(gd) === before) return;
      watch.disconnect();
      onScreen(gd).then(done);
    });
    watch.observe(gd, { subtree: true, childList: true, attributes: true, attributeFilter: ["href", "xlink:href"] });
  });
  // start something; when the new picture is on the screen, and when the figure is finished, labels and all
  const until = async (begin, enough) => {
    performance.clearResourceTimings();
    await nextFrame();
    const gd = drawn();
    const start = performance.now();
    const picture = otherPicture(gd, sources(gd));
    begin();
    while (!enough(gd.layout.meta) || gd.parentElement.getAttribute("aria-busy") === "true") await nextFrame();
    const finished = await onScreen(gd);
    return { picture: (await picture) - start, finished: finished - start, window: gd.layout.meta.window, ...since(start) };
  };

  const loaded = { standIn: null, figure: null };
  const watchLoad = async () => {
    for (;;) {
      const picture = document.getElementById("first-picture");
      if (loaded.standIn === null && picture && picture.complete && picture.naturalWidth > 0) {
        loaded.standIn = 0;
        picture.decode().then(nextFrame).then((at) => { loaded.standIn = at; }, () => {});
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
