/** @file What may be asked of `npm run paper`, and the numbers of its experiments at full length and in a quick run. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { StudioError } from "../../src/lib/errors.ts";
import type { Protocol } from "../../src/paper/results.ts";
import { GUIDANCE } from "../../src/pocket/config.ts";
import { heldOutSplit } from "../../src/pocket/splits.ts";

export const MODEL = "public/pocket";

export interface Asked {
  readonly quick: boolean;
  readonly seeds: readonly number[];
  /** a part's name, or null: all of them */
  readonly only: string | null;
  /** this process does the one part, and starts no others */
  readonly child: boolean;
  readonly processes: number;
  readonly threads: number;
  /** runs, pictures' scores and finished parts */
  readonly out: string;
  /** what is published */
  readonly docs: string;
  readonly command: string;
  readonly protocol: Protocol;
}

export function asked(argv: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: "boolean", default: false },
      seed: { type: "string", multiple: true, default: [] },
      only: { type: "string" },
      child: { type: "boolean", default: false },
      processes: { type: "string", default: String(Math.min(2, availableParallelism())) },
    },
  });
  const { quick, child } = values;
  const seeds = values.seed.length > 0 ? values.seed.map(whole) : quick ? [0] : [0, 1, 2];
  const processes = Math.max(1, whole(values.processes));
  const out = quick ? "runs/paper-quick" : "runs/paper";
  return {
    quick,
    seeds,
    only: values.only ?? null,
    child,
    processes,
    threads: Math.max(1, Math.floor(availableParallelism() / processes)),
    out,
    docs: quick ? join(out, "report") : join("docs", "paper"),
    command: ["npm run paper", ...(argv.length > 0 ? ["--"] : []), ...argv.filter((word) => word !== "--child")].join(
      " ",
    ),
    protocol: protocolOf(quick),
  };
}

function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new StudioError("arguments", `${text} was given, and a whole number was expected.`);
}

function protocolOf(quick: boolean): Protocol {
  // from the end: the first half of the test part was looked at under an earlier preset
  const prompts = heldOutSplit().test.slice(quick ? -16 : -200);
  return quick
    ? {
        quick,
        pairs: 32,
        guidance: GUIDANCE,
        development: 16,
        prompts,
        final: { best: 2, steps: 8 },
        curve: { prompts: 16, steps: 6 },
      }
    : {
        quick,
        pairs: 256,
        guidance: GUIDANCE,
        development: 114,
        prompts,
        final: { best: 5, steps: 50 },
        curve: { prompts: 100, steps: 20 },
      };
}
