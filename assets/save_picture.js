// Saving a picture that the browser has drawn: an SVG as it is, or as a PNG of at least two pixels a point.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});

  app.savePicture = async (svg, width, height, name, sharp = 2) => {
    const blob = name.endsWith(".svg") ? new Blob([svg], { type: "image/svg+xml" }) : await asPng(svg, width, height, sharp);
    const anchor = document.createElement("a");
    anchor.href = URL.createObjectURL(blob);
    anchor.download = name;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
  };
  const asPng = async (svg, width, height, sharp) => {
    const picture = new Image();
    picture.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg);
    await picture.decode();
    const canvas = document.createElement("canvas");
    const scale = Math.max(sharp, window.devicePixelRatio);
    [canvas.width, canvas.height] = [width * scale, height * scale];
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  };
})();
