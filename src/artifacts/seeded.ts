/**
 * @file Weights from a rule instead of a file, for goldens and full-size checks without a checkpoint.
 * Twin of e2e/oracle/seeded.py, bit for bit:
 *   bits(name, i) = fmix32((i * 0x9e3779b1) ^ fnv1a(name))
 *   u(name, i)    = (bits >> 8) / 2^23 - 1, in [-1, 1), exact in float32
 *   weight        = offset + scale * u, rounded to float32 after each operation
 */
import type { Shape } from "../lib/tensor.ts";
import { sizeOf } from "../lib/tensor.ts";

/** Names are ASCII, so a character is a byte. */
export function fnv1a(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** Scales keep activations near unit variance: u has variance 1/3, so sqrt(3 / fan_in) keeps that of its input. */
export function seededRule(name: string, shape: Shape): { readonly offset: number; readonly scale: number } {
  if (name.endsWith(".bias") || name.endsWith("embedding.weight")) return { offset: 0, scale: 0.1 };
  if (shape.length === 1) return { offset: 1, scale: 0.1 };
  const gain = name.endsWith(".lora_B.weight") ? 0.3 : 1;
  return { offset: 0, scale: gain * Math.sqrt(3 / sizeOf(shape.slice(1))) };
}

/** u(name, i), where `seed` is fnv1a(name). */
export function uniformAt(seed: number, i: number): number {
  let h = Math.imul(i, 0x9e3779b1) ^ seed;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  return (h >>> 8) * 2 ** -23 - 1;
}

/** Elements `start`, `start + 1`, … of the tensor, as many as `out` holds: large tensors are made in pieces. */
export function fillSeeded(out: Float32Array, name: string, shape: Shape, start = 0): void {
  const seed = fnv1a(name);
  const rule = seededRule(name, shape);
  const scale = Math.fround(rule.scale);
  for (let i = 0; i < out.length; i++) out[i] = rule.offset + Math.fround(scale * uniformAt(seed, start + i));
}

export function seededTensor(name: string, shape: Shape): Float32Array<ArrayBuffer> {
  const out = new Float32Array(sizeOf(shape));
  fillSeeded(out, name, shape);
  return out;
}

/** The rule's tensor moved by `by` times another's fluctuation: two players whose errors differ a little. Twin of steps.near. */
export function seededNear(name: string, shape: Shape, salt: string, by: number): Float32Array<ArrayBuffer> {
  const out = seededTensor(name, shape);
  const other = seededTensor(salt + name, shape);
  const offset = seededRule(name, shape).offset;
  const step = Math.fround(by);
  for (let i = 0; i < out.length; i++) {
    const fluctuation = Math.fround((other[i] as number) - offset);
    out[i] = (out[i] as number) + Math.fround(step * fluctuation);
  }
  return out;
}
