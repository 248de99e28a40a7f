import { expect, test } from "vitest";
import { canMove, FIT, isHard, moved, offsetOf, scaledTo, zoomed, type View } from "./zoom.ts";

const frame = { width: 640, height: 640, side: 64 };

test("plus and minus walk over whole multiples from where Fit stands, and end at the ends", () => {
  expect(zoomed(FIT, 1, frame).scale).toBe(12);
  expect(zoomed(FIT, -1, frame).scale).toBe(8);
  let view: View = FIT;
  for (let i = 0; i < 20; i++) view = zoomed(view, 1, frame);
  expect(view.scale).toBe(32);
  for (let i = 0; i < 20; i++) view = zoomed(view, -1, frame);
  expect(view.scale).toBe(1);
});

test("pixels are hard from 4:1 on, and smooth where the picture only fits", () => {
  expect([isHard(FIT), isHard({ ...FIT, scale: 3 }), isHard({ ...FIT, scale: 4 })]).toEqual([false, false, true]);
});

test("the point under the pointer stays there", () => {
  const at = { x: 160, y: -80 };
  const view = scaledTo(FIT, 20, frame, at);
  // 160 of 10 px a pixel is pixel 16; at 20 it stands at 20 * (16 - x)
  expect(20 * (16 - view.x)).toBe(160);
  expect(20 * (-8 - view.y)).toBe(-80);
});

test("nothing can be moved at Fit, and no edge comes into the frame when zoomed", () => {
  expect(canMove(FIT, frame)).toBe(false);
  expect(moved(FIT, 50, 50, frame)).toEqual(FIT);
  const view = scaledTo(FIT, 16, frame);
  expect(canMove(view, frame)).toBe(true);
  expect(moved(view, 32, -16, frame)).toEqual({ scale: 16, x: -2, y: 1 });
  expect(offsetOf(moved(view, 32, -16, frame))).toEqual({ x: 32, y: -16 });
  expect(moved(view, 9999, 9999, frame)).toEqual({ scale: 16, x: -12, y: -12 });
  const small = scaledTo(moved(view, 9999, 0, frame), 1, frame);
  expect([small.x, small.y]).toEqual([0, 0]);
});
