import { expect, test } from "vitest";
import { parseRoute, printRoute } from "./route.ts";

test("every address that is printed is read back", () => {
  for (const hash of [
    "#start",
    "#pairs",
    "#iterate",
    "#iterate/2",
    "#compare",
    "#compare/3/0-2",
    "#vote",
    "#vote/2-0",
    "#report",
  ]) {
    expect(printRoute(parseRoute(hash))).toBe(hash);
  }
});

test("what is not understood is the nearest screen that is", () => {
  expect(parseRoute("")).toEqual({ screen: "start" });
  expect(parseRoute("#nowhere/1")).toEqual({ screen: "start" });
  expect(parseRoute("#iterate/-1")).toEqual({ screen: "iterate", iteration: null });
  expect(parseRoute("#vote/2-x")).toEqual({ screen: "vote", rivals: null });
  expect(parseRoute("#compare/1/2")).toEqual({ screen: "compare", viewer: null });
});
