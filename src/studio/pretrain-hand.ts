/**
 * @file One of several hands that learn a batch together: the gradient of its rows, and its part of the optimizer's products.
 * Two hands of one thread each waste less of a busy machine than one of two threads, which wait for each other at every node.
 */
import { required } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { TextConfig, UNetConfig } from "../models/config.ts";
import type { LayoutEntry } from "../plan/types.ts";
import { reachedRows } from "../pocket/tokens.ts";
import type { Backend } from "../runtime/backend.ts";
import { captionedNetwork } from "./pretrain-networks.ts";
import { orthogonalize, shareOf } from "./pretrain-optimizer.ts";
import { ADAPTER, learner } from "./pretrain-plans.ts";

/** Rows of a batch: `rows` are those of the short token table, one a position. */
export interface Examples {
  readonly sample: Float32Array;
  readonly target: Float32Array;
  readonly timestep_proj: Float32Array;
  readonly rows: readonly number[];
}

export interface Learnt {
  /** of each sample */
  readonly errors: Float32Array;
  /** of sum errors / batch, for the layout's tensors and after them the token table's rows */
  readonly gradient: Float32Array<ArrayBuffer>;
}

export interface Hand {
  readonly layout: readonly LayoutEntry[];
  /** numbers of the matrices that `orthogonalize` takes, in the layout's order after those of the hands before */
  readonly share: number;
  learn(vector: Float32Array, examples: Examples, batch: number): Promise<Learnt>;
  orthogonalize(momentum: Float32Array): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export interface HandOptions {
  readonly text: TextConfig;
  readonly unet: UNetConfig;
  /** rows that it learns at a time */
  readonly rows: number;
  readonly index: number;
  readonly count: number;
}

export async function handOf(backend: Backend, { text, unet, rows, index, count }: HandOptions): Promise<Hand> {
  const [side, tokens, width] = [unet.sample_size, text.max_position_embeddings, text.hidden_size];
  const { executor, layout, cotangents } = await learner(
    backend,
    captionedNetwork(text, unet, { batch: rows, side, tokens }),
    {
      inputGradients: ["inputs_embeds"],
      more: (builder, all) => orthogonalize(builder, shareOf(all, index, count)),
    },
  );
  const { length } = executor;
  return {
    layout,
    share: shareOf(layout, index, count).reduce((total, { shape }) => total + sizeOf(shape), 0),
    async learn(vector, { rows: places, ...inputs }, batch) {
      const inputs_embeds = new Float32Array(rows * tokens * width);
      places.forEach((row, i) => {
        inputs_embeds.set(vector.subarray(length + row * width, length + (row + 1) * width), i * width);
      });
      await executor.writeAdapter(ADAPTER, vector.subarray(0, length));
      const seeds = new Float32Array(rows).fill(1 / batch);
      await executor.run("learn", { ...inputs, inputs_embeds, seeds }, ADAPTER);
      const errors = (await executor.read("errors")) as Float32Array;
      const gradient = new Float32Array(length + reachedRows.length * width);
      const d = (await executor.read(required(cotangents[0], "the gradient of the embeddings"))) as Float32Array;
      places.forEach((row, i) => {
        const at = length + row * width;
        for (let c = 0; c < width; c++) gradient[at + c] = (gradient[at + c] as number) + (d[i * width + c] as number);
      });
      gradient.set(await executor.gradients());
      return { errors, gradient };
    },
    async orthogonalize(momentum) {
      await executor.run("orthogonalize", { momentum });
      return (await executor.read("update")) as Float32Array;
    },
    dispose: () => executor.dispose(),
  };
}
