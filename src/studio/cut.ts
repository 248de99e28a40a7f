/**
 * @file How a network is cut when nobody says: small ones keep their activations, large ones only the inputs of each block,
 * and compute the rest again, which costs a third of a step.
 */
import { graphOf } from "../graph/ir.ts";
import { required } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { UNetConfig } from "../models/config.ts";
import { compose } from "../models/segment.ts";
import { unet } from "../models/unet.ts";
import type { Cut } from "../plan/groups.ts";
import { isLarge } from "./size.ts";

export function parameterCount(config: UNetConfig): number {
  const side = 2 ** config.block_out_channels.length;
  const network = unet(config, { batch: 1, height: side, width: side, tokens: 1 });
  const { inputs } = graphOf({ out: required(compose(network)[network.output], "the output") });
  return inputs.reduce(
    (sum, { source, shape }) => (source.kind === "input" && source.role === "weight" ? sum + sizeOf(shape) : sum),
    0,
  );
}

export function cutFor(choice: Cut | "auto", config: UNetConfig): Cut {
  if (choice !== "auto") return choice;
  return isLarge(parameterCount(config)) ? "block" : "whole";
}
