/**
 * @file The groups of a network as programs. Ports are `in.i`, `out.i`, `saved.i`, and weights by name; a group of one segment
 * names its weights without the segment's prefix, so that equal segments are one program.
 */
import type { TensorType } from "../lib/tensor.ts";
import type { Tensor } from "../graph/ir.ts";
import { input } from "../graph/ir.ts";
import { storeHalf } from "../graph/passes/cast.ts";
import { halfArithmetic } from "../graph/passes/half.ts";
import type { LoraTargets } from "../graph/passes/lora.ts";
import { applyLora } from "../graph/passes/lora.ts";
import type { Outputs } from "../graph/rewrite.ts";
import { simplify } from "../graph/simplify.ts";
import { Scope } from "../models/layers.ts";
import type { Network } from "../models/segment.ts";
import { applySegment } from "../models/segment.ts";
import type { PlanBuilder } from "./builder.ts";
import type { Cut, Group } from "./groups.ts";
import { groupsOf, readsOf, writesOf } from "./groups.ts";
import type { Call } from "./types.ts";

export interface NetworkOptions {
  readonly network: Network;
  /** Prefix of programs, groups and inner values. */
  readonly name: string;
  readonly cut: Cut;
  /** Values that are read after the plan; they keep their name. */
  readonly outputs: readonly string[];
  readonly targets?: LoraTargets;
  /** Full names of weights that are trained themselves. */
  readonly trains?: (name: string) => boolean;
  /** Full names of weights stored in float16. */
  readonly half: (name: string) => boolean;
  /** Works in float16 where it can; for pictures alone. */
  readonly draws?: boolean;
}

/** One group as a graph, before differentiation. */
export interface Built {
  readonly group: Group;
  readonly single: boolean;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly leaves: readonly Tensor[];
  readonly outputs: Outputs;
  readonly full: (port: string) => string;
}

export class NetworkPlanner {
  readonly #builder: PlanBuilder;
  readonly #options: NetworkOptions;
  readonly groups: readonly Built[];

  constructor(builder: PlanBuilder, options: NetworkOptions) {
    this.#builder = builder;
    this.#options = options;
    const { network, cut, name } = options;
    for (const [input, type] of Object.entries(network.inputs)) builder.tensor(input, type, "input");
    this.groups = groupsOf(network, cut, name).map((group) => this.#build(group));
  }

  /** Inner values get the network's name; inputs and outputs of the network keep theirs. */
  value(name: string): string {
    const { network, outputs } = this.#options;
    return name in network.inputs || outputs.includes(name) ? name : `${this.#options.name}/${name}`;
  }

  trains(name: string): boolean {
    return this.#options.targets ? /\.lora_[AB]\.weight$/.test(name) : (this.#options.trains?.(name) ?? false);
  }

  #build(group: Group): Built {
    const { network, outputs, targets, half, draws = false } = this.#options;
    const first = group.segments[0];
    const single = group.segments.length === 1 && first !== undefined && first.prefix !== "";
    const full = (port: string): string => (single ? `${first.prefix}.${port}` : port);
    const reads = readsOf(group);
    const writes = writesOf(group, network, outputs);
    const leaves = reads.map((name, i) => input(`in.${i}`, this.#builder.typeOf(this.value(name))));
    const values: Record<string, Tensor> = Object.fromEntries(reads.map((name, i) => [name, leaves[i] as Tensor]));
    const scope = new Scope();
    for (const segment of group.segments) {
      values[segment.writes] = applySegment(single ? { ...segment, prefix: "" } : segment, scope, values);
    }
    let made: Outputs = Object.fromEntries(writes.map((name, i) => [`out.${i}`, values[name] as Tensor]));
    if (targets)
      made = applyLora(made, (module, weight) =>
        targets(full(module === "" ? "weight" : `${module}.weight`).slice(0, -".weight".length), weight),
      );
    made = storeHalf(made, (name) => !this.trains(full(name)) && half(full(name)));
    made = simplify(draws ? halfArithmetic(made) : made);
    writes.forEach((name, i) =>
      this.#builder.tensor(this.value(name), made[`out.${i}`] as Tensor, outputs.includes(name) ? "output" : "scratch"),
    );
    return { group, single, reads, writes, leaves, outputs: made, full };
  }

  /** Weights are declared as they are met in a program and bound by their full name. */
  bind(
    built: Built,
    ports: Readonly<Record<string, TensorType>>,
    known: (port: string) => string | null,
  ): Record<string, string> {
    return Object.fromEntries(
      Object.entries(ports).map(([port, type]) => {
        const name = known(port);
        if (name) return [port, name];
        const full = built.full(port);
        return [port, this.#builder.tensor(full, type, this.trains(full) ? "trainable" : "weight")];
      }),
    );
  }

  /** The forward call of a group; `saved` are given out too. */
  forward(built: Built, saved: Outputs): Call {
    const keep = (port: string): string => `${this.#options.name}/${built.group.name}/${port}`;
    for (const [port, tensor] of Object.entries(saved)) this.#builder.tensor(keep(port), tensor, "saved");
    const program = this.#builder.program(
      `${this.#options.name}.${kindOf(built)}`,
      { ...built.outputs, ...saved },
      this.#options.draws,
    );
    const inputs = this.bind(built, program.spec.inputs, (port) =>
      port.startsWith("in.") ? this.value(built.reads[Number(port.slice(3))] as string) : null,
    );
    const outputs = Object.fromEntries(
      Object.keys(program.spec.outputs).map((port) => [
        port,
        port.startsWith("out.") ? this.value(built.writes[Number(port.slice(4))] as string) : keep(port),
      ]),
    );
    return { program: program.name, inputs, outputs };
  }
}

/** A name that equal segments share: `down_blocks.1.resnets.0` -> `resnets`. */
export function kindOf({ group, single }: Built): string {
  const words = group.name.split(".").filter((word) => !/^\d+$/.test(word));
  return single ? (words.at(-1) as string) : group.name;
}
