/** @file Options of a command line: each knows its help and how to read what was typed. What is typed wrongly ends in one sentence. */
import { StudioError } from "../lib/errors.ts";

export interface Option<T> {
  /** what stands for the value in the help; null for a flag */
  readonly placeholder: string | null;
  readonly help: string;
  readonly required: boolean;
  /** `given` is undefined where nothing was typed. @throws StudioError `arguments`. */
  read(name: string, given: string | undefined): T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/** @throws StudioError `arguments`: the caller typed something else than was expected. */
export function refuse(sentence: string): never {
  throw new StudioError("arguments", sentence);
}

/** The end of a help line. */
const byDefault = (help: string, fallback: string | number | undefined): string =>
  fallback === undefined ? help : `${help} (${fallback})`;

function option<T, F extends string | number | undefined>(
  placeholder: string,
  help: string,
  fallback: F,
  parse: (name: string, given: string) => T,
): Option<T | F> {
  return {
    placeholder,
    help: byDefault(help, fallback),
    required: false,
    read: (name, given) => (given === undefined ? fallback : parse(name, given)),
  };
}

/** The same, but it must be typed. */
export function required<T>(optional: Option<T | undefined>): Option<T> {
  return {
    ...optional,
    required: true,
    read: (name, given) => {
      if (given === undefined) refuse(`--${name} ${optional.placeholder ?? ""} is missing: ${optional.help}.`);
      return optional.read(name, given) as T;
    },
  };
}

export function flag(help: string): Option<boolean> {
  return { placeholder: null, help, required: false, read: (_, given) => given !== undefined };
}

export function text(placeholder: string, help: string): Option<string | undefined>;
export function text(placeholder: string, help: string, fallback: string): Option<string>;
export function text(placeholder: string, help: string, fallback?: string): Option<string | undefined> {
  return option(placeholder, help, fallback, (_, given) => given);
}

export interface Range {
  readonly min?: number;
  readonly max?: number;
}

function inRange({ min, max }: Range): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` of at most ${max}`;
}

function numeric(kind: string, form: RegExp, range: Range): (name: string, given: string) => number {
  const { min = -Infinity, max = Infinity } = range;
  return (name, given) => {
    const value = form.test(given) ? Number(given) : NaN;
    if (value >= min && value <= max && Number.isFinite(value)) return value;
    return refuse(`--${name} is "${given}", and ${kind}${inRange(range)} was expected.`);
  };
}

const whole = (range: Range) =>
  numeric("a whole number", /^[+-]?\d+$/, { min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, ...range });
const real = (range: Range) => numeric("a number", /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, range);

export function integer(help: string, range?: Range): Option<number | undefined>;
export function integer(help: string, range: Range, fallback: number): Option<number>;
export function integer(help: string, range: Range = {}, fallback?: number): Option<number | undefined> {
  return option("N", help, fallback, whole(range));
}

export function number(help: string, range?: Range): Option<number | undefined>;
export function number(help: string, range: Range, fallback: number): Option<number>;
export function number(help: string, range: Range = {}, fallback?: number): Option<number | undefined> {
  return option("X", help, fallback, real(range));
}

export function oneOf<const T extends string>(choices: readonly T[], help: string): Option<T | undefined>;
export function oneOf<const T extends string>(choices: readonly T[], help: string, fallback: T): Option<T>;
export function oneOf<const T extends string>(
  choices: readonly T[],
  help: string,
  fallback?: T,
): Option<T | undefined> {
  return option(choices.join("|"), help, fallback, (name, given) => {
    const found = choices.find((choice) => choice === given);
    return found ?? refuse(`--${name} is "${given}", and one of ${choices.join(", ")} was expected.`);
  });
}
