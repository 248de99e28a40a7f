/** @file The pairs of the engine that only pretends: pixels by their print, which does for a hash here. */
import type { KeptPair, PairGiven } from "../../studio/api.ts";
import { fingerprint } from "../pictures.ts";
import { paint, scene } from "./painter.ts";

/** Pixels as base64; null for those that can be painted again. */
export interface SavedPair extends Omit<KeptPair, "rgba"> {
  readonly pixels: string | null;
}

/** pairs whose pixels outlive a reload: what fits in the memory that there is */
const MOST_REMEMBERED = 100;

export interface PairShelf {
  /** pixels that pairs will name; returns the name */
  put(this: void, rgba: KeptPair["rgba"]): string;
  save(pairs: readonly PairGiven[]): SavedPair[];
  read(saved: readonly SavedPair[]): readonly KeptPair[];
}

export function createPairShelf(): PairShelf {
  const pixels = new Map<string, KeptPair["rgba"]>();
  return {
    put(rgba) {
      const sha256 = fingerprint({ side: Math.sqrt(rgba.length / 4), rgba });
      pixels.set(sha256, rgba.slice());
      return sha256;
    },
    save(pairs) {
      const remembered = ({ id }: KeptPair): boolean => !id.startsWith("sample-") && pairs.length < MOST_REMEMBERED;
      const kept = pairs.map((pair): KeptPair => {
        if ("rgba" in pair) return { ...pair, rgba: pair.rgba.slice(), sha256: fingerprint(pair) };
        const rgba = pixels.get(pair.sha256);
        if (rgba === undefined) throw Object.assign(new Error("A picture is not there."), { code: "no-pixels" });
        return { ...pair, rgba };
      });
      pixels.clear();
      for (const { sha256, rgba } of kept) pixels.set(sha256, rgba);
      return kept.map((pair) => {
        const { rgba, ...rest } = pair;
        return { ...rest, pixels: remembered(pair) ? btoa(String.fromCharCode(...rgba)) : null };
      });
    },
    read: (saved) =>
      saved.map(({ pixels: text, ...pair }) => {
        const number = Number(pair.id.replace(/^\D+/, "").slice(0, 4));
        const rgba =
          pixels.get(pair.sha256) ??
          (text === null
            ? paint(scene(number), 1, number)
            : Uint8ClampedArray.from(atob(text), (c) => c.charCodeAt(0)));
        const sha256 = fingerprint({ side: pair.side, rgba });
        pixels.set(sha256, rgba);
        return { ...pair, rgba, sha256 };
      }),
  };
}
