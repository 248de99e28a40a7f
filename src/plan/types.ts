/** @file A step is a list of program calls over a table of tensors, written as JSON. These are its types. */
import type { TensorType } from "../lib/tensor.ts";

/**
 * What a tensor is for, and so how long it lives:
 * weight (frozen, uploaded once), trainable (one set per adapter), input (written before a run), output (read after it),
 * saved (from forward to backward), gradient (accumulates over runs), moment and average (the optimizer's, from step to step; an
 * average only where one is asked for), scratch (inside one plan).
 */
export type Kind =
  | "weight"
  | "trainable"
  | "input"
  | "output"
  | "saved"
  | "gradient"
  | "moment"
  | "average"
  | "scratch";

export interface TensorSpec extends TensorType {
  readonly kind: Kind;
  /** The slot that holds it (saved, scratch, input, output). All others own their buffers. */
  readonly slot?: string;
}

export interface ProgramSpec {
  /** sha256 of the .onnx file, hex; the file is programs/<hash>.onnx. */
  readonly hash: string;
  readonly inputs: { readonly [name: string]: TensorType };
  readonly outputs: { readonly [name: string]: TensorType };
  readonly nodes: number;
  /** Bytes that the runtime takes for the program beyond inputs and outputs (scratch.ts). */
  readonly scratchBytes: number;
  /** Bytes that its session holds. */
  readonly constantBytes: number;
}

/** Program input or output name -> tensor name. */
export interface Call {
  readonly program: string;
  readonly inputs: { readonly [port: string]: string };
  readonly outputs: { readonly [port: string]: string };
  /** Output ports whose value no later call and no reader wants: a backend that would copy it need not. */
  readonly unread?: readonly string[];
  /** After the run, tensors that take another's place: no buffer may be input and output of one run. */
  readonly copies?: readonly (readonly [from: string, to: string])[];
}

export interface Plan {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly calls: readonly Call[];
  /** Pairs of tensors whose buffers change places after the last call (accumulators). */
  readonly swaps: readonly (readonly [string, string])[];
}

/** One trainable tensor in the flat vector; offsets count elements. `group` names its gradient tensor. */
export interface LayoutEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly group: string;
}

/** Trainable tensors whose gradient is one accumulator (where it has a twin, the plan swaps that in), and their place in the flat vector. */
export interface Group {
  readonly tensor: string;
  readonly offset: number;
  readonly length: number;
}

export interface Bytes {
  readonly weights: number;
  /** one adapter */
  readonly trainable: number;
  readonly gradients: number;
  /** what an optimizer on the device keeps beside the weights */
  readonly moments: number;
  /** of the weights, where one is asked for */
  readonly average: number;
  readonly slots: number;
  /** what the runtime takes for itself: the constants of all programs, and the largest program's own scratch */
  readonly scratch: number;
}

export interface PlanSet {
  readonly tensors: { readonly [name: string]: TensorSpec };
  /** slot name -> bytes */
  readonly slots: { readonly [slot: string]: number };
  readonly programs: { readonly [name: string]: ProgramSpec };
  readonly plans: { readonly [name: string]: Plan };
  readonly layout: readonly LayoutEntry[];
  readonly groups: { readonly [group: string]: Group };
  readonly bytes: Bytes;
}
