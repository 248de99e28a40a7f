import { expect, test } from "vitest";
import { cleanName, defaultName, nodeName } from "./node-name.ts";

test("branches beside a node get a letter", () => {
  const node = (name: string | null, iteration = 2) => ({ name, iteration });
  expect(nodeName(node(null))).toBe("SPIN 2");
  expect(defaultName(2, [node(null, 1)])).toBe("SPIN 2");
  expect(defaultName(2, [node(null), node("SPIN 2 b")])).toBe("SPIN 2 c");
  expect(defaultName(2, [node("Blue")])).toBe("SPIN 2");
  expect(
    defaultName(
      1,
      Array.from({ length: 26 }, (_, i) => node(i === 0 ? null : `SPIN 1 ${"abcdefghijklmnopqrstuvwxyz"[i]}`, 1)),
    ),
  ).toBe("SPIN 1 27");
});

test("a name keeps what it shows and loses what it hides", () => {
  for (const name of [
    "Blue",
    "👩‍👩‍👧 family",
    "❤️",
    "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    "नमस्\u200Dते",
    "می\u200Cخواهم",
    "שלום",
  ])
    expect(cleanName(name)).toBe(name);
  expect(cleanName("\u202Ecod.exe")).toBe("cod.exe");
  expect(cleanName("a\u2066b\u2069\u200E\u200F\u061C\u200B\uFEFF\u00ADc\uD800")).toBe("abc");
  expect(cleanName(" two\nlines\u2028 \u0000 ")).toBe("two lines");
  for (const nothing of [null, "", " \u200B", "\u202E", "\u200D\uFE0F"]) expect(cleanName(nothing)).toBeNull();
  const long = cleanName("👍".repeat(100)) as string;
  expect(long).toBe("👍".repeat(80));
  expect(cleanName(`${"x".repeat(79)} y`)).toBe("x".repeat(79));
});
