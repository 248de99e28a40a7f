/** @file What takes a minute or two: tokens, networks, steps and pictures of small models, made anew by Python and by the studio. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseSafetensors } from "../../src/artifacts/safetensors.ts";
import { createTokenizer } from "../../src/artifacts/tokenizer.ts";
import { goldens, readTensors, studioJson, worstGradient } from "../../src/cli/test-support.ts";
import { exportRows } from "./exports.ts";
import type { Python } from "./python.ts";
import { apart, type Check, floatsOf, relative, type Row } from "./row.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Hard prompts whose 77 ids or count are others. */
async function tokens(python: Python, out: string): Promise<Row[]> {
  await python.run("tokens.py", ["--out", out]);
  const read = (file: string) => readFileSync(file, "utf8");
  const clip = path.join(root, "public/pocket/tokenizer");
  const { encode } = createTokenizer(read(`${clip}/vocab.json`), read(`${clip}/merges.txt`));
  type Hard = [kind: string, text: string | [unit: string, times: number], ids: string, count: number];
  const hard = JSON.parse(read(path.join(out, "hard.json"))) as Hard[];
  const wrong = hard.filter(([, text, ids, count]) => {
    const got = encode(typeof text === "string" ? text : text[0].repeat(text[1]));
    const expected = ids.split(" ").map(Number);
    const same = got.ids.every((id, i) => id === (expected[i] ?? 49407));
    return !same || got.count !== count;
  });
  return [{ what: `tokens of ${hard.length} hard prompts: how many differ`, worst: wrong.length, allowed: 0 }];
}

/** Python's goldens, made anew, beside the committed ones that `npm test` holds the studio to. */
async function networks(python: Python, out: string): Promise<Row[]> {
  await python.run("models.py", ["--out", out]);
  const files = readdirSync(out, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".safetensors") && statSync(path.join(out, file)).isFile() && !file.includes("unet/"),
  );
  const off = files.map((file) => {
    const [fresh, committed] = [readTensors(path.join(out, file)), readTensors(path.join(goldens, file))];
    const values = ["eps", "errors", "last_hidden_state", "moments", "decoded", "loss", "latents"];
    return values.flatMap((name) =>
      fresh.has(name) ? [relative(floatsOf(fresh, name), floatsOf(committed, name))] : [],
    );
  });
  const what = `goldens of six UNets, text encoders, autoencoders, steps made anew, ${files.length} files`;
  return [{ what, worst: Math.max(...off.flat()), allowed: 1e-5 }];
}

const stepValues = ["loss", "safeguard_scale", "inside", "error_winner", "error_loser"];
const stepErrors = ["error_winner", "error_loser", "error_winner_opponent", "error_loser_opponent"];

/** The policy as a network that predicts v. */
function predictingV(folder: string): string {
  const model = path.join(folder, "policy-v");
  mkdirSync(path.join(model, "scheduler"), { recursive: true });
  symlinkSync(path.join(folder, "policy/unet"), path.join(model, "unet"));
  writeFileSync(path.join(model, "scheduler/scheduler_config.json"), '{"prediction_type": "v_prediction"}');
  return model;
}

/** `studio step` on what models.py wrote. */
async function steps(folder: string): Promise<Row[]> {
  const at = (name: string) => path.join(folder, name);
  const velocity = predictingV(folder);
  let [errors, gradients, count] = [0, 0, 0];
  for (const file of readdirSync(folder).filter((name) => /^(lora|full)-.*\.safetensors$/.test(name))) {
    const { tensors: expected, metadata } = parseSafetensors(new Uint8Array(readFileSync(at(file))), file);
    const told = (key: string) => metadata.get(key) ?? "";
    const [full, dpo] = [told("train") === "full", told("objective") === "dpo"];
    const player = full ? ["--train", "full"] : ["--adapter", at("policy-adapter.safetensors")];
    const other = full ? ["--opponent", at("opponent")] : ["--opponent-adapter", at("opponent-adapter.safetensors")];
    const more = ["safeguard", "weighting", "ddim-steps", "eta", "snr-gamma"].filter((key) => metadata.has(key));
    const shaped = more.flatMap((key) => [`--${key}`, told(key)]);
    const kind = ["--objective", told("objective"), "--loss", told("loss"), "--beta", told("beta")];
    const files = ["--batch", at(`${told("batch")}.safetensors`), "--out", at(`studio-${file}`)];
    const model = ["--model", file.includes("velocity") ? velocity : at("policy")];
    await studioJson("step", ...model, ...player, ...(dpo ? [] : other), ...kind, ...shaped, ...files);
    const got = readTensors(at(`studio-${file}`));
    for (const name of stepErrors.filter((error) => expected.has(error)))
      errors = Math.max(errors, relative(floatsOf(got, name), floatsOf(expected, name)));
    gradients = Math.max(gradients, worstGradient(got, expected, [...stepValues, ...stepErrors])[0]);
    count++;
  }
  if (count === 0) throw new Error(`${folder} has no step.`);
  return [
    { what: `${count} steps, SPIN, DPO, SFT: errors`, worst: errors, allowed: 1e-5 },
    { what: `${count} steps: each gradient, of its norm`, worst: gradients, allowed: 1e-3 },
  ];
}

/** From the prompt to the final latents, 50 steps at 7.5. */
async function picture(python: Python, folder: string, adapter: string): Promise<Row[]> {
  await python.run("generate.py", ["--out", folder]);
  const rows: Row[] = [];
  for (const [name, more] of [
    ["base", []],
    ["adapted", ["--adapter", adapter]],
  ] as const) {
    const golden = path.join(folder, `${name}.safetensors`);
    const { tensors, metadata } = parseSafetensors(new Uint8Array(readFileSync(golden)), name);
    const options = ["prompt", "negative", "steps", "guidance", "seed", "resolution"].flatMap((key) => [
      `--${key}`,
      metadata.get(key) ?? "",
    ]);
    const latents = path.join(folder, `studio-${name}.safetensors`);
    const out = path.join(folder, `${name}.png`);
    await studioJson("generate", "--model", folder, ...options, ...more, "--out", out, "--latents", latents);
    const worst = apart(floatsOf(readTensors(latents), "latents"), floatsOf(tensors, "latents"));
    rows.push({ what: `a picture from its prompt, 50 steps, ${name}: latents`, worst, allowed: 2e-3 });
  }
  return rows;
}

/** The built-in model through StableDiffusionPipeline. */
async function pocket(python: Python, out: string): Promise<Row[]> {
  const drawn = spawnSync(process.execPath, ["--import", "tsx", "e2e/pocket.ts", "public/pocket", out, "16"], {
    cwd: root,
    encoding: "utf8",
  });
  if (drawn.status !== 0) throw new Error(`e2e/pocket.ts ended with ${drawn.status}: ${drawn.stderr}`);
  const told = await python.run("pocket.py", [path.join(root, "public/pocket"), out]);
  const { latents, pictures, limit } = JSON.parse(told.trim().split("\n").at(-1) ?? "") as Record<string, number>;
  return [{ what: `${pictures} pictures of pocket: latents`, worst: latents ?? NaN, allowed: limit ?? NaN }];
}

/** An artifact set in Python's onnxruntime and onnx.checker: how many programs are refused. */
async function programs(python: Python, out: string, model: string): Promise<Row[]> {
  const choices = ["--resolution", "16", "--batch", "2", "--train", "lora", "--rank", "2", "--targets", "attention"];
  await studioJson("artifacts", "--model", model, ...choices, "--cut", "block", "--out", out);
  const told = await python.run("onnx_runs.py", [out]);
  const [, ran, failed] = /^(\d+) passed, (\d+) failed/m.exec(told) ?? [];
  return [{ what: `${ran} programs in Python's onnxruntime: refused`, worst: Number(failed), allowed: 0 }];
}

/** `scratch`: an empty folder. Later checks read what earlier ones wrote. */
export function smallChecks(python: Python, scratch: string): readonly Check[] {
  const at = (name: string) => path.join(scratch, name);
  return [
    { name: "tokens", run: () => tokens(python, at("tokens")) },
    { name: "goldens made anew", run: () => networks(python, at("models")) },
    { name: "steps", run: () => steps(at("models/step")) },
    {
      name: "a picture",
      run: () => picture(python, at("models/generate"), at("models/step/policy-adapter.safetensors")),
    },
    { name: "pocket", run: () => pocket(python, at("pocket")) },
    { name: "exports", run: () => exportRows(python, at("exports")) },
    { name: "programs", run: () => programs(python, at("set"), at("models/generate")) },
  ];
}
