/** @file The settings that are a choice of a few, in plain words. Settings from before there was a choice have none: they mean the first. */
import type { SpinSettings } from "../studio/api.ts";

export interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
}

export type ChoiceKey = "method" | "loss" | "weighting" | "schedule" | "loser" | "sampler" | "train" | "storedAs";
export type Chosen<K extends ChoiceKey> = Required<SpinSettings>[K];

export interface ChoiceField<T extends string> {
  readonly label: string;
  readonly help: string;
  /** the first is what a missing setting means */
  readonly options: readonly [Option<T>, ...Option<T>[]];
}

export const CHOICES: { readonly [K in ChoiceKey]: ChoiceField<Chosen<K>> } = {
  method: {
    label: "Method",
    help: "self-play learns to beat its opponent; supervised fine-tuning only copies your pictures; Diffusion-DPO needs pairs with a given loser, which the command line reads",
    options: [
      { value: "spin", label: "Self-play" },
      { value: "sft", label: "Supervised fine-tuning" },
      { value: "dpo", label: "Diffusion-DPO" },
    ],
  },
  loss: {
    label: "Loss",
    help: "the paper’s is logistic",
    options: [
      { value: "logistic", label: "Logistic" },
      { value: "hinge", label: "Hinge" },
      { value: "correlation", label: "Correlation" },
    ],
  },
  weighting: {
    label: "Weighting of errors",
    help: "as the authors’ code has it, or as the paper prints it, which asks for another beta",
    options: [
      { value: "mean", label: "Means, all t alike" },
      { value: "paper", label: "Sums times h², as printed" },
    ],
  },
  schedule: {
    label: "After the warm-up",
    help: "whether the rate falls to 0 by the last step",
    options: [
      { value: "linear", label: "The rate falls" },
      { value: "constant", label: "The rate stays" },
    ],
  },
  loser: {
    label: "Meets the opponent",
    help: "noise on its picture is quick; its own way down is kept and costs storage; all of it at once costs as many steps as it has",
    options: [
      { value: "forward", label: "On its noised picture" },
      { value: "trajectory", label: "On its own way down" },
      { value: "exact", label: "On all of it: the exact objective" },
    ],
  },
  sampler: {
    label: "Sampler",
    help: "how the opponent draws; the paper’s is DDIM",
    options: [
      { value: "ddim", label: "DDIM" },
      { value: "pndm", label: "PNDM" },
      { value: "dpmpp-2m", label: "DPM-Solver++ 2M" },
      { value: "dpmpp-2m-karras", label: "DPM-Solver++ 2M, Karras" },
    ],
  },
  storedAs: {
    label: "Checkpoints",
    help: "float16 is half of float32, and a run that is interrupted goes on from rounded weights: close, not bit by bit",
    options: [
      { value: "float32", label: "float32" },
      { value: "float16", label: "float16" },
    ],
  },
  train: {
    label: "Trains",
    help: "",
    options: [
      { value: "full", label: "The whole network" },
      { value: "lora", label: "A LoRA" },
    ],
  },
};

export const isChoice = (key: string): key is ChoiceKey => Object.hasOwn(CHOICES, key);

export function chosenIn<K extends ChoiceKey>(settings: Partial<SpinSettings>, key: K): Chosen<K> {
  return (settings[key] as Chosen<K> | undefined) ?? CHOICES[key].options[0].value;
}

export function labelOfChoice(key: ChoiceKey, value: string): string {
  const options: readonly Option<string>[] = CHOICES[key].options;
  return options.find((each) => each.value === value)?.label ?? value;
}
