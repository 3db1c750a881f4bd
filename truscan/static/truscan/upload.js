// Files dropped on the form, and how much of them has arrived; without this the form posts itself.
const form = document.querySelector("form[data-upload]");

function send(form) {
  const bar = form.querySelector("[data-progress]");
  const told = form.querySelector("[data-told]");
  const button = form.querySelector("button");
  const request = new XMLHttpRequest();
  bar.hidden = false;
  button.disabled = true;
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    const share = Math.floor((100 * event.loaded) / event.total);
    bar.value = share;
    told.textContent = share < 100 ? `${share} % handed over` : "Handed over, the server looks at it";
  });
  const failed = (text) => {
    told.textContent = text;
    bar.hidden = true;
    button.disabled = false;
  };
  request.addEventListener("load", () => {
    // The answer is a page; a redirect was followed, so its address is the place to go.
    if (request.status < 400) location.assign(request.responseURL);
    else failed(`The server refused it (${request.status}). Reload the page and try again.`);
  });
  request.addEventListener("error", () => failed("The connection broke. Try again."));
  request.open("POST", form.action);
  request.send(new FormData(form));
}

if (form) {
  const zone = form.querySelector("[data-drop]");
  const input = form.querySelector("input[type=file]");
  const names = form.querySelector("[data-names]");
  const show = () => {
    names.textContent = [...input.files].map((file) => file.name).join(", ");
  };
  input.addEventListener("change", show);
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    zone.addEventListener(name, () => zone.classList.remove("over"));
  }
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    input.files = event.dataTransfer.files;
    show();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}
