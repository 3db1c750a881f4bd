// Before the first paint, so that nothing moves when the other scripts arrive.
document.documentElement.classList.add("js");
