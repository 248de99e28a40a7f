/** @file The commands, in the order in which the help lists them. */
import type { Command } from "./command.ts";
import { step } from "./commands/step.ts";

export const commands: readonly Command[] = [step];
