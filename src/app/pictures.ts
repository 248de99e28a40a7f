/** @file Pixels, kept out of the store: it holds ids, and canvases look the pixels up here. */

export interface Pixels {
  readonly side: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export interface Pictures {
  /** Keeps the pixels and gives the id under which they are found. */
  keep(pixels: Pixels): string;
  get(id: string): Pixels | undefined;
  drop(ids: Iterable<string>): void;
  /** From now on the studio holds just these pixels, each under its hash. */
  hold(hashes: Iterable<readonly [id: string, sha256: string]>): void;
  /** Undefined where the studio does not hold the pixels. */
  heldAs(id: string): string | undefined;
  readonly size: number;
}

export function createPictures(): Pictures {
  const kept = new Map<string, Pixels>();
  let held: ReadonlyMap<string, string> = new Map();
  let next = 0;
  return {
    keep(pixels) {
      const id = `picture-${++next}`;
      kept.set(id, { side: pixels.side, rgba: pixels.rgba });
      return id;
    },
    get: (id) => kept.get(id),
    drop(ids) {
      for (const id of ids) kept.delete(id);
    },
    hold: (hashes) => void (held = new Map(hashes)),
    heldAs: (id) => held.get(id),
    get size() {
      return kept.size;
    },
  };
}

/** Two pictures with the same pixels have the same print (FNV-1a over the bytes and the side). */
export function fingerprint(pixels: Pixels): string {
  let hash = 0x811c9dc5 ^ pixels.side;
  for (const byte of pixels.rgba) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${pixels.side}:${hash >>> 0}`;
}
