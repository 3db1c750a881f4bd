// Small conveniences for every page; each page works without them.
function say(text) {
  let region = document.querySelector("[data-said]");
  if (!region) {
    region = document.createElement("div");
    region.className = "visually-hidden";
    region.dataset.said = "";
    region.setAttribute("aria-live", "polite");
    document.body.append(region);
  }
  region.textContent = text;
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // Clipboards need https or localhost; the whole value is on hover.
    return;
  }
  button.classList.add("done");
  say("Copied");
  setTimeout(() => button.classList.remove("done"), 1500);
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  const copied = target.closest("[data-copy]");
  if (copied) {
    copy(copied);
    return;
  }
  const dismissed = target.closest("[data-dismiss]");
  if (dismissed) {
    dismissed.closest("[data-toast]")?.remove();
    return;
  }
  const opens = target.closest("[data-open-dialog]");
  if (opens) {
    document.getElementById(opens.dataset.openDialog)?.showModal();
    event.preventDefault();
    return;
  }
  if (target.closest("[data-close-dialog]")) target.closest("dialog")?.close();
});

// What was shortened is copied whole.
document.addEventListener("copy", (event) => {
  const selection = document.getSelection();
  const inside = selection?.anchorNode?.parentElement?.closest("[data-full], .ends, .path");
  if (!inside || !selection || !inside.contains(selection.focusNode)) return;
  if (selection.toString().includes("…")) {
    event.clipboardData?.setData("text/plain", inside.dataset.full ?? inside.title);
    event.preventDefault();
  }
});

// Filters apply as they are chosen; the button beside them serves those without scripts.
document.addEventListener("change", (event) => {
  const form = event.target instanceof Element ? event.target.closest("form[data-submit-on-change]") : null;
  if (form && event.target.type !== "search") form.requestSubmit();
});

// Empty filters do not belong into an address that people share.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.submitOnChange === undefined) return;
  for (const field of form.elements) {
    if (field.name && field.value === "") field.disabled = true;
  }
  setTimeout(() => {
    for (const field of form.elements) field.disabled = false;
  }, 0);
});

// A form is sent once; a question stands before an act that asks for one.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A table that is wider than its place is scrolled by keyboard too.
const wrapped = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) {
      const heading = target.closest("section")?.querySelector("h2") ?? document.querySelector("h1");
      target.tabIndex = 0;
      target.setAttribute("role", "region");
      target.setAttribute("aria-label", `${heading?.textContent.trim() ?? ""}, table`);
    } else for (const name of ["tabindex", "role", "aria-label"]) target.removeAttribute(name);
  }
});
for (const place of document.querySelectorAll(".table-wrap")) wrapped.observe(place);
