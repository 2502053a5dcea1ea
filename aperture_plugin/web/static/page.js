// Makes the page live. Without it everything works by forms and links.
"use strict";
(() => {
const $ = (query, root = document) => root.querySelector(query);
const $$ = (query, root = document) => [...root.querySelectorAll(query)];
const flash = $("#flash"), main = $("#main");
let stream = null, timer = 0, wanted = false, loading = false, pollTimer = 0, opener = null;

function say(text) { flash.textContent = text; flash.hidden = !text; }
flash.addEventListener("click", () => say(""));

// ── regions: replaced by id, never under the focus, a selection, an open list or an open dialog ──
const REGIONS = ["clock", "health", "notices", "queues", "same-failure", "tabs", "chips", "job-head", "job-acts", "facts", "findings", "history-table", "log", "act"];
function isHeld(node) {
  const selection = document.getSelection();
  return node.contains(document.activeElement) && document.activeElement !== document.body
    || selection && !selection.isCollapsed && node.contains(selection.anchorNode)
    || node.querySelector("details[open]");
}
function swap(old, fresh) {
  if (old.dataset.follow || old.outerHTML === fresh.outerHTML || isHeld(old)) return;
  old.replaceWith(document.importNode(fresh, true));
}
function cells(old, fresh) {
  [...fresh.children].forEach((cell, place) => old.children[place] && swap(old.children[place], cell));
}
function take(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  if (!fresh.body.dataset.base) return;
  for (const id of REGIONS) {
    const old = document.getElementById(id), now = fresh.getElementById(id);
    if (old && now) id === "act" ? old.elements.token.value = now.elements.token.value : swap(old, now);
  }
  const rows = $$("tr[data-job]"), there = $$("tr[data-job]", fresh);
  for (const row of there) { const old = document.getElementById(row.id); if (old) cells(old, row); }
  const names = list => list.map(row => row.id).join();
  const table = $("table.jobs"), list = $("#list"), nowList = $("#list", fresh);
  if (list && nowList && !table !== !$("table.jobs", fresh)) swap(list, nowList);
  if (table && names(rows) !== names(there) && !isHeld(table) && !table.matches(":hover")) {
    const body = $("tbody", table), known = new Map(rows.map(row => [row.id, row]));
    body.replaceChildren(...there.map(row => known.get(row.id) || document.importNode(row, true)));
  }
  skew();
}
async function load() {
  if (loading || document.hidden || $("dialog[open]")) { wanted = true; return; }
  loading = true; wanted = false;
  try {
    const answer = await fetch(location.href, {headers: {accept: "text/html"}, credentials: "same-origin"});
    if (answer.redirected && answer.url.includes("login")) { location.reload(); return; }
    if (answer.ok) { take(await answer.text()); back(); }
  } catch { lost(); } finally { loading = false; if (wanted) soon(); }
}
function soon(after = 300) { clearTimeout(timer); timer = setTimeout(load, after); }

// ── one stream a page; polling where none passes ──
const calm = () => { clearInterval(pollTimer); pollTimer = 0; };
const poll = () => { if (!pollTimer) pollTimer = setInterval(load, 5000); };
function open() {
  if (stream || document.hidden) return;
  if (!document.body.dataset.events) { poll(); return; }
  const mine = stream = new EventSource(document.body.dataset.events);
  // A proxy may let the stream begin and keep back what is in it: only an event proves that it passes.
  const patience = setTimeout(() => mine === stream && poll(), 5000);
  for (const kind of ["run", "config", "loop", "job"]) mine.addEventListener(kind, () => { clearTimeout(patience); calm(); soon(); });
  mine.onerror = () => {
    poll(); soon(500);
    if (mine === stream && mine.readyState === EventSource.CLOSED) { close(); poll(); setTimeout(open, 3000); }
  };
}
function close() { if (stream) stream.close(); stream = null; calm(); }
function back() { document.body.classList.remove("lost"); if (flash.dataset.lost) { delete flash.dataset.lost; say(""); } }
function lost() {
  if (flash.dataset.lost) return;
  flash.dataset.lost = "1"; document.body.classList.add("lost");
  say("The server does not answer; what you see is from " + clock().toLocaleTimeString() + ". It is tried again by itself.");
  poll();
}
if ($("#health")) {
  document.addEventListener("visibilitychange", () => document.hidden ? close() : (open(), soon(0)));
  addEventListener("pagehide", close);
  open();
}

// ── "in 3 hours" counts on from the server's instant ──
let offset = 0;
function skew() { const at = $("#clock time"); if (at) offset = Date.parse(at.dateTime) - Date.now(); }
function clock() { return new Date(Date.now() + offset); }
function away(instant) {
  const seconds = Math.max(0, (Date.parse(instant) - clock()) / 1000);
  const [size, unit] = seconds < 59.5 ? [1, "second"] : seconds < 3570 ? [60, "minute"] : seconds < 84600 ? [3600, "hour"] : [86400, "day"];
  const number = Math.max(1, Math.round(seconds / size));
  return seconds < 1 ? "now" : "in " + (number === 1 && unit !== "second" ? (unit === "hour" ? "an " : "a ") : number + " ") + unit + (number === 1 ? "" : "s");
}
skew();
setInterval(() => { if (!document.hidden) for (const at of $$("time[data-away]")) if (Date.parse(at.dateTime) - clock() < 2592000000) { const told = away(at.dateTime); if (at.textContent !== told) at.textContent = told; } }, 10000);

// ── forms: sent without leaving the page, answered in words ──
async function send(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  const target = button && button.hasAttribute("formaction") ? button.formAction : form.action;
  const asked = button && button.getAttribute("aria-disabled") !== "true";
  if (!asked) return;
  button.setAttribute("aria-disabled", "true");
  try {
    const answer = await fetch(target, {method: "POST", body, headers: {accept: "text/html"}, credentials: "same-origin"});
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const inner = $("#dialog", fresh), dialog = button.closest("dialog");
    if (dialog && inner) { show(dialog, inner); return; }
    if (dialog) dialog.close();
    const told = $("#flash", fresh);
    say(told && told.textContent.trim() || $("main p", fresh) && $("main p", fresh).textContent || "It is done.");
    soon(50); setTimeout(load, 900);
  } catch { lost(); } finally { button.removeAttribute("aria-disabled"); }
}
document.addEventListener("submit", event => {
  const form = event.target, button = event.submitter;
  if (form.method !== "post" || !form.closest("dialog") && form.id !== "act") return;
  event.preventDefault();
  send(form, button || $("button", form));
});

// ── dialogs: the page of the form, shown over this one ──
function show(dialog, inner) {
  dialog.replaceChildren(document.importNode(inner, true));
  dialog.setAttribute("aria-labelledby", "d-h");
  const first = $("[data-first]", dialog) || $("input:checked", dialog) || $("input:not([type=hidden])", dialog);
  const conflict = $("[role=alert]", dialog);
  if (conflict) { conflict.tabIndex = -1; conflict.focus(); } else if (first) first.focus();
  for (const look of $$(".look", dialog)) look.hidden = true;
  const patch = $("#patch", dialog);
  if (patch) patch.select();
}
async function ask(link) {
  try {
    const answer = await fetch(link.href, {headers: {accept: "text/html"}, credentials: "same-origin"});
    const inner = $("#dialog", new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (!inner) { location.href = link.href; return; }
    const dialog = document.createElement("dialog");
    if (inner.classList.contains("s")) dialog.className = "s";
    document.body.append(dialog);
    opener = link.id || link.getAttribute("href");
    dialog.addEventListener("close", () => { dialog.remove(); const again = $$("a[href]").find(one => one.getAttribute("href") === opener); if (again) again.focus(); if (wanted) soon(0); });
    dialog.showModal(); show(dialog, inner);
  } catch { location.href = link.href; }
}
document.addEventListener("click", event => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (link.hasAttribute("data-close") && link.closest("dialog")) { event.preventDefault(); link.closest("dialog").close(); }
  else if (link.hasAttribute("data-again") && link.closest("dialog")) { event.preventDefault(); link.closest("dialog").close(); ask(link); }
  else if (link.hasAttribute("data-dialog")) { event.preventDefault(); ask(link); }
});

// ── the preview of a schedule, 400 ms after the last key ──
let previewing = 0, asked = 0;
function preview(form) {
  clearTimeout(previewing);
  previewing = setTimeout(async () => {
    const body = new URLSearchParams(new FormData(form)), mine = ++asked;
    body.set("do", "preview");
    try {
      const answer = await fetch(form.action, {method: "POST", body, headers: {accept: "text/html"}, credentials: "same-origin"});
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== asked) return;
      for (const id of ["preview", "difference", "consequence"]) {
        const old = $("#" + id, form), now = $("#" + id, fresh);
        if (old && now) old.innerHTML = now.innerHTML;
      }
    } catch { lost(); }
  }, 400);
}
for (const kind of ["input", "change"]) document.addEventListener(kind, event => { const form = event.target.closest("form[data-preview]"); if (form) preview(form); });
for (const look of $$(".look")) look.hidden = true;

// ── the log, live; it follows until somebody scrolls up ──
const log = $("#log[data-follow]"), follow = $("#follow");
if (log) {
  $(".follow").hidden = false;
  let begun = false;
  const lines = new EventSource(log.dataset.follow);
  lines.addEventListener("line", event => {
    if (!begun) log.textContent = "";
    begun = true;
    const line = JSON.parse(event.data), tag = document.createElement(/WARN|ERR|CRIT/.test(line.level) ? "b" : "span");
    tag.textContent = line.at.slice(11, 19) + " " + line.level.padEnd(7) + " " + line.text + "\n";
    log.append(tag);
    while (log.childNodes.length > 5000) log.firstChild.remove();
    if (follow.checked) log.scrollTop = log.scrollHeight;
  });
  lines.addEventListener("end", () => { lines.close(); soon(200); });
  log.addEventListener("scroll", () => { follow.checked = log.scrollTop + log.clientHeight > log.scrollHeight - 8; });
  addEventListener("pagehide", () => lines.close());
}

// ── keys: they rest in fields and dialogs, and with Ctrl, Alt or Meta ──
let going = 0;
const KEYS = [["/", "find a job"], ["j k", "next, previous job"], ["Enter", "open it"], ["r", "run it now"], ["p", "pause or resume it"], ["s", "its schedule"], ["h", "its history"], ["c", "cancel its run, after asking"], ["g t", "timeline"], ["g j", "jobs"], ["?", "this list"]];
function keys() {
  const dialog = document.createElement("dialog"), list = document.createElement("dl"), heading = document.createElement("h2"), button = document.createElement("button");
  dialog.className = "s"; heading.id = "d-h"; heading.textContent = "Keys"; button.textContent = "Close"; button.autofocus = true;
  list.className = "keys d-b";
  for (const [key, what] of KEYS) {
    const term = document.createElement("dt"), kbd = document.createElement("kbd"), told = document.createElement("dd");
    kbd.textContent = key; told.textContent = what; term.append(kbd); list.append(term, told);
  }
  const header = document.createElement("header"), footer = document.createElement("footer");
  header.append(heading); footer.append(button); dialog.append(header, list, footer);
  dialog.setAttribute("aria-labelledby", "d-h");
  button.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog); dialog.showModal();
}
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || $("dialog[open]") || event.target.closest("input:not([type=checkbox]),select,textarea")) return;
  const key = event.key, rows = $$("tr[data-job]"), row = document.activeElement.closest("tr[data-job]");
  const press = what => { const one = $("[data-key=" + what + "]", row || main); if (one && (row || !rows.length) && !one.disabled) { event.preventDefault(); one.click(); } };
  if (going && Date.now() - going < 1500 && (key === "t" || key === "j")) { location.href = document.body.dataset.base + (key === "t" ? "timeline" : ""); return; }
  going = 0;
  if (key === "/") { const find = $("#q"); if (find) { event.preventDefault(); find.focus(); find.select(); } }
  else if (key === "?") { event.preventDefault(); keys(); }
  else if (key === "g") going = Date.now();
  else if (key === "j" || key === "k") { const next = rows[row ? rows.indexOf(row) + (key === "j" ? 1 : -1) : 0]; if (next) { event.preventDefault(); $(".c-job a", next).focus(); } }
  else if (key.length === 1 && "rpshc".includes(key)) press(key);
});
})();
