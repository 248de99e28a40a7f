/** @file The programs of a set: each graph once, however many calls use it. */
import type { TensorType } from "../lib/tensor.ts";
import type { Tensor } from "../graph/ir.ts";
import { graphOf, inputName } from "../graph/ir.ts";
import { encodeOnnx } from "../graph/onnx/encode.ts";
import { lowerAttention } from "../graph/passes/attention.ts";
import { lowerLargeNormalization } from "../graph/passes/normalization.ts";
import type { Outputs } from "../graph/rewrite.ts";
import { simplify } from "../graph/simplify.ts";
import { type VerifyOptions, verify } from "../graph/verify.ts";
import { constantBytes, scratchBytes } from "./scratch.ts";
import type { ProgramSpec } from "./types.ts";

export interface Program {
  readonly name: string;
  readonly onnx: Uint8Array;
  readonly spec: Omit<ProgramSpec, "hash">;
}

const typeOf = ({ dtype, shape }: Tensor): TensorType => ({ dtype, shape });

export class ProgramLibrary {
  readonly programs: Program[] = [];
  readonly #byContent = new Map<string, Program>();

  /** Lowers, simplifies, verifies and encodes. @throws when the graph breaks a limit of the WebGPU backend. */
  add(name: string, outputs: Outputs, limits: Pick<VerifyOptions, "half"> & { maxBindingBytes: number }): Program {
    const graph = graphOf(simplify(lowerLargeNormalization(lowerAttention(outputs), limits.maxBindingBytes)));
    verify(graph, { lowered: true, ...limits });
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
        constantBytes: constantBytes(graph),
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
