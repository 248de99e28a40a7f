/** @file What one iteration is asked for, and where it keeps what must not be lost. */
import type { PairInput, Picture, SpinSettings } from "./api.ts";
import type { Trainable, Trained } from "./trained.ts";
import type { TrajectoryKeeper } from "./trajectories.ts";

export const theta = { id: "theta" };
export const thetaK = { id: "theta_k" };

/** Where a job keeps its state: IndexedDB in the page, a folder on the command line, memory in tests. */
export interface Keeper extends TrajectoryKeeper {
  /** The opponent's picture of a pair, if it was drawn before. */
  loser(iteration: number, pair: string): Promise<Uint8ClampedArray | null>;
  keepLoser(iteration: number, pair: string, picture: Picture): Promise<void>;
  /** The state of an iteration that was begun. */
  state(iteration: number): Promise<Trained | null>;
  /** Resolves when the state can be read again after a crash. `complete` ends the iteration. */
  keepState(iteration: number, state: Trained, complete: boolean): Promise<void>;
  /** Forgets the state of this step where an older one is kept, which counts then: its step, or null where there is none. */
  takeBack(iteration: number, step: number): Promise<number | null>;
}

export interface SelfPlayJob {
  readonly iteration: number;
  /** theta_k: what iteration k ended with, or the base */
  readonly opponent: Trainable;
  readonly pairs: readonly PairInput[];
  readonly settings: SpinSettings;
  readonly saveEvery: number;
  /** asked after each step: whether to save it out of turn */
  readonly saveNow?: () => boolean;
}
