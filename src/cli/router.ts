/** @file From what was typed to an exit code: 0 done, 1 an error of ours or a verdict of no, 2 something the caller can mend. */
import { parseArgs } from "node:util";
import { StudioError } from "../lib/errors.ts";
import type { Command } from "./command.ts";
import { refuse } from "./options.ts";

export interface Output {
  stdout(text: string): void;
  stderr(text: string): void;
}

const common: readonly (readonly [string, string])[] = [
  ["--json", "print the result as JSON"],
  ["--help", "print this"],
];

/** `argv` without the program: a command's name and what follows it. */
export async function main(argv: readonly string[], commands: readonly Command[], output: Output): Promise<number> {
  const [name, ...rest] = argv;
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      output.stdout(overview(commands));
      return name === undefined ? 2 : 0;
    }
    const command = commands.find((candidate) => candidate.name === name);
    if (!command) return refuse(`There is no command "${name}", and one of ${names(commands)} was expected.`);
    return await runCommand(command, rest, output);
  } catch (error) {
    if (error instanceof StudioError) {
      output.stderr([error.message, ...(error.hint ? [error.hint] : [])].join(" ") + "\n");
      return 2;
    }
    output.stderr(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
}

async function runCommand(command: Command, argv: readonly string[], output: Output): Promise<number> {
  const typed = parse(command, argv);
  if (typed.help) {
    output.stdout(help(command));
    return 0;
  }
  const values = Object.fromEntries(
    Object.entries(command.options).map(([name, option]) => [name, option.read(name, typed.given.get(name))]),
  );
  const progress = (line: string) => {
    if (!typed.json) output.stderr(`${line}\n`);
  };
  const { text, json, ok = true } = await command.run(values, typed.positional, { progress });
  output.stdout(`${typed.json ? JSON.stringify(json) : text}\n`);
  return ok ? 0 : 1;
}

interface Typed {
  readonly given: ReadonlyMap<string, string>;
  readonly positional: string;
  readonly json: boolean;
  readonly help: boolean;
}

/** parseArgs finds the words' roles; what they may be is said here, in sentences. */
function parse({ name, options, positional }: Command, argv: readonly string[]): Typed {
  const known: Record<string, { type: "string" | "boolean"; short?: string }> = {
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  };
  for (const [key, { placeholder }] of Object.entries(options))
    known[key] = { type: placeholder === null ? "boolean" : "string" };
  const { tokens } = parseArgs({ args: [...argv], options: known, strict: false, tokens: true });
  const given = new Map<string, string>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const type = Object.hasOwn(known, token.name) ? known[token.name]?.type : undefined;
    if (!type) refuse(`${name} has no option ${token.rawName}, and one of ${optionNames(known)} was expected.`);
    const { value, inlineValue } = token;
    const missing = value === undefined || (inlineValue === false && value.startsWith("--"));
    if (type === "string" && missing)
      refuse(`${token.rawName} stands alone, and ${options[token.name]?.placeholder} was expected after it.`);
    if (type === "boolean" && value !== undefined) refuse(`${token.rawName} takes no value, and "${value}" was given.`);
    given.set(token.name, value ?? "");
  }
  const help = given.has("help");
  if (words.length > (positional ? 1 : 0) && !help) {
    const expected = positional ? `one ${positional.placeholder}` : "only options";
    refuse(`${name} was given ${words.map((word) => `"${word}"`).join(" ")}, and ${expected} was expected.`);
  }
  return { given, positional: words[0] ?? "", json: given.has("json"), help };
}

const names = (commands: readonly Command[]): string => commands.map(({ name }) => name).join(", ");
const optionNames = (known: object): string =>
  Object.keys(known)
    .map((key) => `--${key}`)
    .join(", ");

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join("");
}

function overview(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return `studio COMMAND [options]\n\n${table(rows)}\nstudio COMMAND --help tells a command's options.\n`;
}

function help({ name, summary, options, positional }: Command): string {
  const rows = Object.entries(options).map(([key, { placeholder, help: line, required }]) => {
    const left = placeholder === null ? `--${key}` : `--${key} ${placeholder}`;
    return [left, required ? `${line}; required` : line] as const;
  });
  const usage = positional ? `studio ${name} ${positional.placeholder} [options]` : `studio ${name} [options]`;
  const argument = positional ? [[positional.placeholder, positional.help] as const] : [];
  return `${usage}\n\n${summary}\n\n${table([...argument, ...rows, ...common])}`;
}
