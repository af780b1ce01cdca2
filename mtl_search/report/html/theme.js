// Light or dark: as the system says until the button is used.
"use strict";

const theme = {
  listeners: [],
  system: matchMedia("(prefers-color-scheme: dark)"),

  isDark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : theme.system.matches;
  },

  show() {
    const button = document.getElementById("theme");
    button.textContent = theme.isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `Use ${theme.isDark() ? "light" : "dark"} colours`);
    theme.listeners.forEach((listener) => listener());
  },

  choose(name) {
    document.documentElement.dataset.theme = name;
    theme.show();
  },
};

{
  const button = document.getElementById("theme");
  button.addEventListener("click", () => theme.choose(theme.isDark() ? "light" : "dark"));
  theme.system.addEventListener("change", theme.show);
  theme.show();
}
