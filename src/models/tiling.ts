/**
 * @file The VAE in tiles: where they lie, and how their results are blended into one. Numbers only.
 * Matches: diffusers `AutoencoderKL.tiled_decode`, `tiled_encode`, `blend_v`, `blend_h`, `tile_overlap_factor` 0.25.
 */
import { assert } from "../lib/errors.ts";

/** Neighbours share this part of a tile. */
const OVERLAP = 4;

/** One sample, [channels, height, width]. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** In latents. */
export interface Tile {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

function spans(length: number, tile: number): readonly { readonly start: number; readonly size: number }[] {
  const step = tile - tile / OVERLAP;
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => {
    return { start: i * step, size: Math.min(tile, length - i * step) };
  });
}

/**
 * The tiles of latents [height, width], row by row, at most `tile` high and wide; null where one is enough, or `tile` is.
 * @throws where `tile` is not a multiple of 4, for its shared quarter would not be whole.
 */
export function tilesOf(height: number, width: number, tile: number | null): readonly (readonly Tile[])[] | null {
  if (tile === null) return null;
  if (tile <= 0 || tile % OVERLAP !== 0)
    throw new Error(`a tile of the VAE has ${tile} latents a side, and a multiple of ${OVERLAP} was expected`);
  if (height <= tile && width <= tile) return null;
  return spans(height, tile).map((rows) =>
    spans(width, tile).map((columns) => {
      return { top: rows.start, left: columns.start, height: rows.size, width: columns.size };
    }),
  );
}

/** A tile's part of what has `scale` numbers along the side of a latent. */
export function cutTile({ channels, height, width, data }: Planes, tile: Tile, scale: number): Planes {
  const [rows, columns] = [tile.height * scale, tile.width * scale];
  const part = new Float32Array(channels * rows * columns);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < rows; y++) {
      const from = (c * height + tile.top * scale + y) * width + tile.left * scale;
      part.set(data.subarray(from, from + columns), (c * rows + y) * columns);
    }
  }
  return { channels, height: rows, width: columns, data: part };
}

/** The last rows of the tile above fade into the first ones of this, which is changed. */
function blendV(above: Planes, tile: Planes, blendExtent: number): void {
  const extent = Math.min(above.height, tile.height, blendExtent);
  for (let c = 0; c < tile.channels; c++) {
    for (let y = 0; y < extent; y++) {
      const share = y / extent;
      const from = (c * above.height + above.height - extent + y) * above.width;
      const to = (c * tile.height + y) * tile.width;
      for (let x = 0; x < tile.width; x++)
        tile.data[to + x] = mixed(above.data[from + x] as number, tile.data[to + x] as number, share);
    }
  }
}

/** The last columns of the tile on the left fade into the first ones of this, which is changed. */
function blendH(left: Planes, tile: Planes, blendExtent: number): void {
  const extent = Math.min(left.width, tile.width, blendExtent);
  for (let row = 0; row < tile.channels * tile.height; row++) {
    const from = (row + 1) * left.width - extent;
    const to = row * tile.width;
    for (let x = 0; x < extent; x++)
      tile.data[to + x] = mixed(left.data[from + x] as number, tile.data[to + x] as number, x / extent);
  }
}

const mixed = (a: number, b: number, share: number): number => a * (1 - share) + b * share;

/** Every tile is blended with what its neighbours above and on the left were blended to. The tiles' numbers are changed. */
export function joinTiles(rows: readonly (readonly Planes[])[], tileSide: number): Planes {
  const blendExtent = tileSide / OVERLAP;
  const limit = tileSide - blendExtent;
  const [first] = rows;
  assert(first?.[0], "there are no tiles to join");
  const { channels } = first[0];
  const height = rows.reduce((sum, [tile]) => sum + Math.min(limit, tile?.height ?? 0), 0);
  const width = first.reduce((sum, tile) => sum + Math.min(limit, tile.width), 0);
  const joined = { channels, height, width, data: new Float32Array(channels * height * width) };
  rows.forEach((row, i) =>
    row.forEach((tile, j) => {
      const [above, left] = [rows[i - 1]?.[j], row[j - 1]];
      if (above) blendV(above, tile, blendExtent);
      if (left) blendH(left, tile, blendExtent);
      paste(tile, joined, i * limit, j * limit, limit);
    }),
  );
  return joined;
}

function paste(tile: Planes, whole: Planes, top: number, left: number, limit: number): void {
  const [rows, columns] = [Math.min(limit, tile.height), Math.min(limit, tile.width)];
  for (let c = 0; c < tile.channels; c++) {
    for (let y = 0; y < rows; y++) {
      const from = (c * tile.height + y) * tile.width;
      whole.data.set(tile.data.subarray(from, from + columns), (c * whole.height + top + y) * whole.width + left);
    }
  }
}
