// The URL is the state. The Python half, with the words used here, is components/url_state.py.
(() => {
  "use strict";
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const app = (window.synaptoscope = window.synaptoscope || {});
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  const encode = (params) => {
    const text = params.toString();
    return text ? "?" + text : "";
  };

  // the address as it was at the last step
  let here = { pathname: window.location.pathname, search: window.location.search };

  // ---- one control <-> its key: a list of texts, empty for the default
  const toTexts = (field, value) => {
    if (field.many) return (value || []).map(String);
    let text = value === null || value === undefined ? "" : String(value);
    if (field.words) text = field.words[value ? 1 : 0];
    return text === "" || text === field.default ? [] : [text];
  };
  const emptied = (field, value) =>
    field.default !== "" && !field.many && !field.words && (value === "" || value === null || value === undefined);
  const toValue = (field, texts) => {
    if (field.many) return texts;
    const text = texts.length ? texts[0] : field.default;
    if (field.words) return text === field.words[1];
    if (field.number) return text === "" || Number.isNaN(Number(text)) ? "" : Number(text);
    return text;
  };

  const assign = (params, key, texts) => {
    if (same(params.getAll(key), texts)) return false;
    if (texts.length === 1) {
      params.set(key, texts[0]); // keeps its place in the address
    } else {
      params.delete(key);
      texts.forEach((text) => params.append(key, text));
    }
    return true;
  };

  // ---- writing the address without waking a Dash callback
  const announce = () => window.dispatchEvent(new CustomEvent("synaptoscope:url"));
  const write = (changes, method) => {
    const params = new URLSearchParams(window.location.search);
    for (const [key, value] of Object.entries(changes)) {
      const texts = value === null || value === undefined || value === "" ? [] : [].concat(value).map(String);
      assign(params, key, texts);
    }
    const text = encode(params);
    if (text === window.location.search) return;
    window.history[method]({}, "", window.location.pathname + text + window.location.hash);
    announce();
  };
  app.replaceSearch = (changes) => write(changes, "replaceState");
  app.pushSearch = (changes) => write(changes, "pushState");

  // ---- telling a component something. Dash throws for one that is not laid out: it may be there in a moment (what
  // is on the screen can be a step ahead of Dash), or its page was left
  const PATIENCE = [40, 50]; // times, ms apart
  const laidOut = (id) => {
    try {
      return window.dash_component_api.getLayout(id) !== undefined;
    } catch {
      return false;
    }
  };
  app.setProps = (id, props, tries = PATIENCE[0], page = window.location.pathname) => {
    if (laidOut(id)) clientside.set_props(id, props);
    else if (tries && page === window.location.pathname)
      window.setTimeout(() => app.setProps(id, props, tries - 1, page), PATIENCE[1]);
  };

  // ---- going to another page of the app, or to another state of this one, without a reload
  app.go = (href) => {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  };

  // ---- the one callback of a page: (search, ...controls, location id, schema)
  const ours = new Map(); // controls that were set from here: "id.prop" -> value
  clientside.urlState = {
    // It has no outputs: for each output Dash renders the component anew at every step, changed or not.
    sync(search, ...rest) {
      const [location, schema] = rest.slice(-2);
      const [text, ...values] = clientside.urlState.step(search, ...rest);
      values.forEach((value, i) => {
        if (value === clientside.no_update) return;
        ours.set(`${schema[i].id}.${schema[i].prop}`, JSON.stringify(value));
        app.setProps(schema[i].id, { [schema[i].prop]: value });
      });
      if (text === clientside.no_update) return;
      // a figure that follows the address by itself is painted before Dash hears of it
      Promise.resolve(app.drawing).then(() => { // unless the address has moved on meanwhile
        if (window.location.search !== text) return;
        ours.set(`${location}.search`, JSON.stringify(text)); // and is no step for the controls to follow
        app.setProps(location, { search: text });
      });
    },
    // -> [search, ...controls], no_update for each that stays
    step(search, ...rest) {
      const no = clientside.no_update;
      const schema = rest.pop();
      const location = rest.pop();
      const none = () => [no, ...schema.map(() => no)];
      // a control that followed the address comes back here as if it had been changed; by then the address may be
      // another step further
      const triggered = clientside.callback_context.triggered
        .filter((t) => !(ours.get(t.prop_id) === JSON.stringify(t.value) && ours.delete(t.prop_id)))
        .map((t) => t.prop_id);
      if (!triggered.length) return none();

      if (triggered.includes(location + ".search")) {
        // a step through the history, or a link: the controls follow the address
        here = { pathname: window.location.pathname, search: search || "" };
        const params = new URLSearchParams(here.search);
        const before = schema.map((field, i) => toTexts(field, rest[i]));
        return [no, ...schema.map((field, i) => {
          const texts = params.getAll(field.key).filter((t) => field.many || t !== field.default);
          return same(texts, before[i]) ? no : toValue(field, texts);
        })];
      }
      // the address follows the controls; keys that no control owns are taken from the address itself
      const params = new URLSearchParams(window.location.search);
      // an emptied control whose default is not empty goes back to the default
      const resets = schema.map((field, i) => (emptied(field, rest[i]) ? toValue(field, []) : no));
      const changed = schema.filter((field, i) => assign(params, field.key, toTexts(field, rest[i])));
      if (!changed.length) return [no, ...resets];
      changed.forEach((field) => field.drops.forEach((key) => {
        if (!schema.some((f) => f.key === key)) params.delete(key);
      }));
      const text = encode(params);
      const method = changed.some((field) => field.history === "push") ? "pushState" : "replaceState";
      window.history[method]({}, "", window.location.pathname + text + window.location.hash);
      announce();
      return [text, ...resets];
    },
  };

  // ---- steps through the history, and links. Every dcc.Location listens to these two events and reports what it
  // sees, so Dash's router would lay out the page anew for each step within it, and the location of a page that is
  // being left would draw once more. They do not get to hear of it: this listener runs first (it is registered before
  // Dash renders) and tells the one location that should know.
  const stays = (page) => {
    if (!page || window.location.pathname !== here.pathname) return false;
    const [was, is] = [new URLSearchParams(here.search), new URLSearchParams(window.location.search)];
    return page.dataset.rebuild.split(" ").every((key) => same(was.getAll(key), is.getAll(key)));
  };
  const step = (event) => {
    if (!clientside.set_props) return;
    event.stopImmediatePropagation();
    const { pathname, search, hash, href } = window.location;
    const page = document.querySelector("[data-page-url]");
    if (pathname === here.pathname && search === here.search) return; // a jump within the page, or no step at all
    if (stays(page)) {
      ours.delete(`${page.dataset.pageUrl}.search`);
      app.setProps(page.dataset.pageUrl, { search });
    } else app.setProps("_pages_location", { pathname, search, hash, href });
    announce();
  };
  window.addEventListener("popstate", step, true);
  window.addEventListener("_dashprivate_pushstate", step, true);
  window.addEventListener("synaptoscope:url", () => {
    here = { pathname: window.location.pathname, search: window.location.search };
  });
})();
