/** @file A network as a list of segments over named values: what the planner cuts, and what `compose` runs in one piece. */
import type { TensorType } from "../lib/tensor.ts";
import type { Tensor } from "../graph/ir.ts";
import { input } from "../graph/ir.ts";
import { Scope } from "./layers.ts";

export interface Segment {
  readonly name: string;
  /** Common prefix of its parameters: without it, equal segments are the same program. */
  readonly prefix: string;
  /** The stage that it belongs to (`down_blocks.0`, `mid_block`, …). */
  readonly stage: string;
  readonly reads: readonly string[];
  readonly writes: string;
  build(p: Scope, values: readonly Tensor[]): Tensor;
}

export interface Network {
  readonly inputs: Readonly<Record<string, TensorType>>;
  readonly segments: readonly Segment[];
  readonly output: string;
}

/** The same network under other names for its values, for it may have another batch. */
export function prefixed(network: Network, prefix: string, output = network.output): Network {
  const renamed = (name: string): string => (name === network.output ? output : `${prefix}${name}`);
  return {
    inputs: Object.fromEntries(Object.entries(network.inputs).map(([name, type]) => [renamed(name), type])),
    segments: network.segments.map((s) => ({ ...s, reads: s.reads.map(renamed), writes: renamed(s.writes) })),
    output,
  };
}

/** All values of the network, each segment applied once in order. */
export function compose({ inputs, segments }: Network, scope = new Scope()): Record<string, Tensor> {
  const values: Record<string, Tensor> = {};
  for (const [name, type] of Object.entries(inputs)) values[name] = input(name, type);
  for (const segment of segments) values[segment.writes] = applySegment(segment, scope, values);
  return values;
}

export function applySegment(segment: Segment, scope: Scope, values: Readonly<Record<string, Tensor>>): Tensor {
  const read = (name: string): Tensor => {
    const value = values[name];
    if (!value) throw new Error(`internal: ${segment.name} reads ${name} before it is made`);
    return value;
  };
  return segment.build(segment.prefix ? scope.at(segment.prefix) : scope, segment.reads.map(read));
}
