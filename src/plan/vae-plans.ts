/** @file The VAE's two plans for whole pictures, or a pair of them for each size of tile. */
import type { VaeConfig } from "../models/config.ts";
import { type Network, prefixed } from "../models/segment.ts";
import { type Tile, tilesOf } from "../models/tiling.ts";
import { vaeDecoder, vaeEncoder } from "../models/vae.ts";
import type { PlanBuilder } from "./builder.ts";
import type { NetworkOptions } from "./network-planner.ts";
import { forwardPlan } from "./network-plans.ts";

/** In latents. */
type Size = Pick<Tile, "height" | "width">;

export interface VaePlan {
  readonly plan: string;
  readonly input: string;
  readonly output: string;
}

const named = ({ height, width }: Size): string => `${height}x${width}`;

/** The plans for a size of tile; null: for whole pictures. */
export function vaePlanNames(tile: Size | null): { readonly encode: VaePlan; readonly decode: VaePlan } {
  const [suffix, prefix] = tile ? [`.${named(tile)}`, `${named(tile)}.`] : ["", ""];
  return {
    encode: { plan: `encodeImage${suffix}`, input: `${prefix}pixels`, output: `${prefix}moments` },
    decode: { plan: `decode${suffix}`, input: `${prefix}latents`, output: `${prefix}decoded` },
  };
}

/** Latents of `height` and `width` pass in tiles of at most `vaeTile` where that is given and smaller. */
export function addVaePlans(
  builder: PlanBuilder,
  config: VaeConfig,
  { height, width, vaeTile }: Size & { readonly vaeTile: number | null },
  options: Pick<NetworkOptions, "cut" | "half">,
): void {
  const factor = 2 ** (config.block_out_channels.length - 1);
  const add = (name: string, { plan, output }: VaePlan, network: Network): void =>
    builder.timeline({ [plan]: forwardPlan(builder, { ...options, name, network, outputs: [output] }) });
  const addBoth = (size: Size, tile: Size | null): void => {
    const { encode, decode } = vaePlanNames(tile);
    const prefix = tile ? `${named(tile)}.` : "";
    const encoder = vaeEncoder(config, 1, size.height * factor, size.width * factor);
    const decoder = vaeDecoder(config, 1, size.height, size.width);
    add("encode", encode, prefixed(encoder, prefix, encode.output));
    add("decode", decode, prefixed(decoder, prefix, decode.output));
  };
  const tiles = tilesOf(height, width, vaeTile)?.flat();
  if (!tiles) addBoth({ height, width }, null);
  else for (const tile of new Map(tiles.map((each) => [named(each), each])).values()) addBoth(tile, tile);
}
