// Keys, what unfolds, and what is new, on the pages of the desk. Without this file everything there still works.
"use strict";

(() => {
  const WAIT = 60000;
  const ROWS = "#content :is(tbody tr, .task, .task__people > li, .comer)";

  const isField = (element) =>
    element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit])");

  // The link that each row leads to. A task that is a heading only has none of its own.
  const links = () => [...new Set([...document.querySelectorAll(ROWS)].map((row) => row.querySelector("a[href]")))]
    .filter((link) => link && link.getClientRects().length);
  const listOf = (element) => element.closest("table, ol:not(ol ol), .card");

  const go = (step) => {
    const all = links();
    const row = document.activeElement.closest(ROWS);
    const at = row ? all.indexOf(row.querySelector("a[href]")) : -1;
    const next = all[at + step] || (at < 0 && all[0]);
    if (next) next.focus();
  };

  // The first row of the next list, or of the first one after the last.
  const goToList = () => {
    const all = links();
    const here = listOf(document.activeElement);
    const last = here ? all.findLastIndex((link) => listOf(link) === here) : -1;
    const next = all[last + 1] || all[0];
    if (next) next.focus();
  };

  const focusOn = (selector) => {
    const found = [...document.querySelectorAll(selector)].find((each) => each.getClientRects().length);
    if (found) found.focus();
    return found;
  };

  const dialog = document.getElementById("keys");
  let isWay = false;
  const KEYS = {
    "/": () => focusOn("#find"),
    "?": () => dialog.showModal(),
    j: () => go(1),
    k: () => go(-1),
    l: goToList,
    n: () => focusOn("#content :is(a, button).button:not(.button--quiet, .button--destructive)"),
    g: () => { isWay = true; },
  };

  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (isField(event.target)) return;
    const way = isWay && document.querySelector(`.desk-ways a[data-key="${CSS.escape(event.key)}"]`);
    const act = way ? () => way.click() : !isWay && Object.hasOwn(KEYS, event.key) && KEYS[event.key];
    isWay = false;
    if (!act) return;
    event.preventDefault();
    act();
  };

  // Turned off, the list of keys is not on the page.
  if (dialog) document.addEventListener("keydown", press);

  // A short entry of the diary unfolds over its neighbours; Escape folds it until somebody comes back to it.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const entry of document.querySelectorAll(".agenda a.entry:is(:hover, :focus-visible)")) {
      entry.classList.add("folded");
      for (const leaving of ["mouseleave", "blur"])
        entry.addEventListener(leaving, () => entry.classList.remove("folded"), { once: true });
    }
  });

  // What others have done since the page was opened is said, and nothing on the page moves.
  const news = document.getElementById("news");
  const ask = async () => {
    if (document.hidden || isField(document.activeElement) || (dialog && dialog.open)) return;
    const answer = await fetch(news.dataset.address, { headers: { "X-By-Itself": "yes" } });
    if (!answer.ok || answer.redirected) return;
    const said = await answer.text();
    if (!said || news.dataset.said === said) return;
    news.dataset.said = said;
    const link = document.createElement("a");
    // Without what follows a #, or the browser would only move to it.
    link.href = window.location.pathname + window.location.search;
    link.textContent = "Show them";
    news.replaceChildren(`${said} `, link);
  };
  if (news) setInterval(() => ask().catch(() => {}), WAIT);
})();
