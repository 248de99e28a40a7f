import { expect, test } from "vitest";
import golden from "../../e2e/goldens/diffusion/ddim.json" with { type: "json" };
import { maxAbs } from "../diffusion/max-abs.ts";
import { scaledLinear } from "../diffusion/noise-schedule.ts";
import { prepare } from "../diffusion/samplers.ts";
import type { Adapter, Denoiser, Noised, Text } from "./denoiser.ts";
import { type SamplingOptions, sample } from "./sampling.ts";

const { cases, text } = golden;
const noise = scaledLinear();
const own = { schedule: noise, stepsOffset: 1, timestepSpacing: null, setAlphaToOne: false };
const prompts: Text = { shape: [2, 5, 2], hidden: Float32Array.from(text.slice(0, 20)) };
const negative = Float32Array.from(text.slice(20));
type Case = (typeof cases)[number];
const adapter: Adapter = { id: "base" };

/** `Eps` of e2e/oracle/diffusion.py: sqrt(1 - a_t) (x - sqrt(a_t) mu) + 0.05 sin(3 x + t / 100), mu = mean of the text. */
async function predict(_: Adapter, batch: Noised, c: Text): Promise<Float32Array> {
  const size = batch.xt.length / batch.shape[0];
  const row = c.hidden.length / c.shape[0];
  const mu = batch.t.map((_t, n) => c.hidden.slice(n * row, (n + 1) * row).reduce((a, b) => a + b) / row);
  return batch.xt.map((x, i) => {
    const n = Math.floor(i / size);
    const t = batch.t[n] as number;
    const a = noise.alphasCumprod[t] as number;
    return Math.sqrt(1 - a) * (x - Math.sqrt(a) * (mu[n] as number)) + 0.05 * Math.sin(3 * x + t / 100);
  });
}

const net = { predict } as Denoiser;
const options = (c: Case): SamplingOptions => ({
  sampler: prepare("ddim", { ...own, steps: c.steps }),
  latents: [4, 8, 8],
  scale: c.scale,
  seeds: c.seeds,
});

test.each(cases)("$steps steps at scale $scale give StableDiffusionPipeline's latents", async (c) => {
  const latents = await sample(net, adapter, prompts, negative, options(c));
  expect(maxAbs(latents, c.latents)).toBeLessThan(1e-4);
});

test("a picture depends on its own prompt and seed alone, not on its batch", async () => {
  const [c] = cases as [Case];
  const both = await sample(net, adapter, prompts, negative, options(c));
  const second: Text = { shape: [1, 5, 2], hidden: prompts.hidden.slice(10) };
  const alone = await sample(net, adapter, second, negative, { ...options(c), seeds: c.seeds.slice(1) });
  expect(alone).toEqual(both.slice(256));
});

test("progress is told after each step, and a stop ends it", async () => {
  const seen: number[] = [];
  const controller = new AbortController();
  const onProgress = (done: number) => {
    seen.push(done);
    if (done === 3) controller.abort();
  };
  const [c] = cases as [Case];
  const run = sample(net, adapter, prompts, negative, { ...options(c), onProgress, stop: controller.signal });
  await expect(run).rejects.toThrow("aborted");
  expect(seen).toEqual([1, 2, 3]);
});
