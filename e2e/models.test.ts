/**
 * @file The three networks against diffusers and transformers, on six UNets, two text encoders and two autoencoders: forward values
 * within 1e-4, every gradient by name, for everything that can be trained and for every cut of the plan. On the backend `node`.
 */
import { afterAll, describe, expect, it } from "vitest";
import { timestepEmbedding } from "../src/diffusion/timestep-embedding.ts";
import { readTextConfig, readUNetConfig, readVaeConfig, type UNetConfig } from "../src/models/config.ts";
import { clipText } from "../src/models/clip-text.ts";
import type { Network } from "../src/models/segment.ts";
import { vaeDecoder, vaeEncoder } from "../src/models/vae.ts";
import { PlanBuilder } from "../src/plan/builder.ts";
import { compile, type Training } from "../src/plan/compile.ts";
import type { Cut } from "../src/plan/groups.ts";
import { trainingPlans } from "../src/plan/network-plans.ts";
import { loraTargets } from "../src/plan/targets.ts";
import { nodeBackend } from "../src/runtime/node.ts";
import { seededTensor } from "../src/artifacts/seeded.ts";
import { byName, executorOf, flatVector, loadSeeded, relative, wrongGradients } from "./agreement.ts";
import { type Golden, readConfig, readGolden } from "./goldens.ts";

const backend = nodeBackend();
afterAll(() => backend.dispose());

const cuts: readonly Cut[] = ["whole", "stage", "block"];
/** Name and the size of a score matrix from which the plan of cut `block` loops over query blocks: it must, in every model. */
const unets: readonly (readonly [string, number])[] = [
  ["two-levels", 6000],
  ["linear-projection", 2000],
  ["four-levels", 6000],
  ["three-layers", 600],
  ["plain-blocks", 50],
  ["two-transformers", 2000],
];
const unlimited = 2 ** 30;

function trainingOf(kind: string, { metadata }: Golden): Training {
  if (kind === "full") return { kind: "full" };
  const [rank, alpha] = [Number(metadata.get("rank")), Number(metadata.get("alpha"))];
  return { kind: "lora", targets: loraTargets(kind.slice("lora-".length), rank, alpha) };
}

function unetInputs(config: UNetConfig, inputs: Golden) {
  const width = config.block_out_channels[0] as number;
  const options = { flipSinToCos: config.flip_sin_to_cos, downscaleFreqShift: config.freq_shift };
  return {
    sample: inputs.floats("sample"),
    timestep_proj: timestepEmbedding(Array.from(inputs.data("timesteps"), Number), width, options),
    encoder_hidden_states: inputs.floats("encoder_hidden_states"),
  };
}

/** One set of plans against its golden. @returns the gradients by name. */
async function checkUNet(name: string, kind: string, cut: Cut, scoreBytes: number): Promise<Map<string, Float32Array>> {
  const config = readUNetConfig(readConfig(`${name}/unet`));
  const [inputs, expected] = [readGolden(`${name}/inputs`), readGolden(`${name}/${kind}`)];
  const [samples, , height, width] = inputs.shape("sample") as [number, number, number, number];
  const tokens = inputs.shape("encoder_hidden_states")[1] as number;
  const compiled = compile(
    { unet: config },
    {
      height,
      width,
      samples,
      tokens,
      cut,
      weights: "float32",
      scoreBytes,
      training: trainingOf(kind, expected),
    },
  );
  const { executor, set } = executorOf(backend, compiled);
  await loadSeeded(executor, set);
  executor.createAdapter("rule");
  await executor.writeAdapter("rule", flatVector(set.layout));
  const given = unetInputs(config, inputs);
  const target = inputs.floats("target");

  const draw = Object.fromEntries(Object.entries(given).map(([port, data]) => [`draw.${port}`, data]));
  await executor.run("predict", draw, "rule");
  expect(relative((await executor.read("eps")) as Float32Array, expected.floats("eps"))).toBeLessThan(1e-4);
  await executor.run("errors", { ...given, target }, "rule");
  const errors = (await executor.read("errors")) as Float32Array;
  expect(relative(errors, expected.floats("errors"))).toBeLessThan(1e-4);
  await executor.run("forward", { ...given, target }, "rule");
  // the very same programs, so the very same bits
  expect(await executor.read("errors")).toEqual(errors);
  await executor.run("backward", { seeds: inputs.floats("seeds") }, "rule");
  const got = byName(set.layout, await executor.gradients());
  expect(wrongGradients(got, expected.except("eps", "errors"))).toEqual([]);
  const loops = (set.plans["backward"]?.calls ?? []).filter(({ program }) => program.includes("attention.next"));
  expect(loops.length > 0).toBe(scoreBytes < unlimited);
  await executor.dispose();
  return got;
}

describe.each(unets)("UNet %s against diffusers", (name, small) => {
  it.each(["full", "lora-attention", "lora-linear", "lora-conv"])("%s, on every cut", async (kind) => {
    const whole = await checkUNet(name, kind, "whole", unlimited);
    for (const [cut, scoreBytes] of [
      ["stage", unlimited],
      ["block", small],
    ] as const)
      expect(
        wrongGradients(await checkUNet(name, kind, cut, scoreBytes), whole, { tolerance: 1e-5, floor: 1 }),
      ).toEqual([]);
  });
});

interface Judged {
  readonly network: Network;
  readonly inputs: Readonly<Record<string, Float32Array>>;
  readonly cotangent: Float32Array;
  readonly expected: Golden;
  /** the gradient of to_k's bias is zero in exact arithmetic: e2e/goldens/models/README.md */
  readonly floor: number;
}

/** Forward and full gradients of a network that is not trained in the studio, by the same planner. @returns d input. */
async function checkNetwork(cut: Cut, { network, inputs, cotangent, expected, floor }: Judged): Promise<Float32Array> {
  const builder = new PlanBuilder(2 ** 27);
  const [input] = Object.keys(inputs) as [string];
  const { output } = network;
  const options = { name: "net", network, cut, outputs: [output], loss: output, inputGradients: [input] };
  const plans = trainingPlans(builder, {
    ...options,
    trains: () => true,
    half: () => false,
    scoreBytes: cut === "block" ? 600 : unlimited,
  });
  builder.timeline({ ...plans });
  const { executor, set } = executorOf(backend, builder.finish());
  executor.createAdapter("rule");
  await executor.writeAdapter("rule", flatVector(set.layout));
  await executor.run("forward", inputs, "rule");
  expect(relative((await executor.read(output)) as Float32Array, expected.floats(output))).toBeLessThan(1e-4);
  await executor.run("backward", { seeds: cotangent }, "rule");
  const dInput = (await executor.read(set.plans["backward"]?.outputs[0] as string)) as Float32Array;
  const got = byName(set.layout, await executor.gradients());
  const wanted = expected.except(output, "text_model.embeddings.token_embedding.weight");
  expect(wrongGradients(got, wanted, { floor })).toEqual([]);
  await executor.dispose();
  return dInput;
}

/** Rows of the table by token, and the transpose of that: rows added up by token. */
function lookUp(table: Float32Array, ids: readonly number[], width: number): Float32Array {
  const out = new Float32Array(ids.length * width);
  ids.forEach((id, i) => out.set(table.subarray(id * width, (id + 1) * width), i * width));
  return out;
}
function addUp(rows: Float32Array, ids: readonly number[], width: number, size: number): Float32Array {
  const table = new Float32Array(size);
  ids.forEach((id, i) => {
    for (let f = 0; f < width; f++)
      table[id * width + f] = (table[id * width + f] as number) + (rows[i * width + f] as number);
  });
  return table;
}

describe.each(["text-quick-gelu", "text-gelu"])("text encoder %s against transformers", (name) => {
  const config = readTextConfig(readConfig(`${name}/text_encoder`));
  const [inputs, expected] = [readGolden(`${name}/inputs`), readGolden(`${name}/full`)];
  it.each(cuts)("%s", async (cut) => {
    const ids = Array.from(inputs.data("input_ids"), Number);
    const [batch, tokens] = inputs.shape("input_ids") as [number, number];
    const width = config.hidden_size;
    const key = "text_model.embeddings.token_embedding.weight";
    const dTable = expected.floats(key);
    const table = seededTensor(key, [dTable.length / width, width]);
    const dEmbeds = await checkNetwork(cut, {
      network: clipText(config, batch, tokens),
      inputs: { inputs_embeds: lookUp(table, ids, width) },
      cotangent: inputs.floats("cotangent"),
      expected,
      floor: 1e-3,
    });
    expect(relative(addUp(dEmbeds, ids, width, dTable.length), dTable)).toBeLessThan(1e-3);
  });
});

describe.each(["vae-two-levels", "vae-four-levels"])("autoencoder %s against diffusers", (name) => {
  const config = readVaeConfig(readConfig(`${name}/vae`));
  const inputs = readGolden(`${name}/inputs`);
  const side = (tensor: string) => inputs.shape(tensor) as [number, number, number, number];
  it.each(cuts)("encodes, %s", async (cut) => {
    const [n, , h, w] = side("picture");
    await checkNetwork(cut, {
      network: vaeEncoder(config, n, h, w),
      inputs: { pixels: inputs.floats("picture") },
      cotangent: inputs.floats("moments_cotangent"),
      expected: readGolden(`${name}/encode`),
      floor: 1e-3,
    });
  });
  it.each(cuts)("decodes, %s", async (cut) => {
    const [n, , h, w] = side("latents");
    await checkNetwork(cut, {
      network: vaeDecoder(config, n, h, w),
      inputs: { latents: inputs.floats("latents") },
      cotangent: inputs.floats("decoded_cotangent"),
      expected: readGolden(`${name}/decode`),
      floor: 1e-3,
    });
  });
});
