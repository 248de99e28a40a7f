/** @file A network -> plans and an executor that learn it, or run it once; and the weights that learning starts from. */
import { buildArtifactSet } from "../artifacts/artifact-set.ts";
import type { ArtifactChoices } from "../artifacts/artifact-set.ts";
import { keyOf, words } from "../diffusion/philox.ts";
import { vjp } from "../graph/autodiff.ts";
import { concat, reshape, zeros } from "../graph/functions.ts";
import type { Tensor } from "../graph/ir.ts";
import { graphOf, input, inputName } from "../graph/ir.ts";
import { simplify } from "../graph/simplify.ts";
import { required } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { Network } from "../models/segment.ts";
import { compose } from "../models/segment.ts";
import { hash32 } from "../lib/random.ts";
import { PlanBuilder } from "../plan/builder.ts";
import { forwardPlan } from "../plan/network-plans.ts";
import type { LayoutEntry } from "../plan/types.ts";
import type { Backend } from "../runtime/backend.ts";
import { Executor } from "../runtime/executor.ts";

export const ADAPTER = "pretrain";

/** These plans meet only CPU backends, which have no binding limit. */
const NO_LIMIT = 2 ** 31 - 1;

export interface Learner {
  readonly executor: Executor;
  readonly layout: readonly LayoutEntry[];
  /** tensors with the gradients of the network's inputs that were asked for, after `learn` */
  readonly cotangents: readonly string[];
}

async function executorOf(backend: Backend, builder: PlanBuilder): Promise<Omit<Learner, "cotangents">> {
  const set = await buildArtifactSet(builder.finish(), {} as ArtifactChoices);
  return { executor: new Executor(backend, set.artifact.set, set.loadProgram), layout: set.artifact.set.layout };
}

/**
 * A plan `learn` of one program: the network's inputs and `seeds` to its output [N] and the gradient of sum seeds[n] output[n]
 * by every parameter. Forward and backward in one, so that activations never leave the runtime's own memory.
 */
export async function learner(
  backend: Backend,
  network: Network,
  options: {
    readonly inputGradients?: readonly string[];
    readonly more?: (builder: PlanBuilder, layout: readonly LayoutEntry[]) => void;
  } = {},
): Promise<Learner> {
  const builder = new PlanBuilder(NO_LIMIT);
  const values = compose(network);
  const output = required(values[network.output], network.output);
  const parameters = graphOf({ output }).inputs.filter((t) => t.source.kind === "input" && t.source.role === "weight");
  const names = options.inputGradients ?? [];
  const asked = names.map((name) => required(values[name], name));
  const found = vjp([{ output, cotangent: input("seeds", output) }], [...asked, ...parameters]);
  const flat = [...asked, ...parameters].map((t, i) => reshape(found[i] ?? zeros(t.shape), [sizeOf(t.shape)]));
  const cotangents = names.map((name) => `d.${name}`);
  const gradient = concat(flat.slice(names.length), 0);
  const outputs = {
    [network.output]: output,
    gradient,
    ...Object.fromEntries(cotangents.map((name, i) => [name, flat[i] as Tensor])),
  };
  const program = builder.program("learn", simplify(outputs));
  const trained = new Set(parameters.map(inputName));
  for (const [name, type] of Object.entries(program.spec.inputs))
    builder.tensor(name, type, trained.has(name) ? "trainable" : "input");
  for (const [name, type] of Object.entries(program.spec.outputs))
    builder.tensor(name, type, name === "gradient" ? "gradient" : "output");
  const own = (ports: object) => Object.fromEntries(Object.keys(ports).map((port) => [port, port]));
  builder.group(
    "net",
    "gradient",
    parameters.map((t) => ({ name: inputName(t), shape: t.shape })),
  );
  builder.timeline({
    learn: {
      inputs: [...Object.keys(network.inputs), "seeds"],
      outputs: [network.output, ...cotangents],
      calls: [{ program: program.name, inputs: own(program.spec.inputs), outputs: own(outputs) }],
    },
  });
  options.more?.(builder, builder.finish().set.layout);
  const made = await executorOf(backend, builder);
  made.executor.createAdapter(ADAPTER);
  return { ...made, cotangents };
}

export type Weights = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

export function weightsOf(layout: readonly LayoutEntry[], vector: Float32Array): Weights {
  return new Map(
    layout.map(({ name, shape, offset }) => [name, { shape, data: vector.slice(offset, offset + sizeOf(shape)) }]),
  );
}

/** One plan `forward` with the weights loaded. */
export async function runner(
  backend: Backend,
  network: Network,
  outputs: readonly string[],
  weights: Weights,
): Promise<Executor> {
  const builder = new PlanBuilder(NO_LIMIT);
  builder.timeline({
    forward: forwardPlan(builder, { name: "net", cut: "whole", network, outputs, half: () => false }),
  });
  const tensors = builder.finish().set.tensors;
  const { executor } = await executorOf(backend, builder);
  for (const [name, { kind }] of Object.entries(tensors)) {
    if (kind === "weight") await executor.loadWeight(name, required(weights.get(name), `the weight "${name}"`).data);
  }
  return executor;
}

/**
 * torch's defaults: weights and biases of linears and convolutions uniform in +-1 / sqrt(fan_in) (Kaiming with a = sqrt 5),
 * norms 1 and 0. Embeddings are normal with deviation 0.1 elsewhere; here uniform with that deviation.
 * Each tensor has a stream of its own, so that none depends on the others.
 */
export function initialVector(layout: readonly LayoutEntry[], seed: number): Float32Array {
  const shapes = new Map(layout.map(({ name, shape }) => [name, shape]));
  const length = layout.reduce((end, { offset, shape }) => Math.max(end, offset + sizeOf(shape)), 0);
  const vector = new Float32Array(length);
  for (const { name, shape, offset } of layout) {
    const [, module, leaf] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
    const size = sizeOf(shape);
    if (/norm[^.]*$/.test(module ?? "")) {
      vector.fill(leaf === "weight" ? 1 : 0, offset, offset + size);
      continue;
    }
    const weight = shapes.get(`${module}.weight`) ?? shape;
    const bound = module?.endsWith("embedding") ? 0.1 * Math.sqrt(3) : 1 / Math.sqrt(sizeOf(weight.slice(1)));
    vector.set(uniforms(seed, name, size, bound), offset);
  }
  return vector;
}

/** `size` numbers uniform in +-bound from the stream of a name. */
export function uniforms(seed: number, name: string, size: number, bound: number): Float32Array {
  const place = hash32(...Array.from(name, (c) => c.charCodeAt(0)));
  return Float32Array.from(words({ key: keyOf(seed), place: [place, 0, 0] }, size), (w) => bound * (w * 2 ** -31 - 1));
}
