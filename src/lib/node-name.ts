/** @file What the nodes of a tree are called: Base, "SPIN k" by depth, or what a person named them. */

/** The model as it came: every tree's root. */
export const BASE = "base";

export interface Named {
  readonly name: string | null;
  readonly iteration: number;
}

export function nodeName({ name, iteration }: Named): string {
  return name ?? `SPIN ${iteration}`;
}

/** "SPIN 2"; for a branch beside it "SPIN 2 b", and so on. */
export function defaultName(iteration: number, others: readonly Named[]): string {
  const taken = new Set(others.map(nodeName));
  const plain = `SPIN ${iteration}`;
  for (let letter = 1; ; letter++) {
    const name = letter === 1 ? plain : `${plain} ${letter <= 26 ? String.fromCodePoint(96 + letter) : letter}`;
    if (!taken.has(name)) return name;
  }
}

const longestName = 80;

/** What emoji and some scripts are joined and shaped by: not seen, but meant. */
const joiner = String.raw`[\u200C\u200D\p{Variation_Selector}\u{E0020}-\u{E007F}]`;
const hidden = new RegExp(String.raw`(?!${joiner})[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cs}]`, "gu");
const onlyJoiners = new RegExp(`^${joiner}*$`, "u");

/** A name as it is kept, typed or from a file: one line that hides nothing and turns no text around. Null: nothing is left. */
export function cleanName(name: string | null): string | null {
  const clean = (name ?? "")
    .replace(hidden, "")
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim();
  return onlyJoiners.test(clean) ? null : [...clean].slice(0, longestName).join("").trim();
}
