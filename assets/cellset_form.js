// The form of a cell set: rows of column, condition and values, or of connections. The server writes the text.
(() => {
  "use strict";
  const app = window.synaptoscope;
  const c = app.cellset;
  const { el } = c;
  const WAIT = 150;
  const choices = new Map(); // dataset -> promise of its columns and tests
  const bare = new Set(["is missing", "is given", "is true", "is not true"]);

  const choicesOf = (box) => {
    const ds = c.dataset(box);
    if (!choices.has(ds)) choices.set(ds, c.askOf(box, "form"));
    return choices.get(ds);
  };

  // ---- one form; `rows` is what POST /check reads
  const build = (id, box, given, form, told) => {
    const state = { joined: form?.joined || "and", rows: form?.rows?.length ? form.rows : [] };
    const body = el("div", { class: "form-rows" });
    const said = el("p", { class: "form-said", role: "status" });
    const written = el("code", { class: "form-text" });
    const use = el("button", { type: "button", class: "button primary", onclick: () => {
      c.panel.close(true);
      c.putShort(id, written.textContent);
    } }, "Use these cells");
    let timer = 0;
    let asking = null;

    const write = () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        asking?.abort();
        asking = new AbortController();
        try {
          const found = await c.askOf(box, "check", { fields: { form: JSON.stringify(state) }, signal: asking.signal });
          written.textContent = found.text;
          said.replaceChildren(...c.inWords(found));
          use.disabled = Boolean(found.problem);
        } catch (error) {
          if (error.name !== "AbortError") said.textContent = error.message;
        }
      }, WAIT);
    };
    const column = (name) => given.columns.find((one) => one.name === name);
    const fresh = (what) => {
      if (what in given.towards) return { follow: what, cells: "", min_synapses: 1 };
      return { column: what, test: given.tests[column(what).kind][0], values: [] };
    };

    const select = (label, value, options, onchange) => el("select", { class: "set-field", "aria-label": label,
      onchange: (event) => onchange(event.target.value) },
    options.map(([group, entries]) => {
      const made = entries.map(([key, word, title]) =>
        el("option", { value: key, selected: key === value, title: title || false }, word));
      return group ? el("optgroup", { label: group }, made) : made;
    }));

    const field = (label, value, onchange, more = {}) => el("input", { type: "text", class: "set-field", value, "aria-label": label,
      oninput: (event) => onchange(event.target.value), ...more });

    // the values of a text column, the chosen ones ticked
    const picker = (row) => {
      const list = el("div", { class: "form-values", role: "group", "aria-label": `Values of ${row.column}` });
      const find = el("input", { type: "search", class: "set-field", placeholder: "find a value", "aria-label": `Find a value of ${row.column}` });
      const tick = (value, about) => el("label", {}, el("input", { type: "checkbox", checked: row.values.includes(value),
        onchange: (event) => {
          row.values = row.values.filter((one) => one !== value);
          if (event.target.checked) row.values.push(value);
          write();
        } }), el("span", {}, value), el("span", { class: "about" }, about));
      const fill = async () => {
        const typed = find.value.replace(/['\\\n]/g, "");
        const { items, total } = await c.askOf(box, "complete", { fields: { text: `${column(row.column).written} == '${typed}` } });
        const rest = items.filter((item) => !row.values.includes(item.label));
        find.hidden = !find.value && total <= items.length && total < 12;
        list.replaceChildren(...row.values.map((value) => tick(value, "")), ...rest.map((item) => tick(item.label, item.detail)),
          total > items.length ? el("span", { class: "hint" }, `${c.thousands(total)} values: type to find others`) : "");
      };
      find.addEventListener("input", fill);
      fill().catch((error) => list.replaceChildren(el("span", { class: "wrong" }, error.message)));
      return el("div", { class: "form-pick" }, find, list);
    };

    const values = (row) => {
      const set = (i) => (text) => {
        row.values[i] = text;
        write();
      };
      const kind = column(row.column).kind;
      if (bare.has(row.test)) return null;
      if (kind === "number") {
        const number = (i, label) => field(label, row.values[i] || "", set(i), { inputmode: "decimal", size: 8 });
        return row.test === "between" ? [number(0, "from"), el("span", {}, "and"), number(1, "to")] : number(0, "number");
      }
      if (kind === "id") {
        return el("textarea", { class: "set-field", rows: 2, "aria-label": "ids", placeholder: "ids", oninput: (event) => {
          row.values = event.target.value.split(/[\s,;]+/).filter(Boolean);
          write();
        } }, row.values.join(", "));
      }
      return row.test === "is" || row.test === "is not" ? picker(row) : field("text", row.values[0] || "", set(0));
    };

    const connected = (row) => {
      const cells = el("textarea", { class: "set-field cells", rows: 1, "data-cell-set": "inner", spellcheck: "false",
        "aria-label": "which cells", placeholder: "cell_type == 'MC', or ids, or set:…", oninput: (event) => {
          row.cells = event.target.value;
          write();
        } }, row.cells);
      const least = el("input", { type: "number", min: 1, step: 1, class: "set-field", value: row.min_synapses,
        "aria-label": "at least so many synapses", oninput: (event) => {
          row.min_synapses = Math.max(1, Math.round(Number(event.target.value)) || 1);
          write();
        } });
      return [cells, el("span", {}, "by at least"), least, el("span", {}, row.follow === "reciprocal_with" ? "synapses each way" : "synapses")];
    };

    const draw = (focus = -1) => {
      const columns = given.columns.map((one) => [one.name, one.name, one.meaning]);
      const groups = [["Connections", Object.entries(given.towards)], ["Columns", columns]];
      body.replaceChildren(...state.rows.map((row, i) => {
        const what = select("column", row.column || row.follow, groups, (key) => {
          state.rows[i] = fresh(key);
          draw(i);
          write();
        });
        const tests = row.column && select("condition", row.test, [["", given.tests[column(row.column).kind].map((t) => [t, t])]], (test) => {
          const pick = (t) => t === "is" || t === "is not";
          if (pick(test) !== pick(row.test)) row.values = [];
          row.test = test;
          draw(i);
          write();
        });
        const remove = el("button", { type: "button", class: "quiet", "aria-label": `remove row ${i + 1}`, onclick: () => {
          state.rows.splice(i, 1);
          draw();
          write();
        } }, "remove");
        const word = i ? el("span", { class: "form-word" }, state.joined) : el("span", { class: "form-word" }, "where");
        return el("div", { class: "form-row", role: "group", "aria-label": `Row ${i + 1}` }, word, what,
          row.column ? [tests, values(row)] : connected(row), remove);
      }));
      if (focus >= 0) body.children[focus]?.querySelector("select")?.focus();
    };

    const add = el("button", { type: "button", class: "button", onclick: () => {
      const text = given.columns.find((one) => one.name === "cell_type" || one.kind === "text") || given.columns[0];
      state.rows.push(fresh(text.name));
      draw(state.rows.length - 1);
      write();
    } }, "Add a condition");
    const connect = el("button", { type: "button", class: "button", onclick: () => {
      state.rows.push(fresh("outputs_of"));
      draw(state.rows.length - 1);
      write();
    } }, "Add a connection");
    const joined = select("How rows are joined", state.joined, [["", [["and", "all hold"], ["or", "any holds"]]]], (word) => {
      state.joined = word;
      draw();
      write();
    });
    if (!state.rows.length) state.rows.push(fresh((given.columns.find((one) => one.name === "cell_type") || given.columns[0]).name));
    draw();
    write();
    return [
      told ? el("p", { class: "hint" }, told) : null,
      el("label", { class: "form-joined" }, "Cells for which ", joined), body,
      el("div", { class: "form-add" }, add, connect), said, written, el("div", { class: "form-add" }, use),
    ];
  };

  const form = async (button) => {
    const id = button.dataset.setForm;
    const box = c.panel.boxOf(id);
    try {
      const [given, now] = await Promise.all([choicesOf(box), c.askOf(box, "check", { fields: { cells: box.value } })]);
      const told = box.value.trim() && !now.form
        ? "What stands in the box says more than rows can. It stays until you use these cells instead." : "";
      const panel = c.panel.open(id, button, "Choose cells", ...build(id, box, given, now.form, told));
      panel?.querySelector(".form-row select")?.focus();
    } catch (error) {
      choices.clear();
      app.notify(error.message, { title: "The form did not open", error: true });
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-set-form]");
    if (button) form(button);
  });
})();
