// What is new since the list was read: told in one quiet line, and put at the top only when asked
// for. Asks less often while nobody works, not at all while nobody looks, and stops at errors.
const ASK_MS = 20_000;
const SELDOM_MS = 300_000;
const AWAY_MS = 120_000;
const FAILURES_MAX = 3;
const place = document.querySelector("[data-newcomers]");
const body = document.querySelector("[data-inbox] tbody");
let pause = ASK_MS;
let failures = 0;
let askedAt = Date.now();
let usedAt = Date.now();
let timer;

function address(more = {}) {
  const [path, query] = place.dataset.newcomers.split("?");
  const asked = new URLSearchParams(query);
  const shown = [...document.querySelectorAll("[data-row]")].map((row) => row.dataset.row);
  const said = { mark: place.dataset.mark, shown: shown.join(","), ...more };
  for (const [name, value] of Object.entries(said)) asked.set(name, value);
  return `${path}?${asked}`;
}

// A redirect means that nobody is signed in any more: there is nothing to wait for.
async function ask(more) {
  const answer = await fetch(address(more), { redirect: "manual", headers: { "HX-Request": "true" } });
  if (answer.ok) return answer.status === 204 ? "" : answer.text();
  const error = new Error("no answer");
  error.isFinal = answer.type === "opaqueredirect" || (answer.status >= 400 && answer.status < 500);
  throw error;
}

function tell(html) {
  const before = place.textContent.trim();
  const fresh = document.createRange().createContextualFragment(html);
  if (fresh.textContent.trim() !== before) place.replaceChildren(fresh);
}

function stop() {
  clearTimeout(timer);
  timer = undefined;
  tell('<button type="button" class="btn small quiet" data-again>Not live · ask again</button>');
}

function schedule() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, pause);
}

async function look() {
  askedAt = Date.now();
  try {
    tell(await ask());
    failures = 0;
  } catch (error) {
    failures += 1;
    if (error.isFinal || failures >= FAILURES_MAX) {
      stop();
      return;
    }
  }
  const isAway = Date.now() - usedAt > AWAY_MS || failures > 0;
  pause = isAway ? Math.min(pause * 2, SELDOM_MS) : ASK_MS;
  schedule();
}

function used() {
  usedAt = Date.now();
  if (!timer || pause === ASK_MS || failures) return;
  pause = ASK_MS;
  schedule();
}

async function load() {
  let fresh;
  try {
    fresh = new DOMParser().parseFromString(await ask({ rows: "1" }), "text/html").querySelector("tbody");
  } catch {
    stop();
    return;
  }
  const rows = [...fresh.rows];
  place.dataset.mark = fresh.dataset.mark;
  place.replaceChildren();
  for (const row of rows.toReversed()) body.prepend(document.adoptNode(row));
  document.body.dispatchEvent(new CustomEvent("newcomers", { detail: rows }));
}

if (place) {
  schedule();
  for (const kind of ["keydown", "pointerdown", "wheel"]) document.addEventListener(kind, used, { passive: true });
  document.addEventListener("visibilitychange", () => {
    if (!timer) return;
    clearTimeout(timer);
    if (document.hidden) return;
    if (Date.now() - askedAt > ASK_MS) look();
    else schedule();
  });
  place.addEventListener("click", (event) => {
    if (event.target.closest("[data-again]")) {
      failures = 0;
      look();
    } else if (body && event.target.closest("[data-load]")) {
      event.preventDefault();
      load();
    }
  });
}
