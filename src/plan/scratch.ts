/**
 * @file The bytes that onnxruntime takes for a program beyond its inputs and outputs, as its WebGPU backend takes them: a tensor
 * that is no longer read gives its buffer to a later one of the same shape, for good; a buffer that nobody takes over
 * is given back at the next submit, DISPATCHES kernels apart (`storageBufferCacheMode: 'lazyRelease'`).
 * Matches: core/framework/allocation_planner.cc `FindReusableTensor`, core/providers/webgpu/buffer_manager.cc.
 */
import type { Graph, Node, Tensor } from "../graph/ir.ts";
import { producer } from "../graph/ir.ts";
import { byteSize, bytesPerElement } from "../lib/tensor.ts";
import { executionOrder } from "./execution-order.ts";
import { kernelsOf } from "./kernels.ts";

const DISPATCHES = 16;
const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16;

/** Storage behind a tensor: a reshape is a view of its input. */
function storage(tensor: Tensor): Tensor {
  const node = producer(tensor);
  return node?.op === "Reshape" ? storage(node.inputs[0] as Tensor) : tensor;
}

interface Buffer {
  /** of the tensor that it was made for, with the bytes of a number */
  readonly shape: string;
  readonly bytes: number;
  /** in kernels */
  readonly from: number;
  to: number;
}

/** Every buffer with the time from its first writer to its last reader. */
function buffersOf(graph: Graph, nodes: readonly Node[]): readonly Buffer[] {
  const outside = new Set<Tensor>([...graph.inputs, ...Object.values(graph.outputs)].map(storage));
  const lastUse = new Map<Tensor, Node>();
  for (const node of nodes) for (const t of [...node.inputs, ...node.outputs]) lastUse.set(storage(t), node);
  const held = new Map<Tensor, Buffer>();
  const free = new Map<string, Buffer[]>();
  const all: Buffer[] = [];
  let clock = 0;
  for (const node of nodes) {
    const { count, buffer: own } = kernelsOf(node);
    const start = clock + Math.min(count, 1);
    clock += count;
    if (own > 0) all.push({ shape: "", bytes: aligned(own), from: start, to: clock });
    for (const output of node.outputs) {
      if (storage(output) !== output || outside.has(output)) continue;
      const shape = `${bytesPerElement[output.dtype]} ${output.shape.join()}`;
      let buffer = free.get(shape)?.pop();
      if (!buffer) all.push((buffer = { shape, bytes: aligned(byteSize(output)), from: start, to: clock }));
      held.set(output, buffer);
    }
    for (const tensor of new Set([...node.inputs, ...node.outputs].map(storage))) {
      const buffer = lastUse.get(tensor) === node ? held.get(tensor) : undefined;
      if (!buffer) continue;
      buffer.to = clock;
      free.set(buffer.shape, [...(free.get(buffer.shape) ?? []), buffer]);
    }
  }
  return all;
}

/** Held as long as its session. */
export function constantBytes({ nodes }: Graph): number {
  const read = new Set(nodes.flatMap(({ inputs }) => inputs).filter(({ source }) => source.kind === "constant"));
  return [...read].reduce((sum, tensor) => sum + aligned(byteSize(tensor)), 0);
}

export function scratchBytes(graph: Graph): number {
  const changes = new Map<number, number>();
  const change = (time: number, bytes: number) => changes.set(time, (changes.get(time) ?? 0) + bytes);
  for (const { bytes, from, to } of buffersOf(graph, executionOrder(graph))) {
    change(from, bytes);
    change(Math.floor(to / DISPATCHES) * DISPATCHES + DISPATCHES + 1, -bytes);
  }
  let [live, peak] = [0, 0];
  for (const [, bytes] of [...changes].sort(([a], [b]) => a - b)) {
    live += bytes;
    peak = Math.max(peak, live);
  }
  return peak;
}
