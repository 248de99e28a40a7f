/** @file The programs of a set: each graph once, however many calls use it. */
import { byteSize } from "../lib/tensor.ts";
import type { TensorType } from "../lib/tensor.ts";
import type { Graph, Tensor } from "../graph/ir.ts";
import { graphOf, inputName } from "../graph/ir.ts";
import { encodeOnnx } from "../graph/onnx/encode.ts";
import { lowerAttention } from "../graph/passes/attention.ts";
import { lowerLargeNormalization } from "../graph/passes/normalization.ts";
import type { Outputs } from "../graph/rewrite.ts";
import { simplify } from "../graph/simplify.ts";
import { verify } from "../graph/verify.ts";
import type { ProgramSpec } from "./types.ts";

export interface Program {
  readonly name: string;
  readonly onnx: Uint8Array;
  readonly spec: Omit<ProgramSpec, "hash">;
}

const typeOf = ({ dtype, shape }: Tensor): TensorType => ({ dtype, shape });

/** Storage behind a tensor: a reshape is a view of its input. */
function storage(tensor: Tensor): Tensor {
  let at = tensor;
  while (at.source.kind === "node" && at.source.node.op === "Reshape") at = at.source.node.inputs[0] as Tensor;
  return at;
}

/** Bytes alive at once beyond inputs and outputs when the nodes run in order and a tensor dies after its last use. */
export function scratchBytes(graph: Graph): number {
  const outside = new Set<Tensor>([...graph.inputs, ...Object.values(graph.outputs)].map(storage));
  const lastUse = new Map<Tensor, number>();
  graph.nodes.forEach((node, i) => {
    for (const tensor of [...node.inputs, ...node.outputs]) lastUse.set(storage(tensor), i);
  });
  const deaths = new Map<number, Tensor[]>();
  for (const [tensor, i] of lastUse) deaths.set(i, [...(deaths.get(i) ?? []), tensor]);
  let [live, peak] = [0, 0];
  graph.nodes.forEach((node, i) => {
    for (const output of node.outputs) if (storage(output) === output && !outside.has(output)) live += byteSize(output);
    peak = Math.max(peak, live);
    for (const tensor of deaths.get(i) ?? []) {
      if (tensor.source.kind === "node" && !outside.has(tensor)) live -= byteSize(tensor);
    }
  });
  return peak;
}

export class ProgramLibrary {
  readonly programs: Program[] = [];
  readonly #byContent = new Map<string, Program>();

  /** Lowers, simplifies, verifies and encodes. @throws when the graph breaks a limit of the WebGPU backend. */
  add(name: string, outputs: Outputs, maxBindingBytes: number): Program {
    const graph = graphOf(simplify(lowerLargeNormalization(lowerAttention(outputs), maxBindingBytes)));
    verify(graph, { lowered: true, maxBindingBytes });
    const onnx = encodeOnnx(graph, "program");
    const key = latin1(onnx);
    const twin = this.#byContent.get(key);
    if (twin) return twin;
    const used = this.programs.filter((p) => p.name === name || p.name.startsWith(`${name}#`)).length;
    const program: Program = {
      name: used === 0 ? name : `${name}#${used + 1}`,
      onnx,
      spec: {
        inputs: Object.fromEntries(graph.inputs.map((t) => [inputName(t), typeOf(t)])),
        outputs: Object.fromEntries(Object.entries(graph.outputs).map(([port, t]) => [port, typeOf(t)])),
        nodes: graph.nodes.length,
        scratchBytes: scratchBytes(graph),
      },
    };
    this.#byContent.set(key, program);
    this.programs.push(program);
    return program;
  }
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}
