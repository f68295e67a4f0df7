// README.md says why.
try {
  var chosen = localStorage.getItem("gk.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch (e) {}
