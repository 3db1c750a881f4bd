// Names while one types @: a click or Enter on one takes it; without scripts the page lists them.
const TYPED = /(?:^|[^\w.@+-])@([\w.@+-]*)$/;
const AFTER_MS = 120;
let asking;

function typedName(field) {
  return TYPED.exec(field.value.slice(0, field.selectionStart))?.[1];
}

function placeOf(field) {
  return field.closest(".field").querySelector("[data-names]");
}

async function suggest(field) {
  const name = typedName(field);
  const place = placeOf(field);
  if (name === undefined) {
    place.replaceChildren();
    return;
  }
  const answer = await fetch(`${field.dataset.mention}?q=${encodeURIComponent(name)}`);
  if (!answer.ok || typedName(field) !== name) return;
  place.innerHTML = await answer.text();
}

function take(field, name) {
  const at = field.selectionStart;
  const typed = typedName(field) ?? "";
  field.setRangeText(`${name} `, at - typed.length, at, "end");
  placeOf(field).replaceChildren();
  field.focus();
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-mention]")) return;
  clearTimeout(asking);
  asking = setTimeout(() => suggest(event.target), AFTER_MS);
});

document.addEventListener("click", (event) => {
  const chosen = event.target.closest?.("[data-names] [data-name]");
  if (chosen) take(chosen.closest(".field").querySelector("[data-mention]"), chosen.dataset.name);
});

document.addEventListener("keydown", (event) => {
  if (!event.target.matches("[data-mention]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
  if (event.key === "Escape") placeOf(event.target).replaceChildren();
});
