/** @file What becomes of a run that was begun on another backend: it waits for an answer. */
import { messageOf } from "../problem.ts";
import type { StudioState } from "./studio-state.ts";

/** Null: the error is another. */
export function askedFirst(error: unknown, { current }: Pick<StudioState, "current">): Partial<StudioState> | null {
  const { code, message, hint } = messageOf(error);
  if (code !== "other-numerics" || current === null) return null;
  return { current: { ...current, phase: "paused", asks: { title: message, safe: hint ?? "" } } };
}
