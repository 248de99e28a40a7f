import { expect, test } from "vitest";
import { defaultName, nodeName } from "./node-name.ts";

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
