import fc from "fast-check";
import { expect, test } from "vitest";
import { parseStrictJson, type StrictJson } from "./strict-json.ts";

/** As JSON.parse would give it. */
function plain(value: StrictJson): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [key, plain(item as StrictJson)]));
  if (Array.isArray(value)) return value.map((item) => plain(item as StrictJson));
  return typeof value === "bigint" ? Number(value) : value;
}

test("reads what JSON.parse reads", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 2), (text, indent) => {
      const value: unknown = JSON.parse(text);
      expect(plain(parseStrictJson(JSON.stringify(value, null, indent)))).toEqual(value);
    }),
  );
});

test("is strict where JSON.parse is silent", () => {
  expect(() => parseStrictJson('{"a":1,"\\u0061":2}')).toThrow(/"a" only once/);
  expect(parseStrictJson("[9007199254740993, 1e2, -0.5]")).toEqual([9007199254740993n, 100, -0.5]);
  expect(parseStrictJson('{"__proto__":1}')).toEqual(new Map([["__proto__", 1n]]));
});

test.each([
  "",
  "{",
  "[1,]",
  '{"a"}',
  '{"a":1,}',
  "01",
  "1 2",
  '"\n"',
  '"\\x"',
  '"abc',
  "nul",
  "truex",
  "'a'",
  "\u00a01",
  "9".repeat(40),
])("refuses %j", (text) => {
  expect(() => parseStrictJson(text)).toThrow(/^At character \d+ the JSON should have/);
});
