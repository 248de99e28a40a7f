/** @file The paper's Denoiser, made of plans and a runtime: one executor, any number of adapters, batches cut to the plan's rows. */
import { timestepEmbedding } from "../diffusion/timestep-embedding.ts";
import { assert, required } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { UNetConfig } from "../models/config.ts";
import type { PlanSet } from "../plan/types.ts";
import type { Executor } from "../runtime/executor.ts";
import type { FrozenWeights } from "../runtime/frozen-weights.ts";
import type { Adapter, Denoiser, Noised, Pass, Text } from "../spin/denoiser.ts";
import type { Trainable } from "./trained.ts";

/** Plan, prefix of its inputs, and output. */
type Predictor = readonly [plan: string, prefix: string, eps: string];

export class PlanDenoiser implements Denoiser {
  readonly #executor: Executor;
  readonly #set: PlanSet;
  readonly #unet: UNetConfig;
  readonly #adapters = new Set<string>();

  constructor(executor: Executor, set: PlanSet, unet: UNetConfig) {
    this.#executor = executor;
    this.#set = set;
    this.#unet = unet;
  }

  predict(adapter: Adapter, batch: Noised, text: Text): Promise<Float32Array> {
    return this.#predict(this.#predictor(batch.shape[0]), adapter, batch, text);
  }

  /** For pictures: in float16 where the plans have it. What it predicts must not enter a logit. */
  readonly artist: Pick<Denoiser, "predict"> = {
    predict: (adapter, batch, text) =>
      this.#set.plans["predictHalf"]
        ? this.#predict(["predictHalf", "half", "half.eps"], adapter, batch, text)
        : this.predict(adapter, batch, text),
  };

  async #predict([plan, prefix, eps]: Predictor, adapter: Adapter, batch: Noised, text: Text): Promise<Float32Array> {
    const [count, ...latents] = batch.shape;
    const rows = this.#rows(`${prefix}.sample`);
    const width = sizeOf(latents);
    const out = new Float32Array(count * width);
    for (let start = 0; start < count; start += rows) {
      const given = Object.entries(this.#inputs(batch, text, start, rows));
      const inputs = Object.fromEntries(given.map(([name, data]) => [`${prefix}.${name}`, data]));
      await this.#executor.run(plan, inputs, adapter.id);
      const made = (await this.#executor.read(eps)) as Float32Array;
      out.set(made.subarray(0, Math.min(rows, count - start) * width), start * width);
    }
    return out;
  }

  /** A single picture does not pay for the rows of many. */
  #predictor(count: number): Predictor {
    const one = this.#set.tensors["one.sample"]?.shape[0];
    return one !== undefined && count <= one ? ["predictOne", "one", "one.eps"] : ["predict", "draw", "eps"];
  }

  async errors(adapter: Adapter, batch: Noised, text: Text): Promise<Float32Array> {
    return this.#run("errors", adapter, batch, text);
  }

  async forward(adapter: Adapter, batch: Noised, text: Text): Promise<Pass> {
    const errors = await this.#run("forward", adapter, batch, text);
    return {
      errors,
      backward: async (given) => {
        assert(given.length === errors.length, `expected ${errors.length} seeds, got ${given.length}`);
        const seeds = new Float32Array(this.#rows("sample"));
        seeds.set(given);
        await this.#executor.run("backward", { seeds }, adapter.id);
      },
    };
  }

  gradients(): Promise<Float32Array> {
    return this.#executor.gradients();
  }

  parameters(adapter: Adapter): Promise<Float32Array> {
    return this.#executor.readAdapter(adapter.id);
  }

  /** Another ground for an adapter than the executor's own weights. */
  layOver(adapter: Adapter, frozen: FrozenWeights): void {
    this.#executor.layOver(adapter.id, frozen);
  }

  async update(adapter: Adapter, vector: Float32Array): Promise<void> {
    this.#makeRoom(adapter);
    await this.#executor.writeAdapter(adapter.id, vector);
  }

  /** The same for what may be too large to be held at once. */
  async lay(adapter: Adapter, trainable: Trainable): Promise<void> {
    if (trainable instanceof Float32Array) return this.update(adapter, trainable);
    this.#makeRoom(adapter);
    for (const group of this.#executor.groups)
      await this.#executor.writeGroup(adapter.id, group, await trainable(group));
  }

  #makeRoom(adapter: Adapter): void {
    if (this.#adapters.has(adapter.id)) return;
    this.#executor.createAdapter(adapter.id);
    this.#adapters.add(adapter.id);
  }

  /** Gives an adapter's bytes back. */
  forget(adapter: Adapter): void {
    if (this.#adapters.delete(adapter.id)) this.#executor.freeAdapter(adapter.id);
  }

  #rows(tensor: string): number {
    return required(this.#set.tensors[tensor]?.shape[0], `the rows of ${tensor}`);
  }

  /** One run of the training programs; what backward needs stays, so the batch must fit. */
  async #run(plan: "errors" | "forward", adapter: Adapter, batch: Noised, text: Text): Promise<Float32Array> {
    const rows = this.#rows("sample");
    const count = batch.shape[0];
    assert(count <= rows, `the plan was made for ${rows} rows, and ${count} were given`);
    const target = window(batch.target, sizeOf(batch.shape.slice(1)), 0, rows);
    await this.#executor.run(plan, { ...this.#inputs(batch, text, 0, rows), target }, adapter.id);
    return ((await this.#executor.read("errors")) as Float32Array).slice(0, count);
  }

  /** Rows `start` .. of the batch, filled up with the last one. */
  #inputs(batch: Noised, text: Text, start: number, rows: number) {
    const { block_out_channels, flip_sin_to_cos, freq_shift } = this.#unet;
    const t = Array.from({ length: rows }, (_, i) => batch.t[Math.min(start + i, batch.t.length - 1)] as number);
    const options = { flipSinToCos: flip_sin_to_cos, downscaleFreqShift: freq_shift };
    return {
      sample: window(batch.xt, sizeOf(batch.shape.slice(1)), start, rows),
      timestep_proj: timestepEmbedding(t, block_out_channels[0] as number, options),
      encoder_hidden_states: window(text.hidden, sizeOf(text.shape.slice(1)), start, rows),
    };
  }
}

/** `rows` rows of `width` from row `start`; past the end the last row is repeated. */
function window(data: Float32Array, width: number, start: number, rows: number): Float32Array {
  const last = data.length / width - 1;
  if (start + rows - 1 <= last) return data.subarray(start * width, (start + rows) * width);
  const out = new Float32Array(rows * width);
  for (let i = 0; i < rows; i++) {
    const row = Math.min(start + i, last);
    out.set(data.subarray(row * width, (row + 1) * width), i * width);
  }
  return out;
}
