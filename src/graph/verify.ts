/** @file What must hold after every pass, and what the WebGPU backend would get wrong without a word. */
import { byteSize, sameShape, showType } from "../lib/tensor.ts";
import type { Graph, Tensor } from "./ir.ts";
import { namer, printNode } from "./print.ts";
import type { OpName } from "./ops.ts";
import { halfOps, typeRules } from "./ops.ts";

export interface VerifyOptions {
  /** Largest operand of Softmax and LayerNormalization in bytes: beyond the device's binding limit they are silently wrong. */
  readonly maxBindingBytes?: number;
  /** After lowering no composite may be left. */
  readonly lowered?: boolean;
  /** Arithmetic in float16 is allowed: only for pictures, whose numbers are not compared. */
  readonly half?: boolean;
}

/** WebGPU's guaranteed `maxStorageBufferBindingSize`. */
export const DEFAULT_BINDING_BYTES = 128 * 2 ** 20;

const bounded: readonly OpName[] = ["Softmax", "LayerNormalization"];

/** @throws with the printed node when a type does not follow from its rule, a name is used twice, or a limit is passed. */
export function verify(
  graph: Graph,
  { maxBindingBytes = DEFAULT_BINDING_BYTES, lowered = false, half = false }: VerifyOptions = {},
): Graph {
  const names = new Set<string>();
  for (const tensor of graph.inputs) {
    const name = tensor.source.kind === "input" ? tensor.source.name : "";
    if (names.has(name)) throw new Error(`internal: two inputs are called ${name}`);
    names.add(name);
  }
  for (const [key, { source }] of Object.entries(graph.outputs)) {
    if (names.has(key) && !(source.kind === "input" && source.name === key))
      throw new Error(`internal: an output is called ${key}, as is an input`);
  }
  const made = new Set<Tensor>(graph.inputs);
  const name = namer();
  for (const node of graph.nodes) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${printNode(node, name)}`);
    };
    for (const tensor of node.inputs) {
      if (tensor.source.kind === "node" && !made.has(tensor)) fail("internal: an input is used before it is made");
    }
    const types = typeRules[node.op](node.inputs, node.attrs as never);
    node.outputs.forEach((output, i) => {
      const type = types[i];
      if (!type || type.dtype !== output.dtype || !sameShape(type.shape, output.shape))
        fail(`internal: expected ${type ? showType(type) : "nothing"}`);
      made.add(output);
    });
    if (!half && halfOps.has(node.op) && node.inputs.some(({ dtype }) => dtype === "float16"))
      fail("arithmetic in float16 is for pictures alone");
    if (lowered && node.op === "AttentionGrad") fail("internal: a composite is left after lowering");
    if (bounded.includes(node.op) && node.inputs.some((t) => byteSize(t) > maxBindingBytes)) {
      fail(
        `${node.op} over ${maxBindingBytes} bytes gives wrong numbers on WebGPU; cut the graph or lower the resolution or batch`,
      );
    }
  }
  return graph;
}
