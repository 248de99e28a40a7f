/** @file A table as data, and as Markdown, CSV and LaTeX. */
import type { Paired, Spread } from "./summary.ts";

export interface Table {
  /** of its files: `table-1` */
  readonly id: string;
  readonly title: string;
  /** the first names the rows */
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Text, a number over seeds with its digits, or nothing that is known yet. */
export type Cell =
  | string
  | null
  | { readonly value: Spread | Paired; readonly digits: number; readonly signed?: boolean };

const NOTHING = "–";
const number = (value: number, digits: number): string => {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
};

/** 1.23 ± 0.04 [1.10, 1.30] */
export function cellText(cell: Cell): string {
  if (cell === null) return NOTHING;
  if (typeof cell === "string") return cell;
  const { value, digits, signed = false } = cell;
  const show = (x: number) => (signed && x > 0 ? "+" : "") + number(x, digits);
  const spread = value.deviation === null ? "" : ` ± ${number(value.deviation, digits)}`;
  const interval = "interval" in value ? ` [${value.interval.map(show).join(", ")}]` : "";
  return show(value.mean) + spread + interval;
}

const lines = (all: readonly string[]): string => `${all.join("\n")}\n`;

export function markdown({ title, head, rows }: Table): string {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const body = rows.map((cells) => row(cells.map(cellText)));
  return lines([`**${title}**`, "", row(head), row(head.map(() => "---")), ...body]);
}

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Each number in columns of its own: mean, deviation, and where there is one the interval's ends. */
export function csv({ head, rows }: Table): string {
  const columns = head.map((_, i) => widthOf(rows.map((cells) => cells[i] ?? null)));
  const names = head.flatMap((name, i) => suffixes.slice(0, columns[i]).map((suffix) => quoted(name + suffix)));
  const body = rows.map((cells) =>
    cells.flatMap((cell, i) => {
      const parts = partsOf(cell);
      return Array.from({ length: columns[i] ?? 1 }, (_, k) => parts[k] ?? "");
    }),
  );
  return lines([names, ...body].map((row) => row.join(",")));
}

const suffixes = ["", ", deviation", ", low", ", high"];

function widthOf(cells: readonly Cell[]): number {
  return Math.max(1, ...cells.map((cell) => partsOf(cell).length));
}

function partsOf(cell: Cell): readonly string[] {
  if (cell === null || typeof cell === "string") return [quoted(cell ?? "")];
  const { value } = cell;
  const ends = "interval" in value ? value.interval : [];
  return [value.mean, value.deviation, ...ends].map((x) => (x === null ? "" : String(Number(x.toPrecision(6)))));
}

const escapes: { readonly [character: string]: string } = {
  "±": "$\\pm$",
  "–": "--",
  "≥": "$\\geq$",
  ">": "$>$",
  "<": "$<$",
  "\\": "\\textbackslash{}",
};
export const latexText = (text: string): string =>
  text.replace(/[\\&%$#_{}±–≥<>]/g, (character) => escapes[character] ?? `\\${character}`);

/** For the booktabs package. */
export function latex({ id, title, head, rows }: Table): string {
  const row = (cells: readonly string[]) => `    ${cells.map(latexText).join(" & ")} \\\\`;
  return lines([
    "\\begin{table}[t]",
    "  \\centering",
    `  \\caption{${latexText(title)}}`,
    `  \\label{${id}}`,
    `  \\begin{tabular}{l${"r".repeat(head.length - 1)}}`,
    "    \\toprule",
    row(head),
    "    \\midrule",
    ...rows.map((cells) => row(cells.map(cellText))),
    "    \\bottomrule",
    "  \\end{tabular}",
    "\\end{table}",
  ]);
}
