// Reviews by keyboard: each key presses a button that the page has anyway.
const list = document.querySelector("[data-reviews]");
const PLACE = "reviews:place";
const all = () => (list ? [...list.querySelectorAll("[data-review]")] : []);
const current = () => list?.querySelector("[aria-current]");

function moveTo(row) {
  if (!row) return;
  current()?.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const rows = all();
  moveTo(rows[Math.min(Math.max(rows.indexOf(current()) + by, 0), rows.length - 1)]);
}

function press(key) {
  const target = current()?.querySelector(`[data-key="${key}"]`);
  if (!target) return;
  target.click();
  if (target.matches("summary")) target.parentElement.querySelector("input[name=owner]").focus();
}

const ACTS = {
  j: () => step(1),
  i: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  k: () => press("k"),
  r: () => press("r"),
  e: () => press("e"),
  u: () => [...document.querySelectorAll("form[data-undo]")].at(-1)?.requestSubmit(),
  "?": () => document.getElementById("keys").showModal(),
  Escape: () => moveTo(current()),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input, select, textarea") && event.key !== "Escape") return;
  const act = ACTS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

list?.addEventListener("click", (event) => {
  const row = event.target.closest("[data-review]");
  if (row && !event.target.closest("a, button, input, textarea, summary")) moveTo(row);
});

// After an act the page comes anew: go on at the same place, where the next one has moved up.
list?.addEventListener("submit", (event) => {
  sessionStorage.setItem(PLACE, all().indexOf(event.target.closest("[data-review]")));
});
const place = Number(sessionStorage.getItem(PLACE) ?? 0);
sessionStorage.removeItem(PLACE);
if (list) moveTo(all()[Math.min(place, all().length - 1)]);
