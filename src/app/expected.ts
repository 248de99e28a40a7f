/** @file How long the stages of an iteration will take, before and while they run: for their widths, and in words before a start. */
import type { SpinSettings, Stage } from "../studio/api.ts";
import type { Metrics } from "./metrics.ts";

/** Something for each of the three stages that are shown. */
export interface ByStage {
  readonly opponents: number;
  readonly train: number;
  readonly samples: number;
}

export interface Task {
  readonly settings: SpinSettings;
  readonly pairs: number;
  readonly prompts: number;
  /** of a picture that is drawn to compare */
  readonly drawSteps: number;
}

/** A pair's share of a step in UNet forwards: two errors of the player, two of the opponent, and the gradient. Measured: 3.3 to 4.7. */
const FORWARDS_OF_A_PAIR = 4;

/** In UNet forwards: the only measure that is known before anything ran. */
export function work({ settings, pairs, prompts, drawSteps }: Task): ByStage {
  const used = settings.usedPairs > 0 ? Math.min(settings.usedPairs, pairs) : pairs;
  return {
    opponents: used * settings.opponentSteps,
    train: settings.steps * settings.pairsPerStep * FORWARDS_OF_A_PAIR,
    samples: prompts * drawSteps,
  };
}

/** What drawing the fixed prompts once adds to an iteration, as a share of it. */
export function sampleShare(task: Task): number {
  const { opponents, train, samples } = work(task);
  return samples / (opponents + train);
}

/** Seconds by stage: what was measured in this run, else the work at the speed of what was; null: nothing was measured yet. */
export function expected(task: Task, forwardMs: number | null, metrics: Pick<Metrics, "durations">): ByStage | null {
  const forwards = work(task);
  const { settings, pairs, prompts } = task;
  const parts = { opponents: pairs, train: settings.steps, samples: prompts };
  const measured = (stage: Stage & keyof ByStage): number | null => {
    const list = metrics.durations(stage);
    return list.length < 3 ? null : (list.reduce((sum, each) => sum + each, 0) / list.length) * parts[stage];
  };
  const [opponents, train, samples] = [measured("opponents"), measured("train"), measured("samples")];
  const each =
    train !== null
      ? train / forwards.train
      : opponents !== null
        ? opponents / forwards.opponents
        : forwardMs === null
          ? null
          : forwardMs / 1000;
  if (each === null) return null;
  return {
    opponents: opponents ?? each * forwards.opponents,
    train: train ?? each * forwards.train,
    samples: samples ?? each * forwards.samples,
  };
}

/** Widths of the stages: by time, none too narrow for its name. */
export function widths(times: ByStage): ByStage {
  const all = times.opponents + times.train + times.samples;
  const share = (seconds: number): number => Math.max(0.16, all > 0 ? seconds / all : 1 / 3);
  return { opponents: share(times.opponents), train: share(times.train), samples: share(times.samples) };
}
