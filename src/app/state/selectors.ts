/** @file What components ask of the state, named. */
import type { NodeId, SpinSettings } from "../../studio/api.ts";
import { presetSettings } from "../settings.ts";
import { nextNode } from "./nodes.ts";
import type { PairItem, Prompt, StudioState } from "./studio-state.ts";

/** A pair that can be trained on. */
export function isGood(pair: PairItem): boolean {
  return !pair.leftOut && pair.fault === null;
}

/** A pair that needs a look, and was not left out. */
export function isFaulty(pair: PairItem): boolean {
  return !pair.leftOut && pair.fault !== null;
}

export function goodPairs(state: Pick<StudioState, "pairs">): readonly PairItem[] {
  return state.pairs.filter(isGood);
}

/** The number of the node that the primary button starts or goes on with. */
export function nextNumber(state: Pick<StudioState, "nodes" | "next" | "current">): number {
  return state.current?.number ?? nextNode(state).number;
}

export function isRunning(state: Pick<StudioState, "current">): boolean {
  return state.current?.phase === "running" || state.current?.phase === "pausing";
}

/** Whether the device, or the worker, is gone and not back yet: a run stands still meanwhile. */
export function isLost({ loss }: Pick<StudioState, "loss">): boolean {
  return loss !== null && loss.phase !== "back";
}

/** Why the next iteration cannot start now; null when it can. */
export function whyNotStart(state: StudioState): string | null {
  if (state.machine === "failed") return "No backend is ready.";
  if (state.machine === "away") return "The model’s files are to be given again, on Start.";
  if (state.machine !== "ready") return "Getting the model ready.";
  if (state.elsewhere) return "Another tab trains this project.";
  if (state.reading !== null) return "Reading pairs.";
  if (state.current === null && goodPairs(state).length === 0) return "There are no pairs with captions yet.";
  if (Object.keys(state.faults).length > 0) return "One setting is out of its range.";
  return null;
}

export function cellKey(node: NodeId, prompt: Prompt): string {
  return `${node}|${prompt.seed}|${prompt.text}`;
}

/** The settings that the next iteration will have; null until a model is open. */
export function nextSettings(state: StudioState): SpinSettings | null {
  const preset = presetSettings(state.model, nextNode(state).iteration, state.presetId);
  return preset && { ...preset, ...state.wanted };
}
