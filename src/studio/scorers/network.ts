/** @file A scorer's networks on a backend, run forward with frozen weights out of the scorer's files. */
import type { ModelTensors } from "../../artifacts/model-folder.ts";
import { DEFAULT_BINDING_BYTES } from "../../graph/verify.ts";
import { required, StudioError } from "../../lib/errors.ts";
import type { TensorData } from "../../lib/tensor.ts";
import { sameShape, sizeOf } from "../../lib/tensor.ts";
import type { Network } from "../../models/segment.ts";
import { prefixed } from "../../models/segment.ts";
import { PlanBuilder } from "../../plan/builder.ts";
import { forwardPlan } from "../../plan/network-plans.ts";
import type { PlanSet } from "../../plan/types.ts";
import type { Backend } from "../../runtime/backend.ts";
import { Executor } from "../../runtime/executor.ts";

/** Equal layers are one program, so that a large tower compiles quickly. */
const CUT = "block";

export class ScorerNetworks {
  readonly #networks: Readonly<Record<string, Network>>;
  readonly #executor: Executor;

  private constructor(networks: Readonly<Record<string, Network>>, executor: Executor) {
    this.#networks = networks;
    this.#executor = executor;
  }

  /**
   * Compiled and loaded; each weight is kept as its file has it, where the device can. `what` the tensors should be, for errors.
   * @throws StudioError `scorer` for a tensor that is missing or of another shape.
   */
  static async open(
    backend: Backend,
    networks: Readonly<Record<string, Network>>,
    tensors: ModelTensors,
    what: string,
  ): Promise<ScorerNetworks> {
    const set = plansOf(networks, (name) => backend.float16 !== "none" && tensors.get(name)?.dtype === "float16");
    checkWeights(set, tensors, what);
    const executor = new Executor(backend, set.set, async (name) => required(set.programs.get(name), name));
    try {
      for (const [name, { kind }] of Object.entries(set.set.tensors))
        if (kind === "weight") await executor.loadWeight(name, await required(tensors.get(name), name).read());
    } catch (error) {
      await executor.dispose();
      throw error;
    }
    return new ScorerNetworks(networks, executor);
  }

  /** Inputs by their names in the network. @returns its output */
  async run(name: string, inputs: Readonly<Record<string, TensorData>>): Promise<Float32Array> {
    const { output } = required(this.#networks[name], `the network ${name}`);
    const named = Object.entries(inputs).map(([input, data]) => [`${name}.${input}`, data]);
    await this.#executor.run(name, Object.fromEntries(named));
    return (await this.#executor.read(`${name}.${output}`)) as Float32Array;
  }

  dispose(): Promise<void> {
    return this.#executor.dispose();
  }
}

interface Plans {
  readonly set: PlanSet;
  readonly programs: ReadonlyMap<string, Uint8Array>;
}

function plansOf(networks: Readonly<Record<string, Network>>, half: (weight: string) => boolean): Plans {
  const builder = new PlanBuilder(DEFAULT_BINDING_BYTES);
  for (const [name, plain] of Object.entries(networks)) {
    const output = `${name}.${plain.output}`;
    const network = prefixed(plain, `${name}.`, output);
    builder.timeline({ [name]: forwardPlan(builder, { network, name, cut: CUT, half, outputs: [output] }) });
  }
  const { set, programs } = builder.finish();
  const specs = programs.map(({ name, spec }) => [name, { hash: name, ...spec }] as const);
  return {
    set: { ...set, programs: Object.fromEntries(specs) },
    programs: new Map(programs.map(({ name, onnx }) => [name, onnx])),
  };
}

function checkWeights({ set }: Plans, tensors: ModelTensors, what: string): void {
  for (const [name, { kind, shape }] of Object.entries(set.tensors)) {
    if (kind !== "weight") continue;
    const found = tensors.get(name);
    if (!found) throw new StudioError("scorer", `There is no "${name}" among the weights, and ${what} was expected.`);
    if (sizeOf(found.shape) !== sizeOf(shape) || !sameShape(dense(found.shape), dense(shape)))
      throw new StudioError(
        "scorer",
        `"${name}" has the shape [${found.shape.join(",")}] and not [${shape.join(",")}]: ${what} was expected.`,
      );
  }
}

/** Without axes of length 1, which checkpoints have or have not. */
const dense = (shape: readonly number[]): number[] => shape.filter((dim) => dim !== 1);
