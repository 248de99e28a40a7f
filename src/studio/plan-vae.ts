/** @file The VAE at work: a picture passes it whole or in tiles, as the plan set was made. */
import type { VaeConfig } from "../models/config.ts";
import { cutTile, joinTiles, type Planes, type Tile, tilesOf } from "../models/tiling.ts";
import { type VaePlan, vaePlanNames } from "../plan/vae-plans.ts";
import type { Executor } from "../runtime/executor.ts";

/** In latents. */
interface LatentSize {
  readonly height: number;
  readonly width: number;
  /** the side of a tile, as the set was made with */
  readonly vaeTile?: number | null;
}

/** What goes in or comes out: planes, and numbers along the side of a latent. */
interface Side {
  readonly channels: number;
  readonly scale: number;
}

export class PlanVae {
  readonly #executor: Executor;
  readonly #size: LatentSize;
  readonly #pixels: Side;
  readonly #moments: Side;
  readonly #latents: Side;
  readonly #decoded: Side;

  constructor(executor: Executor, config: VaeConfig, size: LatentSize) {
    const factor = 2 ** (config.block_out_channels.length - 1);
    this.#executor = executor;
    this.#size = size;
    this.#pixels = { channels: config.in_channels, scale: factor };
    this.#moments = { channels: 2 * config.latent_channels, scale: 1 };
    this.#latents = { channels: config.latent_channels, scale: 1 };
    this.#decoded = { channels: config.out_channels, scale: factor };
  }

  /** [3, H, W] in -1..1 -> moments [8, h, w]: mean and log variance. */
  encode(pixels: Float32Array): Promise<Float32Array> {
    return this.#pass(pixels, (tile) => vaePlanNames(tile).encode, this.#pixels, this.#moments);
  }

  /** Latents [4, h, w], unscaled -> [3, H, W], about -1..1. */
  decode(latents: Float32Array): Promise<Float32Array> {
    return this.#pass(latents, (tile) => vaePlanNames(tile).decode, this.#latents, this.#decoded);
  }

  async #pass(data: Float32Array, planOf: (tile: Tile | null) => VaePlan, from: Side, to: Side): Promise<Float32Array> {
    const { height, width, vaeTile = null } = this.#size;
    const tiles = tilesOf(height, width, vaeTile);
    if (!tiles || vaeTile === null) return this.#run(planOf(null), data);
    const whole = planes(data, from, this.#size);
    const rows: Planes[][] = [];
    for (const row of tiles) {
      const done: Planes[] = [];
      for (const tile of row)
        done.push(planes(await this.#run(planOf(tile), cutTile(whole, tile, from.scale).data), to, tile));
      rows.push(done);
    }
    return joinTiles(rows, vaeTile * to.scale).data;
  }

  async #run({ plan, input, output }: VaePlan, data: Float32Array): Promise<Float32Array> {
    await this.#executor.run(plan, { [input]: data });
    return (await this.#executor.read(output)) as Float32Array;
  }
}

function planes(data: Float32Array, { channels, scale }: Side, { height, width }: LatentSize): Planes {
  return { channels, height: height * scale, width: width * scale, data };
}
