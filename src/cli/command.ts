/** @file What a command is: a name, a table of options, and a function from what was typed to what is printed. */
import type { Options, Values } from "./options.ts";

export interface CommandResult {
  /** for people */
  readonly text: string;
  /** for programs: `--json` */
  readonly json: unknown;
  /** false: the work was done and its verdict is no; the exit code is 1 */
  readonly ok?: boolean;
}

export interface Context {
  /** A line about what is going on, for people who wait; not part of the result. */
  progress(line: string): void;
}

interface Positional {
  readonly placeholder: string;
  readonly help: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** The one argument that is no option, where the command takes one; "" where it was not typed. */
  readonly positional: Positional | null;
  readonly options: Options;
  /** `values` are what `options` read. */
  run(values: Readonly<Record<string, unknown>>, positional: string, context: Context): Promise<CommandResult>;
}

/** A command whose `run` sees the types of its own options. */
export function command<O extends Options>(definition: {
  readonly name: string;
  readonly summary: string;
  readonly positional?: Positional;
  readonly options: O;
  run(values: Values<O>, positional: string, context: Context): Promise<CommandResult>;
}): Command {
  return {
    positional: null,
    ...definition,
    // the router fills `values` from these very options
    run: (values, positional, context) => definition.run(values as Values<O>, positional, context),
  };
}
