// The inbox by keyboard. Everything here is a shortcut for a link, a checkbox or a button that
// the page has anyway; the list itself never moves: decided rows stay, greyed, until the next load.
const list = document.querySelector("[data-inbox]");
const choose = document.getElementById("choose");
const dialog = document.getElementById("decide");
const pane = document.getElementById("evidence");
const wide = window.matchMedia("(min-width: 1101px)");
const KEYS = { i: "ignore", q: "quarantine", t: "terminate", o: "observe" };
const DECIDES = Object.fromEntries(Object.values(KEYS).map((word) => [word, true]));
const SHOW_AFTER_MS = 90;
// What is swapped in works at once: keys come faster than the library's usual pause.
const SWAP = "innerHTML settle:0ms";
// The next evidence is fetched while this one is read; what is older is asked for again.
const KEPT_MS = 60_000;
const KEPT_MAX = 12;
const kept = new Map();
// What a session decided outlives a page; a pause longer than this is no work on processes.
const PACE = "inbox:pace";
const PAUSE_MS = 300_000;
const AT = "inbox:at";
let workedAt = Date.now();
let showing;

const rows = () => [...list.querySelectorAll("[data-row]")];
const current = () => list.querySelector('[data-row][aria-selected="true"]');
const boxOf = (row) => row.querySelector('input[name="process"]');
const addressOf = (row) => `${row.querySelector("[data-name]").getAttribute("href")}evidence/`;
const ticked = () => rows().filter((row) => boxOf(row).checked);

function say(text) {
  const region = document.querySelector("[data-said]");
  if (region) region.textContent = text;
}

function evidenceOf(row) {
  const address = addressOf(row);
  const known = kept.get(address);
  if (known && Date.now() - known.at < KEPT_MS) return known.html;
  const html = fetch(address, { redirect: "manual", headers: { "HX-Request": "true" } }).then((answer) => {
    if (!answer.ok) throw new Error("no evidence");
    return answer.text();
  });
  kept.delete(address);
  kept.set(address, { at: Date.now(), html });
  html.catch(() => kept.delete(address));
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value);
  return html;
}

function prefetch(row) {
  const next = row.nextElementSibling;
  if (wide.matches && next?.dataset.row) evidenceOf(next).catch(() => {});
}

function show(row, after = SHOW_AFTER_MS) {
  clearTimeout(showing);
  if (!wide.matches) return;
  const known = kept.has(addressOf(row));
  showing = setTimeout(async () => {
    if (pane.querySelector(`[data-evidence-of="${row.dataset.row}"]`)) return;
    try {
      const html = await evidenceOf(row);
      if (current() !== row) return;
      window.htmx.swap(pane, html, { swapStyle: "innerHTML", settleDelay: 0 });
      pane.scrollTop = 0;
      prefetch(row);
    } catch {
      if (current() === row) say("The evidence could not be read: load the page again");
    }
  }, known ? 0 : after);
}

function moveTo(row) {
  if (!row) return;
  current()?.setAttribute("aria-selected", "false");
  row.setAttribute("aria-selected", "true");
  row.scrollIntoView({ block: "nearest" });
  history.replaceState(null, "", `#${row.id}`);
  say(row.querySelector("[data-name]").textContent);
  show(row);
}

function step(by) {
  const all = rows();
  moveTo(all[Math.min(Math.max(all.indexOf(current()) + by, 0), all.length - 1)]);
}

function countTicked() {
  const place = choose.querySelector("[data-selected]");
  const all = choose.querySelector("[data-matching]");
  const n = ticked().length;
  if (all?.checked) place.textContent = "Everything that matches";
  else place.textContent = n ? `${n} selected` : "The highlighted process";
}

function respond(word) {
  const data = new URLSearchParams();
  data.set("response", word);
  data.set("next", choose.elements.next.value);
  data.set("mark", choose.elements.mark.value);
  const all = choose.querySelector("[data-matching]");
  if (all?.checked) data.set("matching", all.value);
  else {
    const chosen = ticked().length ? ticked() : [current()];
    for (const row of chosen) data.append("process", row.dataset.row);
  }
  open(data);
}

// What is suggested for the highlighted process is only filled in: OK is for a person.
function takeOver() {
  const row = current();
  if (!row || !("suggests" in row.dataset) || !choose.querySelector('[name="response"]')) {
    say("Nothing is suggested for this process");
    return;
  }
  const next = choose.elements.next.value;
  open(new URLSearchParams({ process: row.dataset.row, take: "1", next }));
}

function open(data) {
  const address = `${choose.action}?${data}`;
  window.htmx.ajax("GET", address, { target: "#decide-body", swap: SWAP }).then(() => {
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("[autofocus]")?.focus();
  });
}

function comment() {
  const row = current();
  const talk = document.getElementById("comments-dialog");
  if (!row) return;
  const address = list.dataset.comments.replace("/0/", `/${row.dataset.row}/`);
  document.getElementById("comments-title").textContent = `Comments on ${row.querySelector("[data-name]").textContent}`;
  window.htmx.ajax("GET", address, { target: "#comments-body", swap: SWAP }).then(() => {
    if (!talk.open) talk.showModal();
    talk.querySelector("textarea")?.focus();
  });
}

// A new build gets what the build before it has; what needs a person is told, and left.
const renew = () => send(list.dataset.renew);

function bringBack() {
  const button = choose.querySelector("[data-back]");
  if (button) send(button.dataset.back);
  else say("Only what is observed is brought back");
}

function send(address) {
  const all = choose.querySelector("[data-matching]");
  const data = new FormData();
  data.set("next", choose.elements.next.value);
  if (all?.checked) data.set("matching", all.value);
  else for (const row of ticked().length ? ticked() : [current()]) data.append("process", row.dataset.row);
  window.htmx.ajax("POST", address, { values: data, source: choose, swap: "none" });
}

function undo() {
  const forms = document.querySelectorAll("form[data-undo]");
  sessionStorage.setItem(AT, current()?.id ?? "");
  if (forms.length) forms[forms.length - 1].requestSubmit();
  else say("Nothing to undo on this page");
}

function tellPace({ processes, acts, ms }) {
  const rate = document.querySelector("[data-rate]");
  if (!rate || !acts) return;
  const pace = (acts / Math.max(ms / 60_000, 1)).toFixed(1);
  rate.textContent = `${processes.toLocaleString("en")} decided · ${pace} decision${pace === "1.0" ? "" : "s"} a minute`;
}

function paceSoFar() {
  try {
    return JSON.parse(sessionStorage.getItem(PACE)) ?? { processes: 0, acts: 0, ms: 0 };
  } catch {
    return { processes: 0, acts: 0, ms: 0 };
  }
}

function keepPace(processes) {
  const before = paceSoFar();
  const ms = before.ms + Math.min(Date.now() - workedAt, PAUSE_MS);
  const pace = { processes: before.processes + processes, acts: before.acts + 1, ms };
  workedAt = Date.now();
  sessionStorage.setItem(PACE, JSON.stringify(pace));
  tellPace(pace);
}

function takeNewcomers(fresh) {
  if (!fresh.length) return;
  list.scrollTop = 0;
  moveTo(fresh[0]);
  say(fresh.length === 1 ? "1 new process at the top" : `${fresh.length} new processes at the top`);
}

function loadNewcomers() {
  const line = document.querySelector("[data-newcomers] a");
  if (line) line.click();
  else say("Nothing new");
}

function markDecided({ ids, response }) {
  const wanted = new Set(ids.map(String));
  let last;
  for (const row of rows()) {
    if (!wanted.has(row.dataset.row)) continue;
    row.classList.add("decided");
    boxOf(row).checked = false;
    const mark = document.createElement("span");
    mark.className = `mark ${response}`;
    mark.textContent = response[0].toUpperCase() + response.slice(1);
    row.querySelector("[data-name]").after(" ", mark);
    last = row;
  }
  kept.clear();
  if (response in DECIDES) keepPace(ids.length);
  dialog.close();
  countTicked();
  const all = rows();
  const from = all.indexOf(last ?? current());
  moveTo(all.slice(from + 1).find((r) => !r.classList.contains("decided")) ?? all[from]);
  list.focus({ preventScroll: true });
}

const ACTS = {
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  x: () => { boxOf(current()).click(); },
  e: () => (wide.matches ? pane.focus() : location.assign(current().querySelector("[data-name]").href)),
  Enter: () => location.assign(current().querySelector("[data-name]").href),
  c: comment,
  s: takeOver,
  r: () => (choose.querySelector("[name=response]") ? renew() : say("An analyst decides")),
  b: bringBack,
  u: undo,
  n: loadNewcomers,
  "/": () => document.querySelector("[data-search]").focus(),
  "?": () => document.getElementById("keys").showModal(),
  Escape: () => list.focus({ preventScroll: true }),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const at = event.target;
  const typing = at.matches("input:not([type=checkbox]), select, textarea");
  if (typing && event.key !== "Escape") return;
  const onControl = at.closest("a, button, input, summary") !== null;
  if (onControl && ["Enter", "ArrowDown", "ArrowUp"].includes(event.key)) return;
  if (["ArrowDown", "ArrowUp"].includes(event.key) && !list.contains(at)) return;
  const word = KEYS[event.key];
  const act = word && choose.querySelector(`[value="${word}"]`) ? () => respond(word) : ACTS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

if (list && choose) {
  document.addEventListener("keydown", onKey);
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row || event.target.closest("input, button, .copy")) return;
    const link = event.target.closest("a");
    if (link && (!wide.matches || event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    moveTo(row);
  });
  list.addEventListener("dblclick", (event) => {
    const link = event.target.closest("[data-row]")?.querySelector("[data-name]");
    if (link && !event.target.closest("input")) location.assign(link.href);
  });
  list.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) for (const row of rows()) boxOf(row).checked = event.target.checked;
    countTicked();
  });
  pane.addEventListener("click", (event) => {
    if (!event.target.closest("a[data-comment]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    comment();
  });
  choose.addEventListener("change", countTicked);
  choose.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.dataset.take !== undefined) renew();
    else if (event.submitter?.dataset.back !== undefined) bringBack();
    else respond(event.submitter?.value ?? "ignore");
  });
  document.body.addEventListener("decided", (event) => markDecided(event.detail));
  document.body.addEventListener("newcomers", (event) => takeNewcomers(event.detail));
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("a[data-close-dialog]")) event.preventDefault();
  });
  dialog.addEventListener("close", () => { document.getElementById("decide-body").replaceChildren(); });
  tellPace(paceSoFar());
  const was = location.hash.slice(1) || sessionStorage.getItem(AT);
  sessionStorage.removeItem(AT);
  const named = was && list.querySelector(`[data-row]#${CSS.escape(was)}`);
  // The list comes without evidence, so that it comes sooner: its first row's is read now.
  if (named) moveTo(named);
  else {
    show(current(), 0);
    setTimeout(() => prefetch(current()));
  }
  if (!named && document.activeElement === document.body) list.focus({ preventScroll: true });
} else {
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea")) return;
    if (event.key === "n") loadNewcomers();
    if (event.key === "?") document.getElementById("keys")?.showModal();
    if (event.key === "/") {
      event.preventDefault();
      document.querySelector("[data-search]")?.focus();
    }
  });
}
