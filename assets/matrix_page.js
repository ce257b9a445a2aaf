// Buttons of the matrix page: ways out of an empty matrix, the panel's close, options on a phone, saving the figure.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const m = app.matrix;

  const link = () => {
    const url = new URL(window.location.href);
    if (!url.searchParams.get("ds") && m.plot()) url.searchParams.set("ds", m.plot().dataset.ds);
    url.hash = "";
    return url.href;
  };
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const found = (selector) => event.target.closest(selector);
    const control = found("[data-set-control]");
    if (control) {
      const value = control.dataset.prop === "checked" ? true : control.dataset.value;
      app.setProps(control.dataset.setControl, { [control.dataset.prop || "value"]: value });
      document.getElementById("matrix-figure").focus({ preventScroll: true }); // the button is about to go
    } else if (found("[data-close-pair]")) {
      m.close();
      document.getElementById("matrix-figure").focus({ preventScroll: true });
    } else if (found("[data-copy-link]")) {
      app.copy(link(), "the link to this view");
    } else if (found("#matrix-options")) {
      const page = found(".matrix-page");
      page.dataset.options = page.dataset.options === "open" ? "closed" : "open";
      found("#matrix-options").setAttribute("aria-expanded", String(page.dataset.options === "open"));
    } else if (found("[data-save-figure]")) {
      const { saveFigure, format } = found("[data-save-figure]").dataset;
      save(document.getElementById(saveFigure), format).catch((error) =>
        app.notify(String(error.message || error), { title: "The figure was not saved", error: true }));
    }
  });

  // ---- saving the figure as it stands: Plotly writes SVG, which has to keep the pixels of the picture sharp
  const save = async (gd, format) => {
    if (!gd || !m.meta(gd)) return;
    const paper = getComputedStyle(document.documentElement).getPropertyValue("--surface").trim();
    const { width, height } = gd.layout;
    const layout = { ...gd.layout, paper_bgcolor: paper, plot_bgcolor: paper };
    const url = await window.Plotly.toImage({ data: gd.data, layout }, { format: "svg", width, height });
    const parsed = new DOMParser().parseFromString(
      decodeURIComponent(url.replace(/^data:image\/svg\+xml,/, "")), "image/svg+xml");
    parsed.querySelectorAll("image").forEach((image) => { image.style.imageRendering = "pixelated"; });
    const text = new XMLSerializer().serializeToString(parsed);
    await app.savePicture(text, width, height, `${m.meta(gd).ds}-matrix.${format}`);
  };
})();
