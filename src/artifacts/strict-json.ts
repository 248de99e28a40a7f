/**
 * @file JSON for files that strangers wrote. Differs from JSON.parse where that one is silent: a repeated key is an error,
 * objects are Maps (so `__proto__` is a key like any other), and integers are BigInts (2^53 + 1 stays itself).
 */
import { StudioError } from "../lib/errors.ts";

export type StrictJson = null | boolean | number | bigint | string | readonly StrictJson[] | StrictObject;
export type StrictObject = ReadonlyMap<string, StrictJson>;

const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const word = /true|false|null/y;
const space = /[ \t\r\n]*/y;

/** @throws StudioError `json` with the place of the fault. */
export function parseStrictJson(text: string, maxDepth = 8): StrictJson {
  let at = 0;

  function fail(expected: string): never {
    throw new StudioError("json", `At character ${at} the JSON should have ${expected}.`);
  }
  function match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found;
  }
  /** Whether `char` comes next, skipping white space on both sides. */
  function take(char: string): boolean {
    match(space);
    if (text[at] !== char) return false;
    at += 1;
    match(space);
    return true;
  }
  function string(): string {
    if (text[at] !== '"') fail("a string");
    let end = at;
    for (let escaped = true; escaped; ) {
      end = text.indexOf('"', end + 1);
      if (end < 0) fail('a closing "');
      let slashes = 0;
      while (text[end - 1 - slashes] === "\\") slashes += 1;
      escaped = slashes % 2 === 1;
    }
    try {
      const value = JSON.parse(text.slice(at, end + 1)) as string;
      at = end + 1;
      return value;
    } catch {
      return fail("a well-formed string");
    }
  }
  function object(depth: number): StrictObject {
    const entries = new Map<string, StrictJson>();
    if (take("}")) return entries;
    do {
      const key = string();
      if (entries.has(key)) fail(`"${key.slice(0, 80)}" only once`);
      if (!take(":")) fail("a colon");
      entries.set(key, value(depth));
    } while (take(","));
    if (!take("}")) fail("a comma or }");
    return entries;
  }
  function array(depth: number): readonly StrictJson[] {
    const items: StrictJson[] = [];
    if (take("]")) return items;
    do items.push(value(depth));
    while (take(","));
    if (!take("]")) fail("a comma or ]");
    return items;
  }
  function value(depth: number): StrictJson {
    if (depth > maxDepth) fail(`at most ${maxDepth} levels`);
    if (take("{")) return object(depth + 1);
    if (take("[")) return array(depth + 1);
    if (text[at] === '"') return string();
    const named = match(word);
    if (named) return named[0] === "null" ? null : named[0] === "true";
    const digits = match(number) ?? fail("a value");
    // BigInt of very long digits is slow, and no size in a file needs more than 64 bits
    if (digits[0].length > 32) fail("a number of at most 32 characters");
    return digits[1] || digits[2] ? Number(digits[0]) : BigInt(digits[0]);
  }

  match(space);
  const result = value(0);
  match(space);
  if (at !== text.length) fail("ended");
  return result;
}
