/** @file `studio verify`, and that each of its checks can fail. */
import { describe, expect, test } from "vitest";
import { nodeBackend } from "../runtime/node.ts";
import type { Backend } from "../runtime/backend.ts";
import { nanoUNet, seededFolder } from "../studio/seeded-model.ts";
import { type Verdict, verify } from "../studio/verify.ts";
import { goldens, studio, studioJson } from "./test-support.ts";

interface Report {
  readonly ok: boolean;
  readonly checks: readonly Verdict[];
}

describe("node passes", () => {
  const names = ["start", "repeat", "gradient", "logit noise"];
  test.each([
    ["LoRA, the nano model", [], [...names, "cut block"]],
    ["full training, weights in half precision", ["--train", "full", "--weights", "float16"], [...names, "cut block"]],
    ["a folder", ["--model", `${goldens}/step/policy`, "--cut", "block"], ["start", "repeat", "gradient", "cut stage"]],
  ])("%s", async (_, argv, expected) => {
    const { ok, checks } = (await studioJson("verify", ...argv)) as unknown as Report;
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual(expected);
    expect(ok).toBe(true);
  });
});

test("people see a line a check and the sum", async () => {
  const { code, stdout } = await studio("verify");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok +start +0 +0 +policy = opponent/m);
  expect(stdout).toMatch(/\n5 passed, 0 failed\n$/);
});

/** A backend whose reads pass through `change`. */
function faulty(change: (data: Float32Array) => void): Backend {
  const backend = nodeBackend();
  const read = backend.read.bind(backend);
  backend.read = async (binding) => {
    const data = await read(binding);
    if (data instanceof Float32Array) change(data);
    return data;
  };
  return backend;
}

describe("a faulty backend is found", () => {
  const options = { train: "lora", cut: "whole", weights: "float32", latents: [6, 6], tokens: 5, exact: true } as const;
  let reads = 0;
  const faults: readonly (readonly [string, (data: Float32Array) => void, readonly string[]])[] = [
    // two rows a pair, two pairs: errors have four numbers, the gradient many
    [
      "errors that drift",
      (data) => data.length === 4 && data.forEach((v, i) => (data[i] = v * (1 + 1e-6 * ++reads))),
      ["start", "repeat", "errors on node"],
    ],
    [
      "errors with too few digits",
      (data) => data.length === 4 && data.forEach((v, i) => (data[i] = Number(v.toPrecision(5)))),
      ["logit noise", "errors on node"],
    ],
    [
      "a gradient twice too large",
      (data) => data.length > 4 && data.forEach((v, i) => (data[i] = 2 * v)),
      ["gradient", "gradient on node"],
    ],
  ];
  test.each(faults)("%s", async (_, change, expected) => {
    const [backend, reference] = [faulty(change), nodeBackend()];
    const failed: string[] = [];
    for await (const { ok, name } of verify(backend, seededFolder(nanoUNet), { ...options, reference }))
      if (!ok) failed.push(name);
    await backend.dispose();
    await reference.dispose();
    expect(failed).toEqual(expected);
  });
});

test.each([
  ["a folder without a model", ["--model", goldens], /\.\n$/],
  [
    "a resolution between latents",
    ["--resolution", "20"],
    /^--resolution is 20, and a multiple of 8 was expected\.\n$/,
  ],
  ["a backend of the page", ["--backend", "webgpu"], /^The backend webgpu lives in the page, .+ expected here\.\n$/],
])("%s is refused in one sentence", async (_, argv, sentence) => {
  const { code, stdout, stderr } = await studio("verify", ...argv);
  expect(stderr).toMatch(sentence);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});
