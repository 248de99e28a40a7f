/** @file What becomes of a run when another tab takes the project over. */
import { messageOf } from "../problem.ts";
import type { StudioState } from "./studio-state.ts";

/** A run that another tab keeps from going on: it stands where it was saved. Null: the error is another. */
export function yielded(error: unknown, { current }: Pick<StudioState, "current">): Partial<StudioState> | null {
  const { code, message } = messageOf(error);
  if (code !== "busy" && code !== "taken-over") return null;
  return {
    current: current?.node == null ? null : { ...current, phase: "paused" },
    turnedAway: message,
    elsewhere: true,
  };
}
