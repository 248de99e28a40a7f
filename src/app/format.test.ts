import { expect, test } from "vitest";
import { ago, count, duration, iterationSpan, pace, roomOf, took } from "./format.ts";

test("a length of time is rounded as coarsely as a person would", () => {
  const words = [0.2, 8.4, 19.6, 47, 58, 90, 3599, 3660, 4260, 7190].map(duration);
  expect(words).toEqual(["1 s", "8 s", "20 s", "45 s", "1 min", "2 min", "1 h", "1 h", "1 h 10 min", "2 h"]);
});

test("what is over is told exactly", () => {
  expect([took(9.4), took(920), took(3725)]).toEqual(["9 s", "15 min 20 s", "1 h 2 min"]);
});

test("names and counts", () => {
  expect([iterationSpan([]), iterationSpan(["SPIN 1"]), iterationSpan(["SPIN 1", "SPIN 2", "SPIN 3"])]).toEqual([
    "Base",
    "Base and SPIN 1",
    "Base to SPIN 3",
  ]);
  expect([count(1, "pair"), count(1200, "pair"), count(2, "file was", "files were")]).toEqual([
    "1 pair",
    "1,200 pairs",
    "2 files were",
  ]);
});

test("speeds and ages carry their unit", () => {
  expect([pace(0.0004, "step"), pace(0.14, "step"), pace(1.44, "step"), pace(12.3, "step")]).toEqual([
    "1 ms a step",
    "140 ms a step",
    "1.4 s a step",
    "12 s a step",
  ]);
  expect([ago(0.5), ago(12)]).toEqual(["just now", "12 s ago"]);
});

test("a part of a whole names the unit once where both have it", () => {
  const parts = [roomOf(6.1e9, 10.6e9), roomOf(118e6, 402e6), roomOf(980e6, 1.2e9), roomOf(0, 17e6)];
  expect(parts).toEqual(["6.1 of 10.6 GB", "118 of 402 MB", "980 MB of 1.2 GB", "0 of 17 MB"]);
});
