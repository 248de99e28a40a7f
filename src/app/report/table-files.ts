/** @file The table of scores as files: CSV with its intervals, and LaTeX as the paper sets it. */
import type { ScoreInfo } from "../../studio/api.ts";
import { placesOf, type TableRow } from "./numbers.ts";

export interface NamedRow extends TableRow {
  readonly name: string;
}

/** RFC 4180. A name that a spreadsheet would take for a formula has an apostrophe before it. */
export function tableCsv(rows: readonly NamedRow[], columns: readonly ScoreInfo[]): string {
  const head = ["model", ...columns.flatMap(({ id }) => [id, `${id}_low`, `${id}_high`])];
  const body = rows.map(({ name, means }) => [
    name,
    ...columns.flatMap(({ id }) => [means[id]?.mean, ...(means[id]?.interval ?? [])]),
  ]);
  return [head, ...body].map((row) => `${row.map((cell) => quoted(cell)).join(",")}\r\n`).join("");
}

function quoted(cell: string | number | undefined): string {
  const given = String(cell ?? "");
  const text = typeof cell === "string" && /^[=+\-@\t\r]/.test(given) ? `'${given}` : given;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** With booktabs; best bold, second best underlined. */
export function tableLatex(rows: readonly NamedRow[], columns: readonly ScoreInfo[], note: string): string {
  const head = ["Model", ...columns.map(({ title }) => `${escaped(title)} $\\uparrow$`)];
  const places = columns.map((column) => placesOf(rows, column));
  const body = rows.map(({ name, means }, row) => [
    escaped(name),
    ...columns.map(({ id, digits }, column) => {
      const { mean, interval } = means[id] ?? { mean: 0, interval: [0, 0] as const };
      const range = `{\\scriptsize (${interval.map((end) => math(end, digits)).join(" to ")})}`;
      return `${ranked(math(mean, digits), places[column]?.[row] ?? -1)} ${range}`;
    }),
  ]);
  return [
    `% ${note}`,
    "% \\usepackage{booktabs}",
    `\\begin{tabular}{l${"r".repeat(columns.length)}}`,
    "\\toprule",
    `${head.join(" & ")} \\\\`,
    "\\midrule",
    ...body.map((cells) => `${cells.join(" & ")} \\\\`),
    "\\bottomrule",
    "\\end{tabular}",
    "",
  ].join("\n");
}

const math = (value: number, digits: number): string => `$${value.toFixed(digits)}$`;

function ranked(text: string, place: number): string {
  return place === 0 ? `\\textbf{\\boldmath ${text}}` : place === 1 ? `\\underline{${text}}` : text;
}

const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
};

function escaped(text: string): string {
  return text.replace(/[\\~^&%$#_{}]/g, (sign) => SPECIAL[sign] ?? `\\${sign}`);
}
