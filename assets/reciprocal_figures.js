// The figures of /reciprocal as drawings (reciprocal_draw.js): counts both ways, a matrix of types, a distribution.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const { figures } = app;
  const said = (n) => n.toLocaleString("en-US");

  const ticks = (low, high, log, room) => {
    if (log) {
      const found = [1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000].filter((n) => n >= low && n <= high);
      const enough = found.filter((n) => String(n)[0] === "1" || String(n)[0] === "3");
      return found.length * 30 > room ? enough : found;
    }
    const rough = (high - low) / Math.max(2, Math.floor(room / 56));
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max(1e-12, power * [1, 2, 5, 10].find((f) => f * power >= rough * 0.999));
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  };

  // ---- counts both ways: a square for each pair of bins, histograms along both sides
  figures.set("counts", (spec, width, height, look) => {
    const log = spec.scale === "log";
    const place = log ? Math.log : (v) => v;
    const colours = spec.colours[look.scheme];
    const tallest = (counts) => Math.max(1, ...counts);
    const margin = { left: 46, bottom: 62, top: 46, right: 54 };
    const plot = { x: margin.left, y: margin.top, w: width - margin.left - margin.right, h: height - margin.top - margin.bottom };
    const [ex, ey] = [spec.edges_x, spec.edges_y];
    // a unit of one axis is at most twice as long as one of the other
    const [lx, ly] = [place(ex.at(-1)) - place(ex[0]), place(ey.at(-1)) - place(ey[0])];
    const unit = Math.min(plot.w / lx, plot.h / ly);
    [plot.w, plot.h] = [Math.min(plot.w, unit * lx * 2), Math.min(plot.h, unit * ly * 2)];
    const X = (v) => plot.x + ((place(v) - place(ex[0])) / lx) * plot.w;
    const Y = (v) => plot.y + plot.h - ((place(v) - place(ey[0])) / ly) * plot.h;
    const nodes = [], marks = [];
    const text = (x, y, words, more = {}) => nodes.push(["text", { x, y, fill: look.ink2, ...more }, words]);
    nodes.push(["path", { d: `M${plot.x},${plot.y}V${plot.y + plot.h}H${plot.x + plot.w}`, fill: "none", stroke: look.rule2 }]);
    ticks(Math.max(1, ex[0]), ex.at(-1), log, plot.w).forEach((n) => {
      nodes.push(["line", { x1: X(n), x2: X(n), y1: plot.y + plot.h, y2: plot.y + plot.h + 4, stroke: look.rule2 }]);
      text(X(n), plot.y + plot.h + 17, said(n), { "text-anchor": "middle" });
    });
    ticks(Math.max(1, ey[0]), ey.at(-1), log, plot.h).forEach((n) => {
      nodes.push(["line", { x1: plot.x - 4, x2: plot.x, y1: Y(n), y2: Y(n), stroke: look.rule2 }]);
      text(plot.x - 8, Y(n) + 4, said(n), { "text-anchor": "end" });
    });
    text(plot.x + plot.w / 2, plot.y + plot.h + 34, look.fitted(spec.label_x, plot.w), { "text-anchor": "middle" });
    const turn = plot.y + plot.h / 2;
    text(12, turn, look.fitted(spec.label_y, plot.h), { "text-anchor": "middle", transform: `rotate(-90 12 ${turn})` });
    // equal both ways
    const far = Math.min(ex.at(-1), ey.at(-1));
    nodes.push(["line", { x1: X(Math.max(ex[0], ey[0])), y1: Y(Math.max(ex[0], ey[0])), x2: X(far), y2: Y(far), stroke: look.rule2, "stroke-dasharray": "2 3" }]);
    const [mx, my] = [tallest(spec.margin_x), tallest(spec.margin_y)];
    const range = (edges, i) => (edges[i + 1] - edges[i] === 1 ? said(edges[i] + 0.5) : `${said(edges[i] + 0.5)}\u2013${said(edges[i + 1] - 0.5)}`);
    spec.margin_x.forEach((n, i) => {
      if (!n) return;
      const [x0, x1] = [X(ex[i]), X(ex[i + 1])];
      const h = Math.max(1, (n / mx) * (plot.y - 14));
      nodes.push(["rect", { x: x0 + 0.5, y: plot.y - 6 - h, width: Math.max(0.5, x1 - x0 - 1), height: h, fill: look.rule2 }]);
      marks.push({ x: x0, y: plot.y - 6 - h, w: x1 - x0, h, tip: [`${said(n)} pairs`, `${spec.short_x} ${range(ex, i)}`], pick: null, aside: true });
    });
    spec.margin_y.forEach((n, i) => {
      if (!n) return;
      const [y0, y1] = [Y(ey[i + 1]), Y(ey[i])];
      const w = Math.max(1, (n / my) * (margin.right - 16));
      nodes.push(["rect", { x: plot.x + plot.w + 6, y: y0 + 0.5, width: w, height: Math.max(0.5, y1 - y0 - 1), fill: look.rule2 }]);
      marks.push({ x: plot.x + plot.w + 6, y: y0, w, h: y1 - y0, tip: [`${said(n)} pairs`, `${spec.short_y} ${range(ey, i)}`], pick: null, aside: true });
    });
    const most = Math.log(Math.max(2, spec.most));
    const level = (n) => colours[Math.min(colours.length - 1, Math.floor((Math.log(n) / most) * (colours.length - 1) + 0.5))];
    spec.cells.forEach(([i, j, n]) => {
      const [x0, x1, y0, y1] = [X(ex[i]), X(ex[i + 1]), Y(ey[j + 1]), Y(ey[j])];
      const gap = Math.min(1, (x1 - x0) / 8);
      const chosen = spec.chosen.some(([k, l]) => k === i && l === j);
      nodes.push(["rect", { x: x0 + gap / 2, y: y0 + gap / 2, width: Math.max(1, x1 - x0 - gap), height: Math.max(1, y1 - y0 - gap), fill: level(n) }]);
      if (chosen) nodes.push(["rect", { x: x0 - 1, y: y0 - 1, width: x1 - x0 + 2, height: y1 - y0 + 2, fill: "none", stroke: look.accent, "stroke-width": 2.5 }]);
      marks.push({
        x: x0, y: y0, w: x1 - x0, h: y1 - y0, chosen,
        tip: [`${said(n)} ${n === 1 ? "pair" : "pairs"}`, `${spec.short_x} ${range(ex, i)}`, `${spec.short_y} ${range(ey, j)}`, chosen ? "click: list all again" : "click: list these"],
        pick: { x: [ex[i] + 0.5, ex[i + 1] - 0.5], y: [ey[j] + 0.5, ey[j + 1] - 0.5] },
      });
    });
    // key
    const at = Math.min(height - 10, plot.y + plot.h + 54), wide = 110, step = wide / colours.length, from = plot.x + 16;
    colours.forEach((colour, i) => nodes.push(["rect", { x: from + i * step, y: at - 9, width: step + 0.3, height: 9, fill: colour }]));
    text(from - 6, at, "1", { "text-anchor": "end" });
    text(from + wide + 6, at, `${said(spec.most)} pairs in a square`);
    return { width, height, nodes, marks };
  });

  // ---- a matrix of types: rows presynaptic, columns postsynaptic
  const contrast = (hex) => {
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.22 ? "#14151a" : "#ffffff";
  };
  figures.set("types", (spec, width, height, look) => {
    const colours = spec.colours[look.scheme];
    const n = [spec.rows.length, spec.columns.length];
    const longest = (names) => Math.max(20, ...names.map((name) => look.widthOf(name)));
    const left = Math.min(width * 0.28, 124, longest(spec.rows.map((r) => r.name)) + 12) + 18;
    const top = Math.min(104, longest(spec.columns.map((r) => r.name)) * 0.9 + 12) + 18;
    const key = 26;
    const side = Math.max(6, Math.min(58, (width - left - 40) / n[1], (height - top - key - 8) / n[0]));
    const tall = Math.max(Math.min(side, 34), Math.min(side, (height - top - key - 8) / n[0]));
    const [right, bottom] = [left + side * n[1], top + tall * n[0]];
    const nodes = [], marks = [];
    nodes.push(["rect", { x: left, y: top, width: right - left, height: bottom - top, fill: look.pale, opacity: 0.5 }]);
    spec.rows.forEach((row, i) => {
      const y = top + (i + 0.5) * tall;
      if (tall >= 9 || i % Math.ceil(11 / tall) === 0) nodes.push(["text", { x: left - 9, y: y + 4, "text-anchor": "end", "font-size": Math.min(12, Math.max(9, tall)) }, look.fitted(row.name, left - 30)]);
      if (row.colour) nodes.push(["rect", { x: left - 5, y: top + i * tall + 0.5, width: 4, height: tall - 1, fill: row.colour }]);
    });
    spec.columns.forEach((column, j) => {
      const x = left + (j + 0.5) * side;
      if (side >= 9 || j % Math.ceil(11 / side) === 0) {
        nodes.push(["text", { x: x + 4, y: top - 10, transform: `rotate(-58 ${x + 4} ${top - 10})`, "font-size": Math.min(12, Math.max(9, side)) }, look.fitted(column.name, (top - 30) / 0.86)]);
      }
      if (column.colour) nodes.push(["rect", { x: left + j * side + 0.5, y: top - 5, width: side - 1, height: 4, fill: column.colour }]);
    });
    nodes.push(["text", { x: 11, y: (top + bottom) / 2, fill: look.ink2, "text-anchor": "middle", transform: `rotate(-90 11 ${(top + bottom) / 2})` }, spec.label_rows]);
    nodes.push(["text", { x: Math.max(left - 9, look.widthOf(spec.label_columns) + 2), y: 12, fill: look.ink2, "text-anchor": "end" }, spec.label_columns]);
    spec.cells.forEach((cell) => {
      const [x, y] = [left + cell.j * side, top + cell.i * tall];
      const fill = cell.level === null ? "none" : colours[Math.round(cell.level * (colours.length - 1))];
      const gap = side > 12 ? 1 : 0.4;
      if (cell.level !== null) nodes.push(["rect", { x: x + gap / 2, y: y + gap / 2, width: side - gap, height: tall - gap, fill, opacity: cell.faint ? 0.35 : 1 }]);
      const words = cell.words.find((t) => t && look.widthOf(t, 11) < side - (t.length > 3 ? 3 : 0));
      if (words && tall >= 13 && side >= (spec.words_from || 0)) {
        const ink = cell.level === null || cell.faint ? look.ink2 : contrast(fill);
        nodes.push(["text", { x: x + side / 2, y: y + tall / 2 + 4, "text-anchor": "middle", "font-size": 11, fill: ink }, words]);
      }
      if (cell.mark && side >= 7) nodes.push(["circle", { cx: x + side - 4.5, cy: y + 4.5, r: 2, fill: cell.level === null || cell.faint ? look.ink : contrast(fill) }]);
      if (cell.chosen) nodes.push(["rect", { x: x + 0.5, y: y + 0.5, width: side - 1, height: tall - 1, fill: "none", stroke: look.accent, "stroke-width": 2.5 }]);
      marks.push({ x, y, w: side, h: tall, tip: cell.tip, pick: cell.pick, chosen: cell.chosen });
    });
    const at = Math.min(height - 8, bottom + 24), wide = Math.min(150, width / 3), step = wide / colours.length;
    const from = left + look.widthOf(spec.key[0]) + 4;
    colours.forEach((colour, i) => nodes.push(["rect", { x: from + i * step, y: at - 9, width: step + 0.3, height: 9, fill: colour }]));
    nodes.push(["text", { x: from - 6, y: at, "text-anchor": "end", fill: look.ink2 }, spec.key[0]]);
    nodes.push(["text", { x: from + wide + 6, y: at, fill: look.ink2 }, look.fitted(spec.key[1], width - from - wide - 10)]);
    return { width, height: Math.max(60, Math.min(height, at + 8)), nodes, marks };
  });

  // ---- what the sampled graphs gave, and what was observed
  figures.set("distribution", (spec, width, height, look) => {
    const plot = { x: 44, y: 34, w: width - 44 - 16, h: height - 34 - 44 };
    const [low, high] = spec.range;
    const most = Math.max(1, ...spec.bins.map(([, , n]) => n));
    const X = (v) => plot.x + ((v - low) / (high - low || 1)) * plot.w;
    const Y = (n) => plot.y + plot.h * (1 - n / most);
    const nodes = [], marks = [];
    const text = (x, y, words, more = {}) => nodes.push(["text", { x, y, fill: look.ink2, ...more }, words]);
    if (spec.middle) nodes.push(["rect", { x: X(spec.middle[0]), y: plot.y, width: Math.max(1, X(spec.middle[1]) - X(spec.middle[0])), height: plot.h, fill: look.pale }]);
    spec.bins.forEach(([from, to, n]) => {
      if (!n) return;
      const [x0, x1] = [X(from), X(to)];
      const w = Math.max(1.5, x1 - x0 - 1);
      nodes.push(["rect", { x: x0 + 0.5, y: Y(n), width: w, height: plot.y + plot.h - Y(n), fill: look.rule2 }]);
      marks.push({ x: x0, y: plot.y, w: Math.max(2, x1 - x0), h: plot.h, tip: [`${said(n)} of ${said(spec.samples)} samples`, to - from === 1 ? said(from + 0.5) : `${said(from)} to ${said(to)}`], pick: null });
    });
    nodes.push(["line", { x1: plot.x, x2: plot.x + plot.w, y1: plot.y + plot.h + 0.5, y2: plot.y + plot.h + 0.5, stroke: look.rule2 }]);
    ticks(low, high, false, plot.w).forEach((n) => {
      nodes.push(["line", { x1: X(n), x2: X(n), y1: plot.y + plot.h, y2: plot.y + plot.h + 4, stroke: look.rule2 }]);
      text(X(n), plot.y + plot.h + 17, said(n), { "text-anchor": "middle" });
    });
    text(plot.x - 8, plot.y + 9, said(most), { "text-anchor": "end" });
    text(plot.x - 8, plot.y + plot.h + 1, "0", { "text-anchor": "end" });
    const turn = plot.y + plot.h / 2;
    text(12, turn, "samples", { "text-anchor": "middle", transform: `rotate(-90 12 ${turn})` });
    text(plot.x + plot.w / 2, plot.y + plot.h + 36, spec.label, { "text-anchor": "middle" });
    // what was observed lies far off: the sampled ones once more, enlarged, in the empty space between
    const [first, last] = [spec.bins[0][0], spec.bins.at(-1)[1]];
    const gap = spec.observed > last ? [X(last), X(spec.observed)] : [X(spec.observed), X(first)];
    if (last - first < 0.2 * (high - low) && gap[1] - gap[0] > 190) {
      const w = Math.min(340, gap[1] - gap[0] - 70);
      const at = { x: (gap[0] + gap[1] - w) / 2, y: plot.y + 22, w, h: plot.h - 58 };
      const U = (v) => at.x + ((v - first) / (last - first || 1)) * at.w;
      text(at.x, at.y - 6, "the samples, enlarged");
      spec.bins.forEach(([from, to, n]) => {
        if (!n) return;
        const y = at.y + at.h * (1 - n / most);
        nodes.push(["rect", { x: U(from) + 0.5, y, width: Math.max(1, U(to) - U(from) - 1), height: at.y + at.h - y, fill: look.rule2 }]);
      });
      nodes.push(["line", { x1: at.x, x2: at.x + at.w, y1: at.y + at.h + 0.5, y2: at.y + at.h + 0.5, stroke: look.rule2 }]);
      ticks(first, last, false, at.w).forEach((n) => text(U(n), at.y + at.h + 15, said(n), { "text-anchor": "middle" }));
    }
    if (spec.observed !== null) {
      const x = X(spec.observed);
      nodes.push(["line", { x1: x, x2: x, y1: plot.y - 10, y2: plot.y + plot.h, stroke: look.accent, "stroke-width": 2.5 }]);
      const words = `observed ${said(spec.observed)}`;
      const room = look.widthOf(words) / 2;
      text(Math.min(Math.max(x, plot.x + room), plot.x + plot.w - room), plot.y - 16, words, { "text-anchor": "middle", fill: look.accent, "font-weight": 600 });
      marks.push({ x: x - 3, y: plot.y - 10, w: 6, h: plot.h + 10, tip: [words], pick: null });
    }
    return { width, height, nodes, marks };
  });

  // ---- quantiles of what the sampled graphs gave (2.5, 25, 50, 75, 97.5 %), and what was observed
  figures.set("summary", (spec, width, height, look) => {
    const q = spec.quantiles;
    const [low, high] = [Math.min(q[0], spec.observed), Math.max(q[4], spec.observed)];
    const pad = Math.max(0.5, 0.06 * (high - low));
    const [left, right, y] = [14, width - 14, 34];
    const X = (v) => left + ((v - low + pad) / (high - low + 2 * pad)) * (right - left);
    const nodes = [], marks = [];
    nodes.push(["line", { x1: X(q[0]), x2: X(q[4]), y1: y, y2: y, stroke: look.rule2, "stroke-width": 2 }]);
    nodes.push(["rect", { x: X(q[1]), y: y - 7, width: Math.max(2, X(q[3]) - X(q[1])), height: 14, fill: look.rule2 }]);
    nodes.push(["line", { x1: X(q[2]), x2: X(q[2]), y1: y - 9, y2: y + 9, stroke: look.ink, "stroke-width": 2 }]);
    marks.push({ x: X(q[0]) - 2, y: y - 10, w: Math.max(4, X(q[4]) - X(q[0]) + 4), h: 20, pick: null,
      tip: [`sampled: median ${said(q[2])}`, `half of them ${said(q[1])} to ${said(q[3])}`, `95 % of them ${said(q[0])} to ${said(q[4])}`] });
    const x = X(spec.observed);
    nodes.push(["line", { x1: x, x2: x, y1: y - 15, y2: y + 13, stroke: look.accent, "stroke-width": 2.5 }]);
    const words = `observed ${said(spec.observed)}`;
    const room = look.widthOf(words) / 2 + 6; // bold is wider
    nodes.push(["text", { x: Math.min(Math.max(x, room), width - room), y: 14, "text-anchor": "middle", fill: look.accent, "font-weight": 600 }, words]);
    ticks(low - pad, high + pad, false, right - left).filter((n) => Number.isInteger(n)).forEach((n) =>
      nodes.push(["text", { x: X(n), y: y + 30, "text-anchor": "middle", fill: look.ink2 }, said(n)]));
    return { width, height, nodes, marks };
  });
})();
