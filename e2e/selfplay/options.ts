/** @file What may be asked of `e2e/pocket-selfplay.ts`, and the settings that follow from it. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { StudioError } from "../../src/lib/errors.ts";
import { GUIDANCE } from "../../src/pocket/config.ts";
import { samplePairs } from "../../src/pocket/pairs.ts";
import { heldOutSplit } from "../../src/pocket/splits.ts";
import type { SpinSettings } from "../../src/studio/api.ts";
import { presetsFor, settingsOf } from "../../src/studio/presets.ts";

export interface Asked {
  readonly model: string;
  readonly out: string;
  /** of training */
  readonly seeds: readonly number[];
  /** one an iteration; their `seed` is the training seed's to set */
  readonly settings: readonly SpinSettings[];
  readonly pairs: number;
  readonly part: "test" | "development";
  readonly prompts: readonly string[];
  readonly drawSteps: number;
  readonly threads: number;
  readonly processes: number;
  readonly seedOnly: number | null;
  readonly evaluateOnly: boolean;
  /** the README's own: the default preset, every seed, the test prompts */
  readonly standard: boolean;
}

const defaults = {
  model: "public/pocket",
  preset: "default",
  seeds: "0,1,2",
  iterations: "3",
  pairs: "256",
  count: "200",
  "draw-steps": "16",
};

export function asked(argv: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      model: { type: "string", default: defaults.model },
      out: { type: "string", default: "runs/selfplay" },
      preset: { type: "string", default: defaults.preset },
      seeds: { type: "string", default: defaults.seeds },
      iterations: { type: "string", default: defaults.iterations },
      pairs: { type: "string", default: defaults.pairs },
      count: { type: "string", default: defaults.count },
      "draw-steps": { type: "string", default: defaults["draw-steps"] },
      threads: { type: "string", default: "1" },
      processes: { type: "string" },
      "seed-only": { type: "string" },
      "evaluate-only": { type: "boolean", default: false },
      development: { type: "boolean", default: false },
      set: { type: "string", multiple: true, default: [] },
    },
  });
  const threads = Number(values.threads);
  const part = values.development ? "development" : "test";
  const changed = (Object.keys(defaults) as (keyof typeof defaults)[]).some((key) => values[key] !== defaults[key]);
  const presets = presetsFor({ parameters: 0, guidance: GUIDANCE });
  const preset = presets.find(({ id }) => id === values.preset);
  if (!preset)
    refuse(
      `--preset ${values.preset}`,
      presets.map(({ id }) => id),
    );
  const settings = Array.from({ length: Number(values.iterations) }, (_, k) => settingsOf(preset, k + 1));
  return {
    model: values.model,
    out: values.out,
    seeds: values.seeds.split(",").map(Number),
    settings: values.set.reduce(overridden, settings),
    pairs: Number(values.pairs),
    part,
    // From the end: the first half of the test part was looked at under an earlier preset.
    prompts: heldOutSplit()[part].slice(-Number(values.count)),
    drawSteps: Number(values["draw-steps"]),
    threads,
    processes: Number(values.processes ?? Math.max(1, Math.floor(availableParallelism() / threads))),
    seedOnly: values["seed-only"] === undefined ? null : Number(values["seed-only"]),
    evaluateOnly: values["evaluate-only"],
    standard: part === "test" && !changed && values.set.length === 0,
  };
}

function refuse(typed: string, expected: readonly string[]): never {
  throw new StudioError("arguments", `${typed} was given, and one of ${expected.join(", ")} was expected.`);
}

/** `key=value` for all iterations, or `key=a,b,c` for one after the other (the last one goes on). */
function overridden(settings: readonly SpinSettings[], given: string): readonly SpinSettings[] {
  const [key = "", text = ""] = given.split("=");
  const named: { readonly [word: string]: boolean } = { true: true, false: false };
  const values = text.split(",").map((word) => named[word] ?? (Number.isNaN(Number(word)) ? word : Number(word)));
  return settings.map((before, k) => {
    if (!(key in before)) refuse(`--set ${given}`, Object.keys(before));
    return { ...before, [key]: values[Math.min(k, values.length - 1)] };
  });
}

/** The bundled pairs that the page offers. */
export const pairsOf = ({ pairs }: Asked) => samplePairs(pairs);
