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
