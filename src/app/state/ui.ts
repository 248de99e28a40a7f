/** @file Where the person is, the theme, and what stands in the way. */
import type { Slice, Theme, UiSlice } from "./studio-state.ts";

const THEME_KEY = "spin-studio.theme";

export function storedTheme(): Theme {
  try {
    const theme = globalThis.localStorage?.getItem(THEME_KEY);
    return theme === "light" || theme === "dark" ? theme : "system";
  } catch {
    return "system"; // storage is blocked: the theme is not worth a message
  }
}

export const createUi: Slice<UiSlice> = (set) => ({
  route: { screen: "start" },
  theme: storedTheme(),
  problem: null,
  setRoute: (route) => set({ route }),
  setTheme(theme) {
    try {
      if (theme === "system") globalThis.localStorage?.removeItem(THEME_KEY);
      else globalThis.localStorage?.setItem(THEME_KEY, theme);
    } catch {
      // as above
    }
    set({ theme });
  },
  setProblem: (problem) => set({ problem }),
});
