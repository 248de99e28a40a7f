/** @file One line of the oracle's table, and how far numbers are apart. */
import { type FileTensor, toFloat32 } from "../../src/artifacts/safetensors.ts";

export interface Row {
  readonly what: string;
  readonly worst: number;
  readonly allowed: number;
}

export interface Check {
  readonly name: string;
  run(): Promise<readonly Row[]>;
}

/** NaN fails. */
export const passed = ({ worst, allowed }: Row): boolean => worst <= allowed;

type Numbers = ArrayLike<number>;

/** The largest difference; NaN where there is one. */
export function apart(got: Numbers, expected: Numbers): number {
  if (got.length !== expected.length) return Infinity;
  let most = 0;
  for (let i = 0; i < got.length; i++) {
    most = Math.max(most, Math.abs((got[i] as number) - (expected[i] as number)));
  }
  return most;
}

/** The largest difference over the largest expected value. */
export const relative = (got: Numbers, expected: Numbers): number =>
  apart(got, expected) / apart(expected, new Float32Array(expected.length));

export function floatsOf(tensors: ReadonlyMap<string, FileTensor>, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`The file has no ${name}.`);
  return toFloat32(tensor);
}
