import { expect, test } from "vitest";
import want from "../../e2e/goldens/diffusion/losses.json" with { type: "json" };
import { objectives, softplus } from "./objectives.ts";

const names = ["logistic", "hinge", "correlation"] as const;

test.each(names)("%s: value and slope are torch's in float64, far out on both sides", (name) => {
  want.u.forEach((u, i) => {
    const [value, slope] = objectives[name](u);
    expect(value).toBeCloseTo(want[name].value[i] as number, 12);
    expect(slope).toBeCloseTo(want[name].slope[i] as number, 12);
  });
});

test("l(0) is ln 2, 1 and 1, exactly", () => {
  expect(names.map((name) => objectives[name](0)[0])).toEqual([Math.LN2, 1, 1]);
  expect(names.map((name) => objectives[name](0)[1])).toEqual([-0.5, -1, -1]);
});

test("softplus keeps its tail: e^-40, not 0", () => {
  expect(softplus(-40)).toBe(Math.exp(-40));
  expect(softplus(1e6)).toBe(1e6);
});
