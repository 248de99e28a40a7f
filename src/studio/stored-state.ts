/** @file A checkpoint's files, in one piece or in parts, as the state of a training. */
import { type CheckpointState, decodeCheckpoint } from "../artifacts/checkpoint.ts";
import { type Files, isInParts, keptPartsOf, type Layout, openParts } from "../artifacts/checkpoint-parts.ts";
import { StudioError } from "../lib/errors.ts";
import { keptOf } from "../spin/adamw.ts";
import type { StoredFiles } from "../storage/checkpoints.ts";
import type { Damage } from "./damage.ts";
import type { Trainable, Trained } from "./trained.ts";

export interface Stored extends CheckpointState {
  /** what it is kept with, or would be */
  readonly kept: Trainable;
  /** to go on from; null: finished */
  readonly state: Trained | null;
}

/** Parts are read when they are asked for. @throws StudioError `checkpoint`, then too */
export async function readState(files: Files, layout: Layout): Promise<Stored> {
  if (isInParts(files.names)) {
    const parts = await openParts(files, layout);
    return { ...parts, kept: keptPartsOf(parts), state: parts.vectors.includes("m") ? parts : null };
  }
  const whole = new Map<string, Uint8Array>();
  for (const name of files.names) whole.set(name, await files.read(name));
  const { vector, optimizer, ...about } = await decodeCheckpoint(whole, layout);
  const state = optimizer && { step: about.step, vector, ...optimizer };
  return { ...about, kept: keptOf({ vector, ...optimizer }), state };
}

/** The same out of storage. A part that is found damaged is told, and its checkpoint is passed over from then on. */
export async function readStored(files: StoredFiles, layout: Layout, damage: Damage): Promise<Stored> {
  if (!isInParts(files.names)) return readState(files, layout);
  if (damage.spoilt.has(files.entry.uuid)) throw new StudioError("damaged", "one of its parts has changed");
  return readState(damage.watched(files), layout);
}
