/** @file `studio step` against PyTorch's steps, on the `node` backend. */
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type FileTensor, toFloat32 } from "../artifacts/safetensors.ts";
import {
  goldens,
  readTensors,
  scratch,
  studio,
  studioJson,
  type Tensors,
  worstGradient,
  writeTensors,
} from "./test-support.ts";

const dir = scratch();
afterAll(() => dir.remove());

const at = (name: string): string => `${goldens}/step/${name}`;
const file = (name: string): string => at(`${name}.safetensors`);
const errors = ["error_winner", "error_loser", "error_winner_opponent", "error_loser_opponent"];
const values = ["loss", "safeguard_scale", "inside", ...errors];
const policy = ["--model", at("policy"), "--adapter", file("policy-adapter")];
const players = [...policy, "--opponent-adapter", file("opponent-adapter")];
const full = ["--model", at("policy"), "--train", "full"];

async function step(name: string, ...argv: readonly string[]): Promise<Tensors> {
  const out = dir.path(`${name}.safetensors`);
  await studioJson("step", ...argv, "--out", out);
  return readTensors(out);
}

const numbers = (tensors: Tensors, name: string): number[] => Array.from(toFloat32(tensors.get(name) as FileTensor));

/** Errors within 1e-5 relative; the logit is beta times their difference. */
function agree(got: Tensors, expected: Tensors, beta: number): void {
  expect([...got.keys()].sort()).toEqual([...expected.keys()].sort());
  const differences = (name: string, size: (theirs: number) => number): number[] => {
    const theirs = expected.has(name) ? numbers(expected, name) : [];
    const ours = expected.has(name) ? numbers(got, name) : [];
    return theirs.map((value, i) => Math.abs((ours[i] as number) - value) / size(value));
  };
  expect(Math.max(...errors.flatMap((name) => differences(name, Math.abs)))).toBeLessThan(1e-5);
  expect(Math.max(0, ...differences("inside", () => beta))).toBeLessThan(2e-6);
  const [worst, name] = worstGradient(got, expected, values);
  expect(worst < 1e-3 ? null : { worst, name }).toBeNull();
}

// golden, batch, objective, loss, beta: as e2e/oracle/steps.py has them
const cases = [
  ["lora-spin-logistic", "batch", "spin", "logistic", 5000],
  ["lora-spin-hinge", "batch", "spin", "hinge", 5000],
  ["lora-spin-correlation", "batch", "spin", "correlation", 5000],
  ["lora-spin-independent", "batch-independent", "spin", "logistic", 2000],
  ["lora-spin-target", "batch-target", "spin", "logistic", 2000],
  ["lora-dpo-logistic", "batch", "dpo", "logistic", 20],
  ["lora-sft", "batch", "sft", "logistic", 5000],
  ["full-spin-logistic", "batch-independent", "spin", "logistic", 500],
  ["full-spin-hinge", "batch", "spin", "hinge", 2000],
  ["full-spin-correlation", "batch-target", "spin", "correlation", 2000],
  ["full-dpo-logistic", "batch", "dpo", "logistic", 5000],
  ["full-sft", "batch", "sft", "logistic", 5000],
] as const;

describe("a step is PyTorch's", () => {
  test.each(cases)("%s", async (golden, batch, objective, loss, beta) => {
    const argv = ["--batch", file(batch), "--objective", objective, "--loss", loss, "--beta", String(beta)];
    const lora = objective === "dpo" ? policy : players;
    const whole = objective === "dpo" ? full : [...full, "--opponent", at("opponent")];
    const got = await step(golden, ...(golden.startsWith("lora") ? lora : whole), ...argv);
    agree(got, readTensors(file(golden)), beta);
  });

  // golden, objective, beta, factor: GUARDED there
  test.each([
    ["lora-spin-safeguard", "spin", 2000, 0.3],
    ["lora-dpo-safeguard", "dpo", 20, 0.9],
    ["full-spin-safeguard", "spin", 500, 0.3],
  ] as const)("%s", async (golden, objective, beta, factor) => {
    const lora = objective === "dpo" ? policy : players;
    const player = golden.startsWith("lora") ? lora : [...full, "--opponent", at("opponent")];
    const argv = ["--batch", file("batch"), "--objective", objective, "--beta", String(beta)];
    const got = await step(golden, ...player, ...argv, "--safeguard", String(factor));
    const expected = readTensors(file(golden));
    agree(got, expected, beta);
    const [scale] = numbers(expected, "safeguard_scale");
    expect(scale).toBeLessThan(1);
    expect(numbers(got, "safeguard_scale")[0]).toBeCloseTo(scale as number, 4);
  });

  // golden, batch, objective, beta: VELOCITY there
  test.each([
    ["lora-spin-velocity", "batch-independent", "spin", 20],
    ["lora-sft-velocity", "batch", "sft", 5000],
  ] as const)("%s: a network that predicts v has v as its target", async (golden, batch, objective, beta) => {
    const model = dir.path("predicts-v");
    cpSync(at("policy"), model, { recursive: true });
    mkdirSync(`${model}/scheduler`, { recursive: true });
    writeFileSync(`${model}/scheduler/scheduler_config.json`, '{"prediction_type": "v_prediction"}');
    const argv = ["--batch", file(batch), "--objective", objective, "--beta", String(beta)];
    const adapters = ["--adapter", file("policy-adapter"), "--opponent-adapter", file("opponent-adapter")];
    agree(await step(golden, "--model", model, ...adapters, ...argv), readTensors(file(golden)), beta);
  });

  // golden, batch, objective, beta, twice what one unit of mean error moves the logit by, what else: PAPER there.
  // The exact objective's gradient there is autograd's through the whole sum.
  test.each([
    ["lora-spin-paper", "batch-independent", "spin", 100, 192 * 100, ["--weighting", "paper", "--ddim-steps", "50"]],
    ["lora-dpo-snr", "batch-independent", "dpo", 20, 20, ["--snr-gamma", "5"]],
    ["lora-sft-snr", "batch", "sft", 1, 1, ["--snr-gamma", "5"]],
    ["lora-exact-paper", "batch-trajectories", "exact", 2, 192 * 2, ["--weighting", "paper", "--eta", "0.7"]],
    ["lora-exact-mean", "batch-trajectories", "exact", 200, 200, []],
  ] as const)("%s", async (golden, batch, objective, beta, unit, more) => {
    const argv = ["--batch", file(batch), "--objective", objective, "--beta", String(beta), ...more];
    const got = await step(golden, ...(objective === "dpo" ? policy : players), ...argv);
    agree(got, readTensors(file(golden)), unit);
  });

  test("(C.5): the loser's target is what the opponent predicts, whose own error is so zero", async () => {
    const golden = "lora-dpo-trajectory";
    const argv = ["--batch", file("batch-trajectory"), "--objective", "dpo", "--beta", "10"];
    const got = await step(golden, ...policy, ...argv, "--weighting", "paper", "--ddim-steps", "50");
    const expected = readTensors(file(golden));
    for (const error of numbers(got, "error_loser_opponent")) expect(error).toBeLessThan(1e-10);
    got.delete("error_loser_opponent");
    expected.delete("error_loser_opponent");
    agree(got, expected, 192 * 10);
  });

  test("a safeguard that has nothing to do leaves the step what it is without", async () => {
    const argv = [...players, "--batch", file("batch"), "--beta", "2000"];
    const got = await step("loose", ...argv, "--safeguard", "1e9");
    expect(numbers(got, "safeguard_scale")).toEqual([1]);
    got.delete("safeguard_scale");
    agree(got, await step("bare", ...argv), 2000);
  });

  test.each(["stage", "block"])("cut %s, weights in half precision agree", async (cut) => {
    const argv = ["--batch", file("batch"), "--beta", "100", "--cut", cut, "--weights", "float16"];
    const plain = await step("plain", ...players, "--batch", file("batch"), "--beta", "100", "--weights", "float16");
    const got = await step(`cut-${cut}`, ...players, ...argv);
    agree(got, plain, 100);
  });
});

describe("at the start the loss is l(0), exactly", () => {
  const starts = { logistic: Math.fround(Math.LN2), hinge: 1, correlation: 1 };
  const same = ["--opponent-adapter", file("policy-adapter")];
  const kinds = {
    "a fresh LoRA": ["--model", at("policy"), "--rank", "2"],
    "an adapter against itself": [...policy, ...same],
    "full training": full,
    "full training against the same folder": [...full, "--opponent", at("policy")],
  };
  test.each(Object.entries(kinds))("%s", async (_, argv) => {
    for (const [loss, expected] of Object.entries(starts)) {
      const got = await step("start", ...argv, "--batch", file("batch"), "--loss", loss, "--beta", "5000");
      expect(numbers(got, "loss")).toEqual([expected]);
      expect(numbers(got, "inside")).toEqual([0, 0, 0]);
    }
  });
});

/** `count` pairs: those of the batch over and over. */
function repeated(count: number): string {
  const path = dir.path(`batch-${count}.safetensors`);
  const tensors: Tensors = new Map();
  for (const [name, { dtype, shape, data }] of readTensors(file("batch"))) {
    const size = data.length / (shape[0] as number);
    const rows = Array.from({ length: count }, (_, b) => data.slice((b % 3) * size, ((b % 3) + 1) * size));
    const bytes = Buffer.concat(rows.map((row) => new Uint8Array(row.buffer)));
    const Kind = data.constructor as new (buffer: ArrayBuffer) => typeof data;
    tensors.set(name, { dtype, shape: [count, ...shape.slice(1)], data: new Kind(new Uint8Array(bytes).buffer) });
  }
  writeTensors(path, tensors);
  return path;
}

test("a large batch goes in parts, and its gradient is that of the mean", async () => {
  const argv = [...players, "--loss", "correlation", "--beta", "2000"];
  const three = await step("three", ...argv, "--batch", file("batch"));
  for (const count of [6, 9]) {
    const more = await step(`more-${count}`, ...argv, "--batch", repeated(count));
    expect(numbers(more, "loss")[0]).toBeCloseTo(numbers(three, "loss")[0] as number, 5);
    expect(more.get("inside")?.shape).toEqual([count]);
    expect(worstGradient(more, three, values)[0]).toBeLessThan(1e-5);
  }
});

test("parts of unequal size weigh their pairs equally", async () => {
  const argv = [...players, "--objective", "sft"];
  const five = await step("five", ...argv, "--batch", repeated(5));
  const [three, two] = [
    await step("first", ...argv, "--batch", repeated(3)),
    await step("second", ...argv, "--batch", repeated(2)),
  ];
  const expected: Tensors = new Map();
  for (const [name, tensor] of three) {
    const other = toFloat32(two.get(name) as FileTensor);
    expected.set(name, { ...tensor, data: toFloat32(tensor).map((v, i) => (3 * v + 2 * (other[i] as number)) / 5) });
  }
  expect(worstGradient(five, expected, values)[0]).toBeLessThan(1e-5);
});

test("gradients are spelled as the adapter's file spells them, and int32 timesteps are read", async () => {
  const renamed: Tensors = new Map();
  for (const [name, tensor] of readTensors(file("policy-adapter"))) {
    const spelled = name.replace(/\.weight$/, ".default.weight");
    renamed.set(`base_model.model.${spelled}`, tensor);
  }
  writeTensors(dir.path("peft.safetensors"), renamed);
  const batch = readTensors(file("batch"));
  const t = batch.get("timesteps") as FileTensor;
  batch.set("timesteps", { dtype: "I32", shape: t.shape, data: Int32Array.from(t.data, Number) });
  writeTensors(dir.path("int32.safetensors"), batch);
  const argv = ["--adapter", dir.path("peft.safetensors"), "--batch", dir.path("int32.safetensors")];
  const got = await step("peft", "--model", at("policy"), ...argv, "--objective", "dpo", "--beta", "20");
  const names = [...renamed.keys()].sort();
  expect([...got.keys()].filter((name) => !values.includes(name)).sort()).toEqual(names);
});

/** The same adapter with one rank more, whose branch adds nothing. */
function widened(): string {
  const tensors: Tensors = new Map();
  for (const [name, { dtype, shape, data }] of readTensors(file("opponent-adapter"))) {
    const [first = 0, second = 0] = shape;
    const rows = toFloat32({ dtype, shape, data });
    if (name.includes("lora_A")) {
      const more = new Float32Array((first + 1) * second).fill(1);
      more.set(rows);
      tensors.set(name, { dtype, shape: [first + 1, second], data: more });
    } else {
      const more = Float32Array.from({ length: first * (second + 1) }, (_, i) => {
        const [row, column] = [Math.floor(i / (second + 1)), i % (second + 1)];
        return column < second ? (rows[row * second + column] as number) : 0;
      });
      tensors.set(name, { dtype, shape: [first, second + 1], data: more });
    }
  }
  writeTensors(dir.path("widened.safetensors"), tensors);
  return dir.path("widened.safetensors");
}

test("LoRAs that are merged into both players give the errors of the adapters", async () => {
  const batch = ["--batch", file("batch"), "--objective", "spin", "--beta", "5000"];
  const merged = ["--lora", file("policy-adapter"), "--opponent-lora", file("opponent-adapter")];
  const [got, expected] = [
    await step("merged", "--model", at("policy"), ...merged, ...batch),
    await step("adapted", ...players, ...batch),
  ];
  for (const name of errors)
    numbers(expected, name).forEach((value, i) =>
      expect(Math.abs((numbers(got, name)[i] as number) / value - 1)).toBeLessThan(1e-5),
    );
});

test("an opponent of another rank plays on a network of its own", async () => {
  const argv = [...policy, "--opponent-adapter", widened(), "--batch", file("batch"), "--beta", "2000"];
  const got = await step("widened", ...argv, "--loss", "correlation");
  const same = await step("same", ...players, "--batch", file("batch"), "--beta", "2000", "--loss", "correlation");
  agree(got, same, 2000);
});

test("a LoRA may play against another folder", async () => {
  const argv = ["--model", at("policy"), "--rank", "2", "--opponent", at("opponent"), "--batch", file("batch")];
  const got = await step("folder", ...argv);
  const expected = readTensors(file("full-spin-hinge"));
  for (const name of errors) {
    const theirs = numbers(expected, name);
    numbers(got, name).forEach((value, i) => expect(value).toBeCloseTo(theirs[i] as number, 5));
  }
});

describe("refused in one sentence, with nothing written", () => {
  const out = dir.path("refused.safetensors");
  const broken = (name: string, change: (tensors: Tensors) => void): string => {
    const tensors = readTensors(file("batch"));
    change(tensors);
    writeTensors(dir.path(name), tensors);
    return dir.path(name);
  };
  const batch = ["--batch", file("batch")];
  writeFileSync(dir.path("cut-off"), "abc");
  const nan = (tensors: Tensors): void => {
    const { dtype, shape, data } = tensors.get("noise") as FileTensor;
    tensors.set("noise", { dtype, shape, data: (data as Float32Array).map((v, i) => (i === 7 ? NaN : v)) });
  };
  const late = (tensors: Tensors): void => {
    tensors.set("timesteps", { dtype: "I64", shape: [3], data: BigInt64Array.of(0n, 1000n, 1n) });
  };
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["no batch", policy, /^--batch FILE is missing: .+\.$/],
    ["no such folder", ["--model", dir.path("nowhere"), ...batch], /nowhere does not exist\.$/],
    ["a batch that is no file", [...policy, "--batch", dir.path("")], /is a folder, and a file was expected\.$/],
    ["a batch cut off", [...policy, "--batch", dir.path("cut-off")], /cut-off .+\.$/],
    ["no loser", [...policy, "--batch", broken("a", (t) => t.delete("x0_opponent"))], /has no "x0_opponent"/],
    ["a stranger", [...policy, "--batch", broken("b", (t) => t.set("y", t.get("x0") as FileTensor))], /holds "y", and/],
    ["not finite", [...policy, "--batch", broken("c", nan)], /"noise" that is not finite\.$/],
    [
      "a timestep too large",
      [...policy, "--batch", broken("d", late)],
      /1000 in "timesteps", and 0 to 999 was expected/,
    ],
    [
      "an adapter of another model",
      ["--model", at("policy"), "--adapter", `${goldens}/two-levels/lora-linear.safetensors`, ...batch],
      /\.$/,
    ],
    [
      "an adapter in full training",
      [...full, "--adapter", file("policy-adapter"), ...batch],
      /--train lora was expected/,
    ],
    ["an opponent of another shape", [...full, "--opponent", `${goldens}/two-levels`, ...batch], /\.$/],
    [
      "a loss that is none",
      [...players, ...batch, "--loss", "mse"],
      /"mse", and one of logistic, hinge, correlation was/,
    ],
    ["a beta that is no number", [...players, ...batch, "--beta", "much"], /"much", and a number of at least 0 was/],
    ["no module", ["--model", at("policy"), "--targets", "nothing", ...batch], /none of the modules/],
    [
      "a backend of the page",
      [...players, ...batch, "--backend", "wasm"],
      /wasm lives in the page, and node\|node-webgpu/,
    ],
  ];
  test.each(cases)("%s", async (_, argv, sentence) => {
    const { code, stdout, stderr } = await studio("step", ...argv, "--out", out, "--json");
    expect(stderr.trimEnd()).toMatch(sentence);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect({ code, stdout, written: existsSync(out) }).toEqual({ code: 2, stdout: "", written: false });
  });
});
