// Runs before the first paint, so that a chosen theme does not flash. A file of its own because the
// Content-Security-Policy forbids inline scripts.
try {
  var chosen = localStorage.getItem("gk.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch (e) {
  // Storage is blocked: the system's theme it is.
}
