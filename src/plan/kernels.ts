/**
 * @file What onnxruntime's WebGPU backend does for a node: its kernels, and the buffers that it makes for itself between them.
 * Matches: core/providers/webgpu/nn/conv.cc and conv_transpose.cc, layout NCHW.
 */
import type { Node, Tensor } from "../graph/ir.ts";
import { byteSize } from "../lib/tensor.ts";

export interface Kernels {
  readonly count: number;
  /** bytes that are held from the first kernel to the last */
  readonly buffer: number;
}

const one: Kernels = { count: 1, buffer: 0 };

/** A view of its input takes none. */
export function kernelsOf(node: Node): Kernels {
  if (node.op === "Reshape") return { count: 0, buffer: 0 };
  if (node.op === "ConvTranspose" || (node.op === "Conv" && !isProduct(node as Node<"Conv">))) return turned(node);
  return one;
}

/** A convolution that is the product of two matrices. */
function isProduct({ inputs, attrs }: Node<"Conv">): boolean {
  const [, , height, width] = (inputs[1] as Tensor).shape;
  return (
    height === 1 && width === 1 && attrs.pads[0] === 0 && attrs.pads[1] === 0 && attrs.strides.every((s) => s === 1)
  );
}

/** Turns the weight around first. */
const turned = ({ inputs }: Node): Kernels => ({ count: 2, buffer: byteSize(inputs[1] as Tensor) });
