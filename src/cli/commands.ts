/** @file The commands, in the order in which the help lists them. */
import type { Command } from "./command.ts";
import { artifacts } from "./commands/artifacts.ts";
import { bench } from "./commands/bench.ts";
import { evaluate } from "./commands/evaluate.ts";
import { exportModel } from "./commands/export.ts";
import { generate } from "./commands/generate.ts";
import { inspect } from "./commands/inspect.ts";
import { lora } from "./commands/lora.ts";
import { ops } from "./commands/ops.ts";
import { pretrain } from "./commands/pretrain.ts";
import { score } from "./commands/score.ts";
import { spin } from "./commands/spin.ts";
import { step } from "./commands/step.ts";
import { tokenize } from "./commands/tokenize.ts";
import { verify } from "./commands/verify.ts";

export const commands: readonly Command[] = [
  generate,
  spin,
  evaluate,
  score,
  step,
  exportModel,
  lora,
  artifacts,
  inspect,
  ops,
  tokenize,
  verify,
  bench,
  pretrain,
];
