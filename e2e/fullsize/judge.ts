/** @file Judges an outcome by the goldens (diffusers in float64, gradients as summaries), and one backend's outcome by another's. */
import type { FileTensor } from "../../src/artifacts/safetensors.ts";
import { fnv1a, uniformAt } from "../../src/artifacts/seeded.ts";
import type { PairOutcome } from "../../src/spin/step.ts";
import type { Outcome } from "./scene.ts";

export interface Verdict {
  readonly what: string;
  /** share of what is allowed: at most 1 passes */
  readonly share: number;
  readonly seen: string;
}

export const atMost = (what: string, value: number, most: number, seen: string): Verdict => ({
  what,
  share: value / most,
  seen,
});

type Numbers = ArrayLike<number>;

function norm(values: Numbers): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return Math.sqrt(sum);
}

function distance(a: Numbers, b: Numbers): number {
  if (a.length !== b.length) return Infinity;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return Math.sqrt(sum);
}

/** The four errors of a step as the files name them. */
export const errorsOf = ({ Lw, Ll, Lw0, Ll0 }: PairOutcome): Readonly<Record<string, number>> => ({
  error_winner: Lw,
  error_loser: Ll,
  error_winner_opponent: Lw0,
  error_loser_opponent: Ll0,
});

/** The same of a golden. */
export const goldenErrors = (golden: ReadonlyMap<string, FileTensor>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...golden].flatMap(([name, { data }]) => (name.startsWith("error_") ? [[name, Number(data[0])]] : [])),
  );

const ratio = (what: string, difference: number, size: number, allowed: number): Verdict => ({
  what,
  share: difference / size / allowed,
  seen: `${(difference / size).toExponential(1)} relative, ${allowed} allowed`,
});

/** Within `tolerance`, relative, as vectors. */
export function judgeValues(
  got: Readonly<Record<string, Numbers>>,
  expected: Readonly<Record<string, Numbers>>,
  tolerance: number,
): Verdict[] {
  return Object.entries(expected).map(([name, b]) => ratio(name, distance(got[name] ?? [], b), norm(b), tolerance));
}

export function judgeErrors(
  got: PairOutcome,
  expected: Readonly<Record<string, number>>,
  tolerance: number,
): Verdict[] {
  const given = errorsOf(got);
  return Object.entries(expected).map(([name, b]) =>
    ratio(name, Math.abs((given[name] as number) - b), Math.abs(b), tolerance),
  );
}

const projections = 4;

/** The products with the rule's uniform vectors: twin of compare.py's `summary`. */
function projected(name: string, gradient: Float32Array): number[] {
  return Array.from({ length: projections }, (_, k) => {
    const seed = fnv1a(`projection/${k}/${name}`);
    let sum = 0;
    for (let i = 0; i < gradient.length; i++) sum += (gradient[i] as number) * uniformAt(seed, i);
    return sum;
  });
}

/** What is known of an expected gradient. */
interface Expected {
  readonly norm: number;
  distance(got: Float32Array): number;
}

/** |got - expected| <= 1e-3 max(|expected|, 1e-5 |all gradients|) for every tensor; `what` tells the worst. */
export class GradientJudge {
  readonly #what: string;
  readonly #expected: ReadonlyMap<string, Expected>;
  readonly #all: number;
  readonly #shares = new Map<string, number>();

  constructor(what: string, expected: ReadonlyMap<string, Expected>) {
    this.#what = what;
    this.#expected = expected;
    this.#all = Math.hypot(...[...expected.values()].map((e) => e.norm));
  }

  /** By the summaries of a golden: with u of variance 1/3, |difference|^2 is about 3 mean (projected difference)^2. */
  static ofGolden(what: string, golden: ReadonlyMap<string, FileTensor>): GradientJudge {
    const names = [...golden.keys()].filter((key) => key.startsWith("norm/")).map((key) => key.slice("norm/".length));
    const expected = names.map((name) => {
      const size = Number(golden.get(`norm/${name}`)?.data[0]);
      const products = (golden.get(`projection/${name}`)?.data ?? []) as Float32Array;
      const far = (got: Float32Array) => {
        const off = distance(projected(name, got), products);
        return Math.max(Math.sqrt((3 * off ** 2) / projections), Math.abs(norm(got) - size));
      };
      return [name, { norm: size, distance: far }] as const;
    });
    return new GradientJudge(what, new Map(expected));
  }

  static of(what: string, gradients: ReadonlyMap<string, Float32Array>): GradientJudge {
    const expected = [...gradients].map(
      ([name, b]) => [name, { norm: norm(b), distance: (got: Float32Array) => distance(got, b) }] as const,
    );
    return new GradientJudge(what, new Map(expected));
  }

  add(name: string, got: Float32Array): void {
    const expected = this.#expected.get(name);
    const share = expected && expected.distance(got) / (1e-3 * Math.max(expected.norm, 1e-5 * this.#all));
    this.#shares.set(name, share ?? Infinity);
  }

  verdict(): Verdict {
    const missing = [...this.#expected.keys()].filter((name) => !this.#shares.has(name));
    for (const name of missing) this.#shares.set(name, Infinity);
    const [worst, share] = [...this.#shares].reduce((a, b) => (b[1] > a[1] ? b : a), ["none", 0]);
    return {
      what: `${this.#what}, ${this.#shares.size} tensors`,
      share,
      seen: `worst ${(share * 1e-3).toExponential(1)} of its norm, 0.001 allowed (${worst})`,
    };
  }
}

/** NaN fails. */
export const passed = ({ share }: Verdict): boolean => share <= 1;

export function judgeGradients(judge: GradientJudge, { gradients }: Pick<Outcome, "gradients">): Verdict {
  for (const [name, gradient] of gradients) judge.add(name, gradient);
  return judge.verdict();
}
