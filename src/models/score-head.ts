/**
 * @file The head of LAION's aesthetic predictor, and of ImageReward: five linear layers without anything between them.
 * Names and widths: improved-aesthetic-predictor's `MLP`, whose Sequential has dropouts at the numbers that lack.
 */
import type { Tensor } from "../graph/ir.ts";
import type { Scope } from "./layers.ts";
import { linear } from "./layers.ts";

const LAYERS = [
  ["0", 1024],
  ["2", 128],
  ["4", 64],
  ["6", 16],
  ["7", 1],
] as const;

/** [N, C] -> [N, 1] */
export function scoreHead(p: Scope, x: Tensor): Tensor {
  return LAYERS.reduce<Tensor>((h, [name, width]) => linear(p.at(name), h, width), x);
}
