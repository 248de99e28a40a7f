import { expect, test } from "vitest";
import { filmEvery, filmMarks } from "./film.ts";

test.each([
  [24, [5, 10, 15, 20, 24]],
  [60, [10, 20, 30, 40, 50, 60]],
  [3, [1, 2, 3]],
  [400, [100, 200, 300, 400]],
  [1, [1]],
])("%i steps have few samples, at round steps, and end with the last", (steps, marks) => {
  expect(filmMarks(steps)).toEqual(marks);
});

test("however long a run is, its strip stays short", () => {
  for (let steps = 1; steps <= 5000; steps++) {
    expect(filmMarks(steps).length).toBeLessThanOrEqual(8);
    expect(filmEvery(steps)).toBeLessThanOrEqual(steps);
  }
});
