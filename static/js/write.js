// Conveniences on the page where a text is written. Without this file everything there still works.
"use strict";

(() => {
  const title = document.getElementById("id_title");
  const slug = document.getElementById("id_slug");
  if (title && slug) {
    let proposed = slug.value;
    title.addEventListener("input", () => {
      if (slug.value !== proposed) return;
      const plain = title.value.normalize("NFKD").toLowerCase().replace(/[\u0300-\u036f'’]/g, "");
      proposed = plain.replace(/[^a-z0-9]+/g, "-").slice(0, 50).replace(/^-|-$/g, "");
      slug.value = proposed;
    });
  }

  const form = document.getElementById("write");
  if (!form) return;
  const text = document.getElementById("id_document");
  const state = document.getElementById("kept");
  let changed = false;
  let waiting;
  let asked = 0;

  const send = (url) => fetch(url, { method: "POST", body: new FormData(form) });

  // The preview and the checks, when typing pauses.
  const see = async () => {
    const mine = ++asked;
    const answer = await send(form.dataset.see);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || mine !== asked) return;
    for (const part of page.querySelectorAll("[data-part]")) {
      const shown = document.querySelector(`[data-part=${part.dataset.part}]`);
      const open = [...shown.querySelectorAll("details")].map((each) => each.open);
      part.querySelectorAll("details").forEach((each, at) => { each.open = open[at]; });
      shown.replaceChildren(...part.childNodes);
    }
  };

  // What is typed is kept every half minute.
  const keep = async () => {
    if (!changed) return;
    changed = false;
    try {
      const answer = await send(form.dataset.keep);
      const type = answer.headers.get("content-type") || "";
      if (!answer.ok || !type.startsWith("text/plain")) throw new Error(answer.status);
      state.textContent = await answer.text();
    } catch {
      changed = true;
      state.textContent = "This text could not be kept. Copy it, then press “Save” to see why.";
    }
  };

  form.addEventListener("input", () => {
    changed = true;
    clearTimeout(waiting);
    waiting = setTimeout(() => see().catch(() => {}), 800);
  });
  setInterval(keep, 30000);

  // A line that is named: the cursor goes there.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#line-"]');
    if (!link || !text) return;
    event.preventDefault();
    const lines = text.value.split("\n");
    const at = Number(link.hash.slice(6)) - 1;
    const start = lines.slice(0, at).reduce((sum, line) => sum + line.length + 1, 0);
    text.setSelectionRange(start, start + (lines[at] || "").length);
    text.blur();
    text.focus();
  });

  // An example, a source or a figure: put where the cursor is.
  for (const button of document.querySelectorAll("[data-insert]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const words = button.closest("[data-piece]").querySelector("pre, code").textContent;
      const before = text.value.slice(0, text.selectionStart);
      const gap = words.includes("\n") ? "\n".repeat(before && 2 - /\n{0,2}$/.exec(before)[0].length) : "";
      const after = words.includes("\n") ? "\n" : "";
      text.setRangeText(gap + words + after, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
      text.focus();
    });
  }
})();
