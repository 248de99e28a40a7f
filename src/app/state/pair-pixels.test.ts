/** @file Pixels in portions, and the list at the end. */
import { expect, test } from "vitest";
import type { CallName, Calls, PairGiven, Studio } from "../../studio/api.ts";
import { createFakeStudio } from "../fake/fake-studio.ts";
import { sendAhead } from "./pair-pixels.ts";

const side = 2;
const pairs: readonly PairGiven[] = [0, 1, 2, 3, 4].map((n) => {
  const told = { id: `p${n}`, caption: `caption ${n}`, side };
  return n === 2 ? { ...told, sha256: "there" } : { ...told, rgba: new Uint8ClampedArray(16).fill(n) };
});

test("no message holds more pixels than it may, and the list comes last, in its order", async () => {
  const fake = createFakeStudio({ pace: 0, failAt: null, noGpu: false, memory: null });
  const sent: [CallName, number][] = [];
  const call: Studio["call"] = (name, params, signal) => {
    if (name === "putPixels") sent.push([name, (params as Calls["putPixels"]["params"]).pixels.length]);
    return fake.call(name, params, signal);
  };
  const deps = { studio: { call, onEvent: fake.onEvent }, project: "p" };
  const named = await sendAhead(deps, pairs, 32);
  expect(sent).toEqual([["putPixels", 2]]);
  expect(named.map((pair) => ("rgba" in pair ? "pixels" : "name"))).toEqual([
    "name",
    "name",
    "name",
    "pixels",
    "pixels",
  ]);
  const listed = named.filter(({ id }) => id !== "p2");
  await fake.call("setPairs", { project: "p", pairs: listed });
  expect(await fake.call("pairPictures", { project: "p" })).toMatchObject(pairs.filter(({ id }) => id !== "p2"));
  sent.length = 0;
  expect(await sendAhead(deps, pairs)).toEqual(pairs);
  expect(sent).toEqual([]);
});
