// The slider of the plan's days: it writes into the date field beside it, and asks when let go.
const DAY = 86_400_000;

for (const form of document.querySelectorAll("[data-travel]")) {
  const on = form.querySelector("input[type=date]");
  const slider = form.querySelector("input[type=range]");
  const first = Date.parse(`${on.min}T00:00:00Z`);
  slider.addEventListener("input", () => {
    on.value = new Date(first + Number(slider.value) * DAY).toISOString().slice(0, 10);
  });
  slider.addEventListener("change", () => form.requestSubmit());
}
