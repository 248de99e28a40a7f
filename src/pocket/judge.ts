/** @file Compares what a picture shows with what its caption names, attribute by attribute. */
import { parseCaption, type Scene, type Thing } from "./grammar.ts";
import type { Reading } from "./reader.ts";

export interface Judgement {
  /** every named thing has its colour, and nothing else is there */
  readonly colours: boolean;
  /** every named thing has its shape, and nothing else is there */
  readonly shapes: boolean;
  readonly layout: boolean;
  readonly time: boolean;
  readonly all: boolean;
  /** the same counted thing by thing: of so many named things, how many have their colour and their shape */
  readonly things: { readonly named: number; readonly coloured: number; readonly shaped: number };
}

export function judge(reading: Pick<Reading, "scene">, caption: string): Judgement {
  return judgeScene(reading.scene, parseCaption(caption));
}

/**
 * The order of things does not matter: they are matched so that most colours agree, and among equals most shapes. A red circle
 * beside a blue square that came out as a blue circle beside a red square so has its colours right and its shapes wrong.
 */
export function judgeScene(seen: Scene, named: Scene): Judgement {
  const [straight, crossed] = [agreement(named.things, seen.things), agreement(named.things, seen.things.toReversed())];
  const { coloured, shaped } = worth(crossed) > worth(straight) ? crossed : straight;
  const count = Math.max(named.things.length, seen.things.length);
  const right = {
    colours: coloured === count,
    shapes: shaped === count,
    layout: seen.layout === named.layout,
    time: seen.time === named.time,
  };
  return {
    ...right,
    all: Object.values(right).every(Boolean),
    things: { named: named.things.length, coloured, shaped },
  };
}

interface Agreement {
  readonly coloured: number;
  readonly shaped: number;
}

function agreement(named: readonly Thing[], seen: readonly Thing[]): Agreement {
  return {
    coloured: named.filter(({ colour }, i) => seen[i]?.colour === colour).length,
    shaped: named.filter(({ shape }, i) => seen[i]?.shape === shape).length,
  };
}

/** A colour outweighs both shapes. */
function worth({ coloured, shaped }: Agreement): number {
  return 3 * coloured + shaped;
}
