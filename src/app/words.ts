/** @file What runs, in a few words: for the status line, the title and the live region. */
import { nodeName } from "../lib/node-name.ts";
import { count, iterationSpan, room, roomOf } from "./format.ts";
import { keptNodes, nameOf, nextNode } from "./state/nodes.ts";
import { isFaulty, isRunning, whyNotStart } from "./state/selectors.ts";
import type { Loss } from "./state/device.ts";
import type { Current, StudioState } from "./state/studio-state.ts";

const STAGE_WORDS = {
  opponents: "drawing opponents",
  encode: "encoding pictures",
  train: "training",
  samples: "drawing samples",
} as const;

/** "SPIN 2, training 12 of 60" */
export function runInWords(current: Current): string {
  const { name } = current;
  if (current.phase === "paused") return pausedInWords(current);
  if (current.phase === "failed") return `${name} stopped at step ${current.step}`;
  if (current.stage === null) return `${name}, starting`;
  const pausing = current.phase === "pausing" ? "pausing after " : "";
  return `${name}, ${pausing}${STAGE_WORDS[current.stage]} ${current.done} of ${current.of}`;
}

/** "SPIN 2 is paused at step 12 of 60" */
export function pausedInWords(current: Current): string {
  const { name } = current;
  if (current.step === 0) return `${name} is paused before its first step`;
  return `${name} is paused at step ${current.step} of ${current.settings.steps}`;
}

/** "The GPU stopped answering again, at step 12." */
export function lossInWords({ worker, tries, run }: Loss): string {
  const what = worker ? "The engine stopped" : "The GPU stopped answering";
  const again = tries > 1 ? " again" : "";
  if (run === null || run.step === 0) return `${what}${again}.`;
  return `${what}${again}${again && ","} at step ${run.step}.`;
}

export function statusInWords(state: StudioState): string {
  const { loss } = state;
  if (loss !== null && loss.phase !== "back")
    return `${loss.worker ? "Engine" : "GPU"} lost, ${loss.phase === "waiting" ? "trying again soon" : "starting it anew"}`;
  if (state.current !== null && (isRunning(state) || state.current.phase !== "paused"))
    return runInWords(state.current);
  if (state.drawing !== null) {
    return `Drawing ${nameOf(state, state.drawing.node)}, ${state.drawing.done} of ${state.drawing.of}`;
  }
  if (state.scoring !== null) return `Scoring pictures, ${state.scoring.done} of ${state.scoring.of}`;
  if (state.reading !== null) return `Reading pairs, ${state.reading.done} of ${state.reading.of}`;
  if (state.machine === "looking") return "Looking at this computer";
  if (state.machine === "opening") return "Opening the model";
  if (state.machine === "away") return "The model’s files are to be given again";
  if (state.machine === "failed") return "No model is open";
  if (state.machine === "reading") return "Reading the project";
  if (state.elsewhere) return "Another tab trains this project";
  if (state.current !== null) return pausedInWords(state.current);
  const faulty = state.pairs.filter(isFaulty).length;
  if (faulty > 0) return `${faulty} ${faulty === 1 ? "pair needs" : "pairs need"} a look`;
  const last = keptNodes(state).at(-1);
  if (last !== undefined) return `${nameOf(state, last.id)} is done`;
  return state.pairs.length > 0 && whyNotStart(state) === null ? "Ready" : "Everything runs on this computer";
}

/** "GPU 118 of 402 MB": what is held of what a step takes at its peak; null while it is not known. */
export function memoryInWords({ deviceBytes, model, preflight }: StudioState): string | null {
  if (deviceBytes === null || model === null) return null;
  const most = model.memory.bytes;
  const where = preflight?.chosen === "webgpu" ? "GPU" : "Memory";
  return `${where} ${deviceBytes > most ? room(deviceBytes) : roomOf(deviceBytes, most)}`;
}

/** What nothing that happens to a run can touch. */
export function safeInWords(state: StudioState): string {
  return `Safe: ${count(state.pairs.length, "pair")}, ${iterationSpan(keptNodes(state).map(nodeName))}.`;
}

/** Of the tab: what a person looks for among others. */
export function titleInWords(state: StudioState): string {
  const { current } = state;
  if (current === null || state.elsewhere) return "SPIN Studio";
  const { name } = current;
  if (state.loss !== null && state.loss.phase !== "back")
    return `${state.loss.worker ? "Engine" : "GPU"} lost, ${name}`;
  if (current.phase === "paused") return `Paused, ${name}`;
  if (current.phase === "failed") return `Stopped, ${name}`;
  if (current.stage === "train") return `${Math.round((100 * current.step) / current.settings.steps)} % ${name}`;
  return `${name}, SPIN Studio`;
}

/** The name on the primary button. */
export function primaryInWords(state: StudioState): string {
  return state.current === null ? `Start ${nextNode(state).title}` : `Continue ${state.current.name}`;
}

/** For the live region: changes a few times a run, not with every step. */
export function announcement(state: StudioState): string {
  const { current } = state;
  const lost = state.loss !== null && state.loss.phase !== "back";
  if (lost || current === null || current.stage === null) return statusInWords(state);
  if (current.phase !== "running") return runInWords(current);
  const tenths = Math.floor((10 * current.done) / Math.max(1, current.of));
  return `${current.name}, ${STAGE_WORDS[current.stage]}, ${tenths * 10} %`;
}
