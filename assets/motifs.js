// The page /motifs: a click on a class lists its instances, shapes fill the six connections, and the diagram follows them.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const parts = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const mantine = (window.dashMantineFunctions = window.dashMantineFunctions || {});
  const WAYS = ["ab", "ba", "ac", "ca", "bc", "cb"];
  const params = () => new URLSearchParams(window.location.search);

  mantine.motifsAll = ({ options }) => options; // all suggestions, whatever stands in the field

  // ---- cells of the table of triples
  const filled = (href, data) => href.replace(/{(\w+)}/g, (_, field) => encodeURIComponent(data[field]));
  parts.MotifCount = ({ value, data, href, what }) => {
    if (!data || !value) return window.React.createElement("span", { className: "grid-missing" }, value === 0 ? "0" : "\u2013");
    return window.React.createElement("a", { href: filled(href, data), "data-go": "", tabIndex: -1, title: `The pair ${what}` }, Number(value).toLocaleString("en-US"));
  };
  parts.MotifLook = ({ value, data, href }) =>
    data && window.React.createElement("a", { href: filled(href, data), target: "_blank", rel: "noopener", tabIndex: -1 }, value);

  // ---- clicks
  const pushed = (changes) => {
    app.pushSearch(changes);
    app.setProps("motifs-url", { search: window.location.search });
  };
  document.addEventListener("click", (event) => {
    const found = (mark) => event.target instanceof Element && event.target.closest(`[data-${mark}]`);
    const pick = found("motif-pick");
    if (pick) return pushed({ motif: params().get("motif") === pick.dataset.motifPick ? "" : pick.dataset.motifPick });
    const shape = found("motif-shape");
    if (shape) return pushed(Object.fromEntries(new URLSearchParams(shape.dataset.motifShape)));
    const button = found("motifs-do");
    if (button) {
      button.disabled = true;
      app.setProps("motifs-do", { data: { what: button.dataset.motifsDo, job: button.dataset.job || "", search: window.location.search, at: Date.now() } });
    }
  });

  // ---- the diagram of the search: what must be there is drawn full, what must not be crossed out, the rest faint
  const NS = "http://www.w3.org/2000/svg";
  const AT = { a: [52, 44], b: [248, 44], c: [150, 190] };
  const RADIUS = 20;
  const make = (name, marks, text) => {
    const element = document.createElementNS(NS, name);
    Object.entries(marks).forEach(([key, value]) => element.setAttribute(key, value));
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const said = (text) => {
    const [least, size] = text.split("/");
    if (!text) return "";
    if (text.toLowerCase() === "none") return "none";
    return `\u2265 ${least}` + (size ? `, size ${size}` : "");
  };
  const arrow = (way, text) => {
    const [from, to] = [AT[way[0]], AT[way[1]]];
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    const [ux, uy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
    const [nx, ny] = [uy * 8, -ux * 8]; // both directions side by side
    const point = (at, along) => [at[0] + ux * along + nx, at[1] + uy * along + ny];
    const [start, end, neck] = [point(from, RADIUS + 3), point(to, -RADIUS - 3), point(to, -RADIUS - 11)];
    const kind = !text ? "free" : text.toLowerCase() === "none" ? "none" : "asked";
    const group = make("g", { class: `edge ${kind}` });
    const draw = (...points) => points.map((p, i) => `${i ? "L" : "M"}${p[0].toFixed(1)} ${p[1].toFixed(1)}`).join("");
    group.append(make("path", { class: "shaft", d: draw(start, kind === "free" ? end : neck) }));
    if (kind !== "free") {
      const side = (k) => [neck[0] - uy * k, neck[1] + ux * k];
      group.append(make("path", { class: "head", d: `${draw(end, side(5), side(-5))}Z` }));
      const middle = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2];
      if (kind === "none") {
        const arm = (x, y) => [middle[0] + x * 5, middle[1] + y * 5];
        group.append(make("path", { class: "cross", d: draw(arm(-1, -1), arm(1, 1)) + draw(arm(-1, 1), arm(1, -1)) }));
      }
      const away = [middle[0] + nx * 1.7, middle[1] + ny * 1.7];
      const anchor = Math.abs(nx) < 2 ? "middle" : nx > 0 ? "start" : "end";
      if (kind === "asked") group.append(make("text", { x: away[0], y: away[1] + (ny < -2 ? -2 : ny > 2 ? 9 : 4), "text-anchor": anchor }, said(text)));
    }
    return group;
  };
  const diagram = () => {
    const box = document.getElementById("motifs-diagram");
    if (!box) return;
    const texts = Object.fromEntries(WAYS.map((way) => [way, (params().get(way) || "").trim()]));
    const key = JSON.stringify(texts);
    if (box.dataset.drawn === key) return;
    box.dataset.drawn = key;
    const svg = make("svg", { viewBox: "0 0 300 226", class: "motif-figure" });
    WAYS.forEach((way) => svg.append(arrow(way, texts[way])));
    Object.entries(AT).forEach(([name, [x, y]]) => svg.append(
      make("circle", { cx: x, cy: y, r: RADIUS }), make("text", { x, y: y + 5, class: "node", "text-anchor": "middle" }, name.toUpperCase())));
    box.replaceChildren(svg);
    const words = WAYS.filter((way) => texts[way]).map((way) => `${way[0].toUpperCase()} to ${way[1].toUpperCase()}: ${said(texts[way])}`);
    box.setAttribute("aria-label", `What is searched for. ${words.join("; ") || "No connection is asked for yet"}`);
  };
  window.addEventListener("synaptoscope:url", () => window.queueMicrotask(diagram));
  window.addEventListener("popstate", () => window.queueMicrotask(diagram));
  new MutationObserver(diagram).observe(document.documentElement, { childList: true, subtree: true });
})();
