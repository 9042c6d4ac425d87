// What is better with a script; every page works without. No framework, nothing from elsewhere.
"use strict";
(() => {
  const $ = (s, root = document) => root.querySelector(s);
  const $$ = (s, root = document) => [...root.querySelectorAll(s)];

  // Times in the viewer's zone: told once, kept in a cookie, and the page shown anew.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !/(?:^|; )zone=/.test(document.cookie)) {
    document.cookie = `zone=${zone}; Path=/; SameSite=Lax; Max-Age=31536000`;
    if (zone !== "UTC" && !location.search.includes("done=") && $("time")) location.reload();
  }

  // Keys.
  let went = false, row = -1;
  const rows = () => $$("[data-row]");
  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    row = Math.max(0, Math.min(all.length - 1, row + by));
    all.forEach((one, index) => one.classList.toggle("here", index === row));
    const link = $("a", all[row]);
    if (link) link.focus({ preventScroll: true });
    all[row].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target.closest("input, textarea, select");
    if (event.key === "Escape" && field) { field.blur(); return; }
    if (field) return;
    if (went) {
      went = false;
      const link = $(`nav a[data-key="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); }
      return;
    }
    const next = $("[data-next]");
    switch (event.key) {
      case "/": event.preventDefault(); $("main input[type=search]")?.focus() ?? $("[data-search]")?.focus(); break;
      case "g": went = true; setTimeout(() => { went = false; }, 1500); break;
      case "j": move(1); break;
      case "k": move(-1); break;
      case "n": if (next) location.assign(next.href); break;
      case "?": location.assign("/help#keys"); break;
    }
  });

  // The workshop: remarks while one types, and names that can be written.
  const shop = $("[data-workshop]");
  if (!shop) return;
  const area = $("[data-query]", shop), remarks = $("[data-remarks]", shop), list = $("[data-completions]", shop);
  const item = (text, name) => { const li = document.createElement("li"); li.className = name; li.textContent = text; return li; };
  let wait, asked = 0;
  const check = async () => {
    const turn = ++asked;
    const answer = await fetch(`/api/v1/check?query=${encodeURIComponent(area.value)}`).catch(() => null);
    if (!answer?.ok || turn !== asked) return;
    const told = await answer.json();
    const ul = document.createElement("ul");
    ul.className = "remarks";
    for (const one of told.problems) {
      const li = item(`${one.code} ${one.start + 1}: ${one.meaning ? one.meaning + " · " : ""}${one.message}${one.help ? " — " + one.help : ""}`, one.level);
      li.tabIndex = 0;
      const show = () => { area.focus(); area.setSelectionRange(one.start16, Math.max(one.end16, one.start16 + 1)); };
      li.addEventListener("click", show);
      li.addEventListener("keydown", (event) => { if (event.key === "Enter") show(); });
      ul.append(li);
    }
    remarks.replaceChildren(ul);
    area.setAttribute("aria-invalid", String(!told.usable && area.value !== ""));
  };
  const word = () => area.value.slice(0, area.selectionStart).match(/(?:[@#$][\p{L}\p{N}_-]*|[a-z]+:[\p{L}\p{N}_-]*|[a-z]{2,})$/u)?.[0] ?? "";
  const offer = async () => {
    const begun = word();
    if (!begun) { list.hidden = true; return; }
    const answer = await fetch(`/api/v1/complete?q=${encodeURIComponent(begun)}`).catch(() => null);
    if (!answer?.ok || begun !== word()) return;
    const told = await answer.json();
    list.replaceChildren(...told.items.slice(0, 8).map((one) => {
      const li = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.textContent = one.about ? `${one.text}  ${one.about.slice(0, 60)}` : one.text;
      button.addEventListener("click", () => {
        const at = area.selectionStart;
        area.setRangeText(one.text, at - word().length, at, "end");
        list.hidden = true;
        area.focus();
        check();
      });
      li.append(button);
      return li;
    }));
    list.hidden = !told.items.length;
  };
  area.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => { check(); offer(); }, 200);
  });
  area.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && !list.hidden) { event.preventDefault(); $("button", list)?.focus(); }
    if (event.key === "Escape") list.hidden = true;
  });
  list.addEventListener("keydown", (event) => {
    const buttons = $$("button", list), at = buttons.indexOf(document.activeElement);
    if (event.key === "ArrowDown") { event.preventDefault(); buttons[Math.min(at + 1, buttons.length - 1)]?.focus(); }
    if (event.key === "ArrowUp") { event.preventDefault(); (buttons[at - 1] ?? area).focus(); }
    if (event.key === "Escape") { list.hidden = true; area.focus(); }
  });
})();
