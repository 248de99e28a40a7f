/** @file Keys: what each does, which of them a person changed, and one listener for all. Single keys are off wherever one types. */
import { useEffect, useSyncExternalStore } from "react";
import { createListeners } from "../lib/listeners.ts";

/** Where a key means something: two commands of one place, or one of them everywhere, need different keys. */
type Place = "everywhere" | "after go" | "grid" | "viewer" | "vote";

interface Known {
  readonly key: string;
  readonly place: Place;
  readonly words: string;
}

/** Every single key: it can be changed, and all of them switched off. Arrows, Enter and Escape always work. */
const COMMANDS = {
  go: { key: "g", place: "everywhere", words: "go to a screen, then its letter" },
  goPairs: { key: "p", place: "after go", words: "Pairs" },
  goIterate: { key: "i", place: "after go", words: "Iterate" },
  goCompare: { key: "c", place: "after go", words: "Compare" },
  goVote: { key: "v", place: "after go", words: "Vote" },
  goReport: { key: "r", place: "after go", words: "Report" },
  pause: { key: "p", place: "everywhere", words: "pause or resume" },
  sheet: { key: "?", place: "everywhere", words: "this sheet" },
  setLeft: { key: "a", place: "grid", words: "set left" },
  setRight: { key: "b", place: "grid", words: "set right" },
  allLeft: { key: "1", place: "viewer", words: "all left" },
  middle: { key: "2", place: "viewer", words: "middle" },
  allRight: { key: "3", place: "viewer", words: "all right" },
  mode: { key: "m", place: "viewer", words: "next compare mode" },
  swap: { key: "c", place: "viewer", words: "swap left and right" },
  zoom: { key: "z", place: "viewer", words: "fit or 1:1" },
  larger: { key: "+", place: "viewer", words: "larger" },
  smaller: { key: "-", place: "viewer", words: "smaller" },
  fit: { key: "0", place: "viewer", words: "fit" },
  voteA: { key: "a", place: "vote", words: "prefer A" },
  voteB: { key: "b", place: "vote", words: "prefer B" },
  tie: { key: "t", place: "vote", words: "tie" },
  skip: { key: "s", place: "vote", words: "skip" },
  undo: { key: "u", place: "vote", words: "undo the last vote" },
} as const satisfies { readonly [command: string]: Known };

export type Command = keyof typeof COMMANDS;

const ALL = Object.keys(COMMANDS) as Command[];
/** plus without Shift */
const ALIASES: { readonly [key: string]: string } = { "=": "+" };

export const wordsOf = (command: Command): string => COMMANDS[command].words;

interface Kept {
  readonly off: boolean;
  readonly own: { readonly [C in Command]?: string };
}

const MEMORY = "spin-studio.keys";
const AS_THEY_CAME: Kept = { off: false, own: {} };
const { tell, on: subscribe } = createListeners();
let kept: Kept = read();

function read(): Kept {
  try {
    const { off, own } = JSON.parse(globalThis.localStorage?.getItem(MEMORY) ?? "{}") as Partial<Kept>;
    const known = ALL.flatMap((command) => {
      const key = own?.[command];
      return typeof key === "string" && isSingle(key) ? [[command, key]] : [];
    });
    return { off: off === true, own: Object.fromEntries(known) as Kept["own"] };
  } catch {
    return AS_THEY_CAME; // storage is blocked, or holds something else
  }
}

function change(next: Kept): void {
  kept = next;
  try {
    globalThis.localStorage?.setItem(MEMORY, JSON.stringify(kept));
  } catch {
    // they stay as long as the page
  }
  tell();
}

/** One letter, digit or sign; a space presses buttons. */
export function isSingle(key: string): boolean {
  return [...key].length === 1 && key.trim() !== "";
}

export const singleKeys = (): boolean => !kept.off;
export const setSingleKeys = (on: boolean): void => change({ ...kept, off: !on });
export const keyOf = (command: Command): string => kept.own[command] ?? COMMANDS[command].key;
export const areChanged = (): boolean => Object.keys(kept.own).length > 0;
export const resetKeys = (): void => change({ ...kept, own: {} });

/** Null: done. Else the command that has this key in the same place, and nothing is changed. */
export function setKey(command: Command, key: string): Command | null {
  const small = key.toLowerCase();
  const taken = ALL.find((other) => other !== command && keyOf(other) === small && meet(command, other));
  if (taken !== undefined) return taken;
  const { [command]: _, ...rest } = kept.own;
  change({ ...kept, own: small === COMMANDS[command].key ? rest : { ...rest, [command]: small } });
  return null;
}

function meet(one: Command, other: Command): boolean {
  const [a, b]: readonly Place[] = [COMMANDS[one].place, COMMANDS[other].place];
  if (a === "after go" || b === "after go") return a === b;
  return a === b || a === "everywhere" || b === "everywhere";
}

/** "M", "−" */
export function label(key: string): string {
  return key === "-" ? "−" : key.toUpperCase();
}

/** What a part of the keys is now, for components. */
export function useKept<T>(select: () => T): T {
  return useSyncExternalStore(subscribe, select);
}

/** The key as it is printed; null while single keys are off. */
export function useKey(command: Command): string | null {
  return useKept(() => (singleKeys() ? label(keyOf(command)) : null));
}

/** For the control that does the same. */
export function useShortcut(command: Command): { readonly "aria-keyshortcuts"?: string } {
  const key = useKept(() => (singleKeys() ? keyOf(command) : null));
  return key === null ? {} : { "aria-keyshortcuts": key === "+" ? "plus" : key.toUpperCase() };
}

/** True where a letter is text. */
export function isTyping(target: EventTarget | null): boolean {
  const field = target instanceof Element ? target.closest("input, textarea, select, [contenteditable]") : null;
  return field !== null && !(field instanceof HTMLInputElement && /^(checkbox|radio|range|button)$/.test(field.type));
}

/** True where the element needs arrows and Escape itself. */
function needsKeys(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

type Named = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Escape";

/** What a screen does at a command, or at a key that cannot be changed; "shift+ArrowLeft" with Shift held. */
export type KeyMap = { readonly [name in Command | Named | `shift+${Named}`]?: () => void };

const maps = new Set<KeyMap>();
const AFTER_GO_MS = 1200;
let wentAt = Number.NEGATIVE_INFINITY;

function commandAt(key: string, afterGo: boolean): Command | undefined {
  const there = ALL.filter((command) => (COMMANDS[command].place === "after go") === afterGo);
  const of = (wanted: string | undefined): Command | undefined =>
    there.find((command) => keyOf(command) === wanted && [...maps].some((map) => map[command] !== undefined));
  return of(key) ?? of(ALIASES[key]);
}

function onKey(event: KeyboardEvent): void {
  const { key, shiftKey, target } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]") !== null) return;
  const single = isSingle(key);
  if (single ? kept.off || isTyping(target) : needsKeys(target)) return;
  const small = key.toLowerCase();
  const afterGo = single && event.timeStamp - wentAt < AFTER_GO_MS;
  if (single) wentAt = Number.NEGATIVE_INFINITY;
  if (single && !afterGo && small === keyOf("go")) {
    wentAt = event.timeStamp;
    event.preventDefault();
    return;
  }
  const name = single ? commandAt(small, afterGo) : ((shiftKey ? `shift+${key}` : key) as keyof KeyMap);
  if (name === undefined) return;
  for (const map of maps) {
    const act = map[name];
    if (act === undefined) continue;
    event.preventDefault();
    act();
    return;
  }
}

/** As long as the component is there. */
export function useKeys(map: KeyMap): void {
  useEffect(() => {
    if (maps.size === 0) document.addEventListener("keydown", onKey);
    maps.add(map);
    return () => {
      maps.delete(map);
      if (maps.size === 0) document.removeEventListener("keydown", onKey);
    };
  }, [map]);
}
