/** @file A copy is close whatever was done to it; another picture is not. */
import { expect, test } from "vitest";
import { centreBox, cropResize } from "./crop.ts";
import { likeness } from "./likeness.ts";
import type { Pixels } from "./pixels.ts";

/** A soft spot on a slope of light. */
function picture(side: number, spot: number, colour: readonly [number, number, number]): Pixels {
  const rgba = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const far = Math.hypot(x / side - spot, y / side - 0.5);
      for (let c = 0; c < 3; c++) {
        rgba[(y * side + x) * 4 + c] = (colour[c] as number) * Math.exp(-12 * far * far) + 60 * (x / side) + 20;
      }
    }
  }
  return { width: side, height: side, rgba };
}
const digits = (a: string, b: string) => [...a].filter((digit, i) => digit !== b[i]).length;

test("the digits of a picture that was halved differ in few places, those of another in many", () => {
  const whole = picture(96, 0.3, [200, 40, 40]);
  const print = likeness(whole);
  expect(print).toMatch(/^[0-9a-f]{112}$/);
  const half = { width: 48, height: 48, rgba: cropResize(whole, 48, centreBox(whole)) };
  expect(digits(print, likeness(half))).toBeLessThan(40);
  expect(digits(print, likeness(picture(96, 0.75, [40, 40, 200])))).toBeGreaterThan(60);
});
