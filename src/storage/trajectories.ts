/** @file The ways that a node's opponent went down, in parts. */
import type { KeyValue } from "./key-value.ts";
import { keysOf } from "./keys.ts";

const keyOf = (project: string, node: string, index: number, part: number): string =>
  `${keysOf(project).trajectories}${node}/${index}/${part}`;

export async function writeTrajectory(
  store: KeyValue,
  project: string,
  node: string,
  [index, part]: readonly [number, number],
  data: Float32Array,
): Promise<void> {
  await store.setMany([[keyOf(project, node, index, part), new Float32Array(data)]]);
}

/** Null where there is none that can be read. */
export async function readTrajectory(
  store: KeyValue,
  project: string,
  node: string,
  [index, part]: readonly [number, number],
): Promise<Float32Array | null> {
  const value = await store.get(keyOf(project, node, index, part));
  return value instanceof Float32Array ? value : null;
}
