/** @file Policy and opponent of one step, on the device. */
import { loraTargets } from "../plan/targets.ts";
import { required } from "../lib/errors.ts";
import type { Backend } from "../runtime/backend.ts";
import type { Adapter, Denoiser } from "../spin/denoiser.ts";
import type { SampleShape } from "../spin/pair.ts";
import { initialLora } from "./initial-lora.ts";
import type { Model } from "./model.ts";
import { loadNetwork, loraVector, type Player, sameTargets, targetsOf, weightsVector } from "./player.ts";

export interface PlayerChoices {
  readonly objective: StepObjective;
  readonly train: "full" | "lora";
  readonly cut: "whole" | "stage" | "block";
  readonly weights: "float32" | "float16";
  /** The LoRA where the policy brings none: A drawn by `seed`, B = 0. */
  readonly fresh: { readonly rank: number; readonly alpha: number; readonly targets: string; readonly seed: number };
}

export type StepObjective = "spin" | "exact" | "dpo" | "sft";

export const policyId: Adapter = { id: "policy" };
const opponentId: Adapter = { id: "opponent" };

export interface Players {
  readonly net: Denoiser;
  readonly model: Model;
  /** the opponent's adapter */
  readonly against: Adapter;
  dispose(): Promise<void>;
}

/** Policy and opponent on the device. They share one network where only the vectors differ; else the opponent has its own. */
export async function players(
  backend: Backend,
  policy: Player,
  opponent: Player | null,
  shape: SampleShape,
  samples: number,
  { train, cut, weights, fresh, objective }: PlayerChoices,
): Promise<Players> {
  const initial = initialLora(fresh.seed);
  const load = ({ folder, lora }: Player): Promise<Model> => {
    const targets = lora ? targetsOf(lora) : loraTargets(fresh.targets, fresh.rank, fresh.alpha);
    return loadNetwork(backend, folder, { shape, samples, train, targets, initial, cut, weights });
  };
  const vector = async (model: Model, { folder, lora }: Player, what: string): Promise<Float32Array> => {
    if (lora) return loraVector(model.set.layout, lora, `The ${what}'s adapter`);
    return train === "full" ? weightsVector(model.set.layout, folder, `The ${what}'s UNet`) : model.base;
  };
  const loaded = [await load(policy)];
  const dispose = async () => {
    for (const model of loaded) await model.dispose();
  };
  try {
    const model = required(loaded[0], "the policy's network");
    await model.denoiser.update(policyId, await vector(model, policy, "policy"));
    // against itself, or nobody, one vector is enough: of a whole SD-1.5 each is 3.4 GB
    const alone = objective === "sft" || (train === "full" && !opponent);
    if (alone) return { net: model.denoiser, model, against: policyId, dispose };
    const rival = opponent ?? { folder: policy.folder, lora: null };
    const otherFolder = train === "lora" && rival.folder !== policy.folder;
    const otherLora = rival.lora && !(policy.lora && sameTargets(policy.lora, rival.lora));
    if (!otherFolder && !otherLora) {
      await model.denoiser.update(opponentId, await vector(model, rival, "opponent"));
      return { net: model.denoiser, model, against: opponentId, dispose };
    }
    const other = await load(rival);
    loaded.push(other);
    await other.denoiser.update(opponentId, await vector(other, rival, "opponent"));
    return { net: apart(model.denoiser, other.denoiser), model, against: opponentId, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** One Denoiser of two networks: the opponent is never trained. */
function apart(policy: Denoiser, opponent: Denoiser): Denoiser {
  const of = (adapter: Adapter) => (adapter === opponentId ? opponent : policy);
  return {
    predict: (adapter, ...call) => of(adapter).predict(adapter, ...call),
    errors: (adapter, ...call) => of(adapter).errors(adapter, ...call),
    forward: (...call) => policy.forward(...call),
    gradients: () => policy.gradients(),
    parameters: (adapter) => policy.parameters(adapter),
    update: (...call) => policy.update(...call),
  };
}
