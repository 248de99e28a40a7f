/** @file `studio generate --sampler` against diffusers' StableDiffusionPipeline with that scheduler. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { toFloat32 } from "../artifacts/safetensors.ts";
import { maxAbs } from "../diffusion/max-abs.ts";
import { samplerNames, samplerTitles } from "../diffusion/samplers.ts";
import { goldens, readTensors, scratch, studio, studioJson } from "./test-support.ts";

const dir = scratch();
afterAll(() => dir.remove());

/** After 50 steps 6e-5 was seen where the latents reach 48; two samplers differ by 2e-1 and more. */
const near = 5e-4;

const wanted = readTensors(`${goldens}/samplers/latents.safetensors`);

/** The nano model with the scheduler that diffusers saved. */
function modelWith(scheduler: string): string {
  const folder = dir.path(`model-${scheduler}`);
  mkdirSync(folder, { recursive: true });
  for (const part of ["unet", "vae", "text_encoder", "tokenizer"])
    cpSync(`${goldens}/generate/${part}`, `${folder}/${part}`, { recursive: true });
  cpSync(`${goldens}/samplers/${scheduler}`, `${folder}/scheduler`, { recursive: true });
  return folder;
}

async function latentsOf(model: string, ...more: readonly string[]) {
  const latents = dir.path("latents.safetensors");
  const files = ["--out", dir.path("picture.png"), "--latents", latents];
  const asked = [
    "--prompt",
    "A red circle",
    "--negative",
    "blue",
    "--seed",
    "42",
    "--guidance",
    "7.5",
    "--resolution",
    "16",
  ];
  const { sampler } = await studioJson("generate", "--model", model, ...asked, "--steps", "50", ...files, ...more);
  const tensor = readTensors(latents).get("latents");
  return { sampler, latents: tensor ? toFloat32(tensor) : new Float32Array(0) };
}

const expected = (scheduler: string): Float32Array => {
  const tensor = wanted.get(scheduler);
  if (!tensor) throw new Error(`no latents of ${scheduler}`);
  return toFloat32(tensor);
};

const cases = samplerNames.flatMap((name) =>
  (["epsilon", "v_prediction"] as const).map((type) => [name, type] as const),
);

test.each(cases)("%s, %s: the model's own scheduler draws diffusers' latents", async (name, type) => {
  const { sampler, latents } = await latentsOf(modelWith(`${name}-${type}`));
  expect(sampler).toBe(samplerTitles[name]);
  expect(maxAbs(latents, expected(`${name}-${type}`))).toBeLessThan(near);
});

/** SD-1.5's own file, from before there was a timestep_spacing: each sampler has its own default. */
const sd15 = {
  _class_name: "PNDMScheduler",
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
  clip_sample: false,
};

test.each([undefined, ...samplerNames])("on SD-1.5's scheduler, --sampler %s", async (name) => {
  const model = modelWith("pndm-epsilon");
  writeFileSync(`${model}/scheduler/scheduler_config.json`, JSON.stringify(sd15));
  const { sampler, latents } = await latentsOf(model, ...(name === undefined ? [] : ["--sampler", name]));
  expect(sampler).toBe(samplerTitles[name ?? "pndm"]);
  expect(maxAbs(latents, expected(`${name ?? "pndm"}-epsilon`))).toBeLessThan(near);
});

test("another name is refused with the known ones", async () => {
  const asked = ["--model", modelWith("ddim-epsilon"), "--prompt", "a", "--out", dir.path("no.png")];
  const { code, stderr } = await studio("generate", ...asked, "--sampler", "euler");
  expect({ code, stderr: stderr.trim() }).toEqual({
    code: 2,
    stderr: '--sampler is "euler", and one of ddim, pndm, dpmpp-2m, dpmpp-2m-karras was expected.',
  });
});
