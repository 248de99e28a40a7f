/** @file `studio spin` on the nano model: what a run leaves, what it refuses, and that a run killed anywhere ends in the same bytes. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { times } from "../../e2e/long.ts";
import { nanoFiles } from "../../e2e/nano-model.ts";
import { pictureSeed } from "../diffusion/draws.ts";
import { maxAbs } from "../diffusion/max-abs.ts";
import type { SpinSettings, StepReport } from "../studio/api.ts";
import { decodeImage, encodePng } from "./images.ts";
import { readTensors, scratch, studio, studioJson } from "./test-support.ts";

const dir = scratch();
afterAll(() => dir.remove());
const [nano, pairs] = [dir.path("nano"), dir.path("pairs")];
const captions = ["a cat", "a dog", "two owls", "an ox", "no bee"];

beforeAll(() => {
  for (const [path, bytes] of nanoFiles()) {
    mkdirSync(dirname(join(nano, path)), { recursive: true });
    writeFileSync(join(nano, path), bytes);
  }
  mkdirSync(pairs);
  captions.forEach((caption, i) => {
    const rgba = Uint8ClampedArray.from({ length: 400 }, (_, k) => (k % 4 === 3 ? 255 : (k * 7 * (i + 1)) % 256));
    writeFileSync(join(pairs, `${i}.png`), encodePng({ width: 10, height: 10, rgba }));
    writeFileSync(join(pairs, `${i}.txt`), caption);
  });
  writeFileSync(join(pairs, "lonely.png"), encodePng({ width: 8, height: 8, rgba: new Uint8ClampedArray(256) }));
});

const argv = (out: string, iterations = 2, steps = 12): string[] => {
  const numbers = { iterations, steps, "pairs-per-step": 4, "opponent-steps": 2, "save-every": 3, lr: 1e-3, seed: 5 };
  const typed = Object.entries(numbers).flatMap(([key, value]) => [`--${key}`, String(value)]);
  return ["spin", "--model", nano, "--pairs", pairs, "--out", out, ...typed];
};
const weights = (out: string, iteration = 2) => join(out, "checkpoints", String(iteration), "weights.safetensors");

interface Told {
  readonly iterations: readonly { readonly iteration: number; readonly last: { readonly loss: number } }[];
}

describe("a run", () => {
  const out = dir.path("run");

  test("leaves checkpoints, the opponent's pictures and a log", async () => {
    const told = (await studioJson(...argv(out))) as unknown as Told;
    expect(told.iterations.map(({ iteration }) => iteration)).toEqual([1, 2]);
    expect(readdirSync(out).sort()).toEqual(["checkpoints", "log.jsonl", "opponents", "run.json"]);
    for (const iteration of ["1", "2"]) {
      expect(readdirSync(join(out, "checkpoints", iteration)).sort()).toEqual(["state.json", "weights.safetensors"]);
      expect(readdirSync(join(out, "opponents", iteration)).sort()).toEqual(captions.map((_, i) => `${i + 1}.png`));
    }
    const picture = decodeImage(readFileSync(join(out, "opponents", "1", "1.png")));
    expect([picture.width, picture.height]).toEqual([8, 8]);
    const log = readFileSync(join(out, "log.jsonl"), "utf8").trim().split("\n");
    const lines = log.map((line) => JSON.parse(line) as { iteration: number } & StepReport);
    expect(lines.map(({ iteration, step }) => `${iteration}/${step}`)).toEqual(
      [1, 2].flatMap((k) => Array.from({ length: 12 }, (_, i) => `${k}/${i + 1}`)),
    );
    const starts = lines.filter(({ step }) => step === 1).map(({ loss }) => loss);
    expect(starts).toEqual([Math.LN2, Math.LN2]);
    expect(lines.filter(({ probe }) => probe !== null).map(({ step }) => step)).toEqual([12, 12]);
    for (const { safeguard } of lines) expect(safeguard).toBeGreaterThan(0);
    const [first, second] = [1, 2].map((k) => readTensors(weights(out, k)));
    expect([...(first?.keys() ?? [])]).toContain("conv_in.weight");
    expect(first?.get("conv_in.weight")?.data).not.toEqual(second?.get("conv_in.weight")?.data);
  });

  test("draws its opponents by --sampler, as studio generate does", async () => {
    const mine = dir.path("by-pndm");
    await studioJson(...argv(mine, 1, 1), "--guidance", "3", "--sampler", "pndm");
    const pixels = (path: string) => decodeImage(readFileSync(path)).rgba;
    const opponent = pixels(join(mine, "opponents", "1", "1.png"));
    const seed = String(pictureSeed({ seed: 5, iteration: 1 }, 0));
    const apart = async (sampler: string) => {
      const asked = ["--prompt", captions[0] as string, "--seed", seed, "--steps", "2", "--guidance", "3"];
      const single = dir.path(`by-${sampler}.png`);
      await studioJson("generate", "--model", nano, ...asked, "--sampler", sampler, "--out", single);
      return maxAbs(pixels(single), opponent);
    };
    expect(await apart("pndm")).toBeLessThanOrEqual(1);
    expect(await apart("ddim")).toBeGreaterThan(10);
  });

  test("that is finished goes on by another iteration", async () => {
    const longer = dir.path("longer");
    await studioJson(...argv(longer, 1));
    const told = (await studioJson(...argv(longer), "--resume")) as unknown as Told;
    expect(told.iterations.map(({ iteration }) => iteration)).toEqual([2]);
    expect(readFileSync(weights(longer))).toEqual(readFileSync(weights(out)));
  });

  test("begins from a preset, and what is typed stands for all iterations", async () => {
    const typed = ["--preset", "default", "--steps", "1", "--opponent-steps", "1", "--pairs-per-step", "4"];
    const settled = (out: string) =>
      JSON.parse(readFileSync(join(out, "run.json"), "utf8")) as { preset: string; settings: SpinSettings[] };
    const base = ["spin", "--model", nano, "--pairs", pairs, "--iterations", "1", ...typed];
    await studioJson(...base, "--out", dir.path("preset"));
    const { preset, settings } = settled(dir.path("preset"));
    expect(preset).toBe("default");
    expect(settings.map(({ learningRate, steps, beta }) => [learningRate, steps, beta])).toEqual([
      [1e-5, 1, 2000],
      [9e-6, 1, 2000],
      [8e-6, 1, 2000],
      [7e-6, 1, 2000],
    ]);
    await studioJson(...base, "--lr", "1e-4", "--used-pairs", "2", "--safeguard", "0", "--out", dir.path("typed"));
    const other = settled(dir.path("typed")).settings;
    expect(other.map(({ learningRate, safeguard }) => [learningRate, safeguard])).toEqual([
      [1e-4, 0],
      [1e-4, 0],
      [1e-4, 0],
      [1e-4, 0],
    ]);
    expect(readdirSync(join(dir.path("typed"), "opponents", "1"))).toHaveLength(2);
  });

  test("meets the opponent on its way down, which it keeps in parts", async () => {
    const run = dir.path("trajectory");
    await studioJson(...argv(run, 1, 2), "--loser", "trajectory", "--weighting", "paper");
    expect(readdirSync(join(run, "trajectories", "1")).sort()).toEqual(captions.map((_, i) => `${i + 1}-0.bin`));
  });

  test("is Diffusion-DPO where losers are given, without an opponent's picture, and says what it lacks", async () => {
    const given = dir.path("given");
    cpSync(pairs, given, { recursive: true });
    const dpo = [...argv(dir.path("dpo"), 1, 2), "--method", "dpo", "--pairs", given];
    expect((await studio(...dpo)).stderr).toMatch(/given loser, and 5 of 5 pairs have none.*NAME\.loser\.png/);
    captions.forEach((_, i) => cpSync(join(pairs, `${(i + 1) % 5}.png`), join(given, `${i}.loser.png`)));
    await studioJson(...dpo, "--resume");
    expect(existsSync(join(dir.path("dpo"), "opponents"))).toBe(false);
    const many = await studio(...argv(dir.path("sft"), 2), "--method", "sft");
    expect(many.stderr).toMatch(/--iterations 1 was expected/);
  });

  test("trains a LoRA where it is told to", async () => {
    const lora = dir.path("lora");
    await studioJson(...argv(lora, 1, 2), "--train", "lora", "--rank", "2");
    const names = [...readTensors(join(lora, "checkpoints", "1", "adapter.safetensors")).keys()];
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(name).toMatch(/\.(to_q|to_k|to_v|to_out\.0)\.lora_[AB]\.weight$/);
  });

  test.each([
    ["a run that exists", argv(out), /exists already, and a new folder was expected\. --resume goes on with it\.$/],
    ["other settings", [...argv(out), "--resume", "--beta", "1"], /was begun with beta 2000, and 1 was given\./],
    ["no pairs", [...argv(dir.path("x")), "--pairs", nano], /nano has no pair that can be used/],
    ["no folder of pairs", [...argv(dir.path("x")), "--pairs", dir.path("nowhere")], /nowhere does not exist\.$/],
    ["no model", [...argv(dir.path("x")), "--model", pairs], /\.$/],
    ["no steps", [...argv(dir.path("x")), "--steps", "0"], /--steps is "0"/],
    [
      "another preset",
      [...argv(out), "--resume", "--preset", "paper"],
      /was begun with preset "quick", and "paper" was/,
    ],
    [
      "a preset of other models",
      [...argv(dir.path("x")), "--preset", "balanced"],
      /--preset is "balanced", and one of quick, default, lora, paper, sft, dpo was expected for this model\.$/,
    ],
  ])("%s ends in a sentence", async (_, typed, sentence) => {
    const { code, stderr, stdout } = await studio(...typed, "--json");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trimEnd()).toMatch(sentence);
    expect(existsSync(dir.path("x"))).toBe(false);
  });

  test("tells which picture it cannot use, and what it is doing", async () => {
    const { stderr } = await studio(...argv(dir.path("told"), 1, 3));
    expect(stderr).toMatch(/^lonely\.png: .*no caption/m);
    expect(stderr).toMatch(/^SPIN 1: opponents 5 of 5$/m);
    expect(stderr).toMatch(/^SPIN 1: step 3 of 3, loss \d\.\d{4}, accuracy \d+ %/m);
    const errors = String.raw`\d\.\d{4} \([+-]\d+\.\d %\)`;
    expect(stderr).toMatch(
      new RegExp(`^SPIN 1: probe after step 3: error on the pairs ${errors}, on the opponent's ${errors}`, "m"),
    );
  });
});

const KILLS = times(20, 5);

describe("a run that is killed", () => {
  /** Where the dice fall is not the same from run to run, and need not be: every fall must pass. */
  const roll = (sides: number): number => Math.floor(Math.random() * sides);

  /** Starts a process; kills it a moment after a line, unless `lines` is null. Whether it reached its end. */
  function live(out: string, lines: number | null): Promise<boolean> {
    const script = fileURLToPath(new URL("studio.ts", import.meta.url));
    const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", script, ...argv(out, 3, 16), "--resume"]);
    let [seen, said] = [0, ""];
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const before = seen;
      seen += text.split("\n").length - 1;
      if (lines !== null && before < lines && seen >= lines) setTimeout(() => child.kill("SIGKILL"), roll(12));
    });
    return new Promise((resolve, reject) =>
      child.on("close", (code, signal) => {
        if (code === 0) resolve(true);
        else if (signal === "SIGKILL") resolve(false);
        else reject(new Error(said));
      }),
    );
  }

  test(`at ${KILLS} points and resumed ends in the bytes of one that was not`, { timeout: 240_000 }, async () => {
    const undisturbed = dir.path("undisturbed");
    expect(await live(undisturbed, null)).toBe(true);
    const expected = readFileSync(weights(undisturbed, 3));
    let [kills, run, lives] = [0, 0, 0];
    while (kills < KILLS) {
      const killed = dir.path(`killed-${run++}`);
      while (!(await live(killed, kills < KILLS ? 1 + roll(16) : null))) {
        kills++;
        lives++;
      }
      expect(readFileSync(weights(killed, 3))).toEqual(expected);
    }
    expect(lives).toBeGreaterThanOrEqual(KILLS);
  });
});
