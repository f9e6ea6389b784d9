/** Dark and light: as the system has it, until the person chooses. */

import { useState } from "react";

const NAME = "parlance.dashboard.theme";
export type Theme = "light" | "dark" | "light dark";

export function useTheme(): [dark: boolean, toggle: () => void] {
  const [theme, setTheme] = useState(stored);
  const system = matchMedia("(prefers-color-scheme: dark)").matches;
  const dark = theme === "light dark" ? system : theme === "dark";

  function toggle(): void {
    const chosen: Theme = dark ? "light" : "dark";
    localStorage.setItem(NAME, chosen);
    show(chosen);
    setTheme(chosen);
  }
  return [dark, toggle];
}

/** What was chosen, shown before anything is drawn. */
export function showTheme(): void {
  show(stored());
}

function stored(): Theme {
  return (localStorage.getItem(NAME) as Theme | null) ?? "light dark";
}

function show(theme: Theme): void {
  document.documentElement.style.colorScheme = theme;
}
