// Jobs: clicks on their buttons, focus that stays with its job while the list moves, times of this place.
(() => {
  "use strict";
  const app = (window.synaptoscope = window.synaptoscope || {});
  const ask = (what, job) => app.setProps("jobs-do", { data: { what, job, at: Date.now() } });

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-job-do]");
    if (button && !button.hasAttribute("aria-disabled")) ask(button.dataset.jobDo, button.dataset.job);
  });

  // nothing is asked for while nothing runs: what was started elsewhere meanwhile is seen on coming back
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && document.getElementById("jobs-list")) ask("look", "");
  });

  // ---- the button that has the focus: React may give its element to another job, or hide it
  let held = null;
  document.addEventListener("focusin", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-job-do]");
    held = button ? { button, what: button.dataset.jobDo, job: button.dataset.job } : null;
  });
  const keepFocus = () => {
    if (!held || ![held.button, document.body].includes(document.activeElement)) return;
    const { button, what, job } = held;
    if (button.isConnected && !button.hidden && button.dataset.job === job && button.dataset.jobDo === what) return;
    const same = `[data-job-do="${what}"][data-job="${job}"]:not([hidden])`;
    const next = [same, `[data-job-item="${job}"]`, "[data-job-item]", "#main"]
      .map((selector) => document.querySelector(selector)).find(Boolean);
    if (next) next.focus({ preventScroll: true });
  };

  // ---- times as they are here, and the job that the address points out
  const local = (time) => {
    const when = new Date(time.dateTime);
    const text = when.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    if (time.textContent !== text) time.textContent = text;
  };
  let shown = null;
  const pointOut = () => {
    const list = document.getElementById("jobs-list");
    if (list === shown) return;
    shown = list;
    const chosen = list && list.querySelector(".job-item.pointed-out");
    if (chosen) chosen.scrollIntoView({ block: "nearest" });
  };
  new MutationObserver(() => {
    document.querySelectorAll("time[data-local]").forEach(local);
    pointOut();
    keepFocus();
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "data-job", "datetime"],
  });
})();
