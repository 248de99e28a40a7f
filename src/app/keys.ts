/** @file Single keys, off wherever one types. */
import { useEffect } from "react";

/** True where a letter is text, or where the element needs the key itself. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

const OFF_KEY = "spin-studio.keys";

/** Letters, digits and signs by themselves; arrows and Escape always work. */
export function singleKeys(): boolean {
  try {
    return globalThis.localStorage?.getItem(OFF_KEY) !== "off";
  } catch {
    return true; // storage is blocked
  }
}

export function setSingleKeys(on: boolean): void {
  try {
    if (on) globalThis.localStorage?.removeItem(OFF_KEY);
    else globalThis.localStorage?.setItem(OFF_KEY, "off");
  } catch {
    // as above
  }
}

export type KeyMap = { readonly [key: string]: () => void };

/** Keys as `event.key`, letters in lower case; "shift+ArrowLeft" with Shift held. */
export function useKeys(keys: KeyMap): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      if (event.key.length === 1 && !singleKeys()) return;
      const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const act = keys[event.shiftKey && name.length > 1 ? `shift+${name}` : name];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [keys]);
}
