// Named cell sets of the dataset: use one, join it with what stands in the box, rename, delete, save the box's own.
(() => {
  "use strict";
  const app = window.synaptoscope;
  const c = app.cellset;
  const { el } = c;

  // ---- one panel under a box at a time; `app.cellset.panel` serves the form too
  const boxOf = (id) => document.getElementById(id);
  const panelOf = (id) => document.getElementById(`${id}-panel`);
  let opened = null; // {id, button}
  const close = (focus = false) => {
    if (!opened) return;
    const { id, button } = opened;
    opened = null;
    const panel = panelOf(id);
    if (panel) {
      panel.hidden = true;
      panel.replaceChildren();
    }
    button.setAttribute("aria-expanded", "false");
    if (focus) (button.isConnected ? button : boxOf(id))?.focus();
  };
  const open = (id, button, label, ...content) => {
    const again = opened && opened.button === button;
    close(again);
    if (again) return null;
    opened = { id, button };
    const panel = panelOf(id);
    panel.setAttribute("role", "dialog");
    panel.setAttribute("aria-label", label);
    panel.replaceChildren(
      el("div", { class: "panel-title" }, el("strong", {}, label),
        el("button", { type: "button", class: "quiet", onclick: () => close(true) }, "Close")), ...content.filter(Boolean));
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    return panel;
  };
  c.panel = { open, close, boxOf };
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !opened || !panelOf(opened.id)?.contains(event.target)) return;
    if (document.getElementById("cellset-list")?.hidden === false) return; // closes the suggestions first
    event.preventDefault();
    close(true);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!opened || !(event.target instanceof Element)) return;
    const inside = panelOf(opened.id)?.contains(event.target) || event.target.closest("#cellset-list");
    if (!inside && !event.target.closest("[data-set-form], [data-set-saved]")) close();
  });
  window.addEventListener("synaptoscope:url", () => close());

  // ---- the named sets
  const query = (box, more = {}) => new URLSearchParams({ ds: c.dataset(box), ...more });
  const failed = (error) => app.notify(error.message, { title: "That did not work", error: true });

  const joined = (box, word, set) => {
    const before = box.value.trim();
    if (!before || word === "use") return set;
    return `(${before}) ${word} ${set}`;
  };
  const row = (id, box, found, refresh) => {
    const name = el("span", { class: "set-name", title: found.set }, found.name);
    const put = (word, title) => el("button", { type: "button", class: "quiet", title: `${title} ${found.name}`,
      "aria-label": `${word}: ${title} ${found.name}`, onclick: () => {
        const text = joined(box, word, found.set);
        close(true);
        c.putShort(id, text);
      } }, word);
    const rename = el("button", { type: "button", class: "quiet", "aria-label": `rename ${found.name}`, onclick: () => {
      const field = el("input", { type: "text", class: "set-field", value: found.name, maxlength: 80,
        "aria-label": `New name of ${found.name}` });
      const done = async () => {
        try {
          await c.ask(`sets?${query(box, { name: found.name, to: field.value })}`, { method: "PATCH" });
          refresh();
        } catch (error) {
          failed(error);
        }
      };
      field.addEventListener("keydown", (event) => {
        if (event.key === "Enter") done();
        if (event.key === "Escape") {
          event.stopPropagation();
          refresh();
        }
      });
      name.replaceChildren(field);
      field.select();
    } }, "rename");
    const remove = el("button", { type: "button", class: "quiet", "aria-label": `delete ${found.name}`, onclick: async () => {
      if (!remove.dataset.sure) {
        remove.dataset.sure = "yes";
        remove.textContent = "really delete?";
      remove.setAttribute("aria-label", `really delete? ${found.name}`);
        return;
      }
      try {
        await c.ask(`sets?${query(box, { name: found.name })}`, { method: "DELETE" });
        refresh();
      } catch (error) {
        failed(error);
      }
    } }, "delete");
    const link = el("button", { type: "button", class: "quiet", "data-copy": found.set, "data-copy-what": "the set's short text",
      "aria-label": `copy the short text of ${found.name}` }, "copy");
    const ways = box.value.trim()
      ? [put("use", "take instead"), put("or", "add the cells of"), put("and", "keep only the cells of"),
        put("and not", "leave out the cells of")]
      : [put("use", "take")];
    return el("li", {}, name, el("span", { class: "set-n" }, c.counted(found.n, "cell")),
      el("span", { class: "ways" }, ways), el("span", { class: "ways" }, link, rename, remove));
  };

  const fill = async (id, box, holder, note = "") => {
    try {
      const { data } = await c.ask(`sets?${query(box)}`);
      const refresh = () => fill(id, box, holder);
      holder.replaceChildren(
        data.length ? el("ul", { class: "named-sets" }, data.map((found) => row(id, box, found, refresh)))
          : el("p", { class: "hint" }, "No named cell set of this dataset yet."),
        el("p", { class: "hint", role: "status" }, note));
    } catch (error) {
      holder.replaceChildren(el("p", { class: "wrong" }, error.message));
    }
  };

  const saved = (button) => {
    const id = button.dataset.setSaved;
    const box = boxOf(id);
    const holder = el("div", {});
    const field = el("input", { type: "text", class: "set-field", maxlength: 80, placeholder: "a name for what stands in the box",
      "aria-label": "Name for the cells in the box" });
    const save = async (event) => {
      event.preventDefault();
      try {
        const kept = await c.ask("sets", { fields: { cells: box.value, ds: c.dataset(box), name: field.value } });
        field.value = "";
        await fill(id, box, holder, `Saved as ${kept.name}: ${c.counted(kept.n, "cell")}, ${kept.set}`);
      } catch (error) {
        failed(error);
      }
    };
    const form = el("form", { class: "save-set", onsubmit: save }, field,
      el("button", { type: "submit", class: "button" }, "Save"));
    const about = el("p", { class: "hint" },
      "Kept on this server for everyone who uses it. A name may be taken away; links to the set stay good.");
    if (!open(id, button, "Saved sets", holder, box.value.trim() ? form : null, about)) return;
    fill(id, box, holder).then(() => (holder.querySelector("button") || field).focus());
  };
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-set-saved]");
    if (button) saved(button);
  });
})();
