// The page as a whole: its theme, and its start.

const THEME = "gotracer-ci theme";
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Remember the theme; a browser may refuse to. */
const remembered = (theme) => {
  try {
    if (theme) localStorage.setItem(THEME, theme);
    return localStorage.getItem(THEME);
  } catch {
    return null;
  }
};

/** Show a theme, "" for the reader's. */
const themed = (theme) => {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  document.dispatchEvent(new Event("themechange"));
};

const theme = remembered();
if (theme === "dark" || theme === "light") themed(theme);
dark.addEventListener("change", () => document.dispatchEvent(new Event("themechange")));
byId("theme").hidden = false;
byId("theme").addEventListener("click", () => {
  const next = (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark" ? "light" : "dark";
  remembered(next);
  themed(next);
});

start();
