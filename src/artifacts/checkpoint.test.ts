import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LayoutEntry } from "../plan/types.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, layoutHash, numericsDifferences } from "./checkpoint.ts";
import { joinVector, splitVector } from "./flat-vector.ts";
import { readLora } from "./lora-read.ts";
import { bytesAccess } from "./random-access.ts";
import { openSafetensors } from "./safetensors.ts";

const layout: readonly LayoutEntry[] = [
  { name: "attn1.to_q.lora_A.weight", shape: [2, 3], offset: 0, group: "x" },
  { name: "attn1.to_q.lora_B.weight", shape: [4, 2], offset: 6, group: "x" },
];
const numerics = {
  backend: "wasm",
  device: "2 threads",
  cut: "whole",
  batch: 2,
  optimizationLevel: "basic",
  runtimeVersion: "1.30.0",
};
const made = (vector: Float32Array, optimizer: Checkpoint["optimizer"] = null): Checkpoint => ({
  uuid: "u-1",
  parent: null,
  iteration: 2,
  step: 17,
  seed: 42,
  train: "lora",
  settings: { beta: 5000, loss: "logistic" },
  numerics,
  vector,
  optimizer,
});
const ramp = (start: number) => Float32Array.from({ length: 14 }, (_, i) => start + i / 7);
const whole = made(ramp(-1), { m: ramp(0), v: ramp(3) });
const bits = (values: Float32Array) => Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length));

test("the bits that go in come out", async () => {
  // any finite pattern, with -0 and subnormals among them
  const float = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(-0, 2 ** -149, 3.4028234663852886e38),
  );
  const vector = fc.array(float, { minLength: 14, maxLength: 14 }).map((values) => Float32Array.from(values));
  const weighted = vector.filter((values) => values.some((x) => x !== 0));
  const property = fc.asyncProperty(weighted, vector, vector, vector, async (weights, m, v, ema) => {
    const checkpoint = made(weights, { m, v, ema });
    const back = await decodeCheckpoint(await encodeCheckpoint(checkpoint, layout), layout);
    const { optimizer } = back;
    expect([back.vector, optimizer?.m, optimizer?.v, optimizer?.ema].map((x) => bits(x as Float32Array))).toEqual(
      [weights, m, v, ema].map(bits),
    );
    expect({ ...back, vector: 0, optimizer: 0 }).toEqual({ ...checkpoint, vector: 0, optimizer: 0 });
  });
  await fc.assert(property, { numRuns: 50 });
});

test("equal checkpoints are equal bytes", async () => {
  expect(await encodeCheckpoint(whole, layout)).toEqual(
    await encodeCheckpoint(made(ramp(-1), { m: ramp(0), v: ramp(3) }), layout),
  );
});

test("a finished iteration needs no optimizer, and its adapter is one for PEFT", async () => {
  const files = await encodeCheckpoint(made(ramp(-1)), layout);
  expect([...files.keys()]).toEqual(["adapter.safetensors", "state.json"]);
  expect((await decodeCheckpoint(files, layout)).optimizer).toBeNull();
  const lora = await readLora(await openSafetensors(bytesAccess(files.get("adapter.safetensors") as Uint8Array)));
  expect(lora.modules.get("attn1.to_q")).toMatchObject({
    rank: 2,
    alpha: 2,
    b: { shape: [4, 2], data: ramp(-1).subarray(6) },
  });
  const full = await encodeCheckpoint({ ...made(ramp(-1)), train: "full" }, layout);
  expect([...full.keys()]).toEqual(["weights.safetensors", "state.json"]);
});

describe("refused in a sentence", () => {
  type Files = Map<string, Uint8Array>;
  const edit = (files: Files, change: (state: Record<string, unknown>) => void) => {
    const state = JSON.parse(new TextDecoder().decode(files.get("state.json"))) as Record<string, unknown>;
    change(state);
    files.set("state.json", new TextEncoder().encode(JSON.stringify(state)));
  };
  const flip = (files: Files, name: string) => {
    const bytes = files.get(name) as Uint8Array;
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  };
  const cases: readonly [string, (files: Files) => void, RegExp][] = [
    ["no state", (files) => files.delete("state.json"), /state.json is missing/],
    ["a state that is no JSON", (files) => files.set("state.json", Uint8Array.of(0x7b)), /state.json is not JSON/],
    ["another schema", (files) => edit(files, (state) => (state.schema = 0)), /has no schema 1/],
    ["a newer schema", (files) => edit(files, (state) => (state.schema = 2)), /newer version/],
    ["a negative step", (files) => edit(files, (state) => (state.step = -1)), /lacks a field/],
    ["no numerics", (files) => edit(files, (state) => delete state.numerics), /lacks a field/],
    ["a file too few", (files) => files.delete("optimizer.safetensors"), /optimizer.safetensors is missing/],
    ["a file too many", (files) => files.set("x", new Uint8Array(1)), /x is not named/],
    ["a flipped bit", (files) => flip(files, "adapter.safetensors"), /adapter.safetensors has changed/],
    [
      "a flipped bit of the optimizer",
      (files) => flip(files, "optimizer.safetensors"),
      /optimizer.safetensors has changed/,
    ],
    [
      "a cut file",
      (files) => files.set("adapter.safetensors", new Uint8Array(9)),
      /has 9 bytes, and \d+ were expected/,
    ],
  ];
  test.each(cases)("%s", async (_, spoil, message) => {
    const files: Files = await encodeCheckpoint(whole, layout);
    spoil(files);
    await expect(decodeCheckpoint(files, layout)).rejects.toThrow(message);
    await expect(decodeCheckpoint(files, layout)).rejects.toMatchObject({ name: "StudioError" });
  });

  test("another layout", async () => {
    const files = await encodeCheckpoint(whole, layout);
    const other = layout.map((entry) => ({ ...entry, shape: [...entry.shape].reverse() }));
    await expect(decodeCheckpoint(files, other)).rejects.toThrow(/rank, targets or model differ/);
    expect(await layoutHash(other)).not.toBe(await layoutHash(layout));
  });

  test("nothing but zeros, before it is written", async () => {
    await expect(encodeCheckpoint(made(new Float32Array(14)), layout)).rejects.toThrow(/all weights are zero/);
  });

  test.each([Number.NaN, Infinity, -Infinity])("%s, before it is written", async (value) => {
    const spoiled = ramp(0).with(5, value);
    await expect(encodeCheckpoint(made(spoiled), layout)).rejects.toThrow(/a number in the weights is not finite/);
    await expect(encodeCheckpoint(made(ramp(0), { m: ramp(0), v: spoiled }), layout)).rejects.toThrow(
      /a number in the optimizer is not finite/,
    );
  });
});

test("a vector is joined from exactly its tensors", () => {
  const tensors = splitVector(layout, ramp(0), "m/");
  expect(joinVector(layout, tensors, "m/")).toEqual(ramp(0));
  expect(() => joinVector(layout, tensors)).toThrow('The tensor "attn1.to_q.lora_A.weight" is missing.');
  tensors.set("m/attn1.to_q.lora_B.weight", { dtype: "F16", shape: [4, 2], data: new Uint16Array(8) });
  expect(() => joinVector(layout, tensors, "m/")).toThrow(/is F16\[4,2\], and F32\[4,2\] was expected/);
  expect(() => splitVector([{ ...(layout[1] as LayoutEntry), offset: 1 }], ramp(0))).toThrow(/internal: the layout/);
});

test("what would change bits is named", () => {
  expect(numericsDifferences(numerics, { ...numerics })).toEqual([]);
  expect(numericsDifferences(numerics, { ...numerics, backend: "webgpu", batch: 4 })).toEqual(["backend", "batch"]);
});
