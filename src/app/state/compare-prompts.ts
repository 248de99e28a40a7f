/** @file Which captions are drawn and voted on where nobody has chosen any, and whether training has seen them. */
import type { Prompt, StudioState } from "./studio-state.ts";
import { isGood } from "./selectors.ts";

export const FIRST_SEED = 42;
const PROMPT_COUNT = 4;

type Known = Pick<StudioState, "model" | "pairs">;

const captionsOf = (pairs: StudioState["pairs"]): readonly string[] => [
  ...new Set(pairs.map(({ caption }) => caption.trim()).filter((caption) => caption !== "")),
];

/** The captions that are trained on, those that no training of the model sees, and those that a person has left out. */
function kindsOf({ model, pairs }: Known) {
  const trained = captionsOf(pairs.filter(isGood));
  const known = new Set(trained);
  const unseen = (captions: readonly string[]) => captions.filter((caption) => !known.has(caption));
  return {
    trained,
    heldOut: unseen(model?.scoring?.prompts ?? []),
    leftOut: unseen(captionsOf(pairs.filter(({ leftOut }) => leftOut))),
  };
}

/** A few, each with its own seed: held out from all training, else left out of it, else spread over the pairs. */
export function defaultPrompts(known: Known): readonly Prompt[] {
  const { trained, heldOut, leftOut } = kindsOf(known);
  const own = leftOut.length > 0 ? leftOut : trained;
  // of the held-out ones any first few are a fair sample
  return (heldOut.length > 0 ? heldOut : spread(own))
    .slice(0, PROMPT_COUNT)
    .map((text, at) => ({ text, seed: FIRST_SEED + at }));
}

function spread(captions: readonly string[]): readonly string[] {
  const stride = Math.max(1, Math.floor(captions.length / PROMPT_COUNT));
  return captions.filter((_, at) => at % stride === 0);
}

/** What training has seen of the prompts, as the pairs now are: a sentence; "" where there is nothing to say. */
export function seenInWords({ prompts, ...known }: Known & Pick<StudioState, "prompts">): string {
  const { trained, heldOut, leftOut } = kindsOf(known);
  const count = (captions: readonly string[]): number => prompts.filter(({ text }) => captions.includes(text)).length;
  const [all, seen] = [prompts.length, count(trained)];
  const these = all === 1 ? "this caption" : "these captions";
  if (all === 0 || known.model === null) return "";
  if (seen === all) return `Training sees ${these}, so how others fare does not show here.`;
  if (seen > 0) return `Training sees ${seen} of these ${all} captions.`;
  if (count(heldOut) === all) return `No training sees ${these}.`;
  if (count(leftOut) === all) return `You left ${these} out of training.`;
  return `Your pairs do not train on ${these}.`;
}
