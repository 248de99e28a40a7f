/** @file Whom the winners are compared with: what the opponent draws for an iteration, or losers that were given. */
import { pictureSeed } from "../diffusion/draws.ts";
import { StudioError } from "../lib/errors.ts";
import type { PairInput, StudioEvent } from "./api.ts";
import { draw, drawBatch } from "./draw.ts";
import type { Model } from "./model.ts";
import { type Keeper, type SelfPlayJob, thetaK } from "./self-play-job.ts";
import { drawTrajectories, processOf } from "./trajectories.ts";

/**
 * The losers of an iteration: none for SFT, the given ones for DPO, else the opponent's own.
 * @throws StudioError `pairs` where DPO has no loser of a pair.
 */
export async function* losersOf(
  model: Model,
  job: SelfPlayJob,
  keeper: Keeper,
  stop: AbortSignal,
): AsyncGenerator<StudioEvent, ReadonlyMap<string, Uint8ClampedArray>, void> {
  const { method = "spin" } = job.settings;
  if (method === "sft") return new Map();
  if (method === "spin") return yield* opponents(model, job, keeper, stop);
  const lone = job.pairs.filter(({ loser }) => !loser);
  if (lone.length > 0)
    throw new StudioError(
      "pairs",
      `Diffusion-DPO compares with a given loser, and ${lone.length} of ${job.pairs.length} pairs have none, such as "${lone[0]?.caption.slice(0, 60)}".`,
      'Put NAME.loser.png beside NAME.png, or a column "loser" into the table.',
    );
  return new Map(job.pairs.map(({ id, loser }) => [id, loser as Uint8ClampedArray]));
}

/**
 * Draws what is missing of the opponent's pictures and yields them as they come. A picture's bits may depend on its place in its
 * batch, so a batch that was begun is drawn again whole.
 */
async function* opponents(
  model: Model,
  job: SelfPlayJob,
  keeper: Keeper,
  stop: AbortSignal,
): AsyncGenerator<StudioEvent, Map<string, Uint8ClampedArray>, void> {
  const { iteration, pairs, settings } = job;
  const losers = new Map<string, Uint8ClampedArray>();
  const missing: { readonly pair: PairInput; readonly index: number }[] = [];
  const found: (Uint8ClampedArray | null)[] = [];
  for (const pair of pairs) found.push(await keeper.loser(iteration, pair.id));
  const process = processOf(model, settings);
  const size = process ? model.choices.drawSamples : drawBatch(model, settings.guidance);
  const seed = (index: number) => pictureSeed({ seed: settings.seed, iteration }, index);
  const begun = new Set(found.flatMap((kept, index) => (kept ? [] : [Math.floor(index / size)])));
  for (const [index, pair] of pairs.entries()) {
    const kept = found[index];
    if (kept && !begun.has(Math.floor(index / size))) {
      losers.set(pair.id, kept);
      const picture = { prompt: pair.caption, seed: seed(index), side: pair.side, rgba: new Uint8ClampedArray(kept) };
      yield { kind: "picture", iteration, index, picture };
    } else missing.push({ pair, index });
  }
  yield { kind: "stage", stage: "opponents", done: losers.size, of: pairs.length };
  const pictures = process
    ? drawTrajectories(
        model,
        thetaK,
        process,
        missing.map(({ pair, index }) => ({ pair: pair.id, caption: pair.caption, seed: seed(index) })),
        (pair, part, data) => keeper.keepTrajectory(iteration, pair, part, data),
        stop,
      )
    : draw(
        model,
        thetaK,
        {
          prompts: missing.map(({ pair }) => pair.caption),
          negativePrompt: "",
          seeds: missing.map(({ index }) => seed(index)),
          steps: settings.opponentSteps,
          sampler: settings.sampler ?? "ddim",
          guidance: settings.guidance,
        },
        stop,
      );
  let next = 0;
  for await (const picture of pictures) {
    const { pair, index } = missing[next++] as (typeof missing)[number];
    await keeper.keepLoser(iteration, pair.id, picture);
    losers.set(pair.id, picture.rgba);
    yield { kind: "picture", iteration, index, picture };
    yield { kind: "stage", stage: "opponents", done: losers.size, of: pairs.length };
  }
  return losers;
}
