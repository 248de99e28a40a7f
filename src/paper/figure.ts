/** @file A figure as data: what is drawn of it, and its CSV. */
import type { Paired, Spread } from "./summary.ts";

export interface Value {
  /** a place on the x axis, or the number of a group or axis */
  readonly x: number;
  readonly value: Spread | Paired;
}

export interface Series {
  readonly name: string;
  /** of the palette */
  readonly colour: number;
  /** a level that others are measured by: drawn as a line across */
  readonly level?: boolean;
  readonly values: readonly Value[];
}

export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}

interface Common {
  /** of its files: `figure-1` */
  readonly id: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
}

export type Figure =
  | (Common & { readonly kind: "lines"; readonly panels: readonly Panel[] })
  /** `groups` name the numbers of x */
  | (Common & {
      readonly kind: "bars" | "radar";
      readonly groups: readonly string[];
      readonly panels: readonly [Panel];
    });

const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const number = (value: number | null | undefined): string =>
  value == null ? "" : String(Number(value.toPrecision(6)));

export function figureCsv(figure: Figure): string {
  const name = (x: number): string => (figure.kind === "lines" ? number(x) : (figure.groups[x] ?? ""));
  const rows = figure.panels.flatMap(({ title, series }) =>
    series.flatMap(({ name: line, values }) =>
      values.map(({ x, value }) => {
        const [low, high] = "interval" in value ? value.interval : [];
        return [title, line, name(x), value.mean, value.deviation, low, high, value.seeds].map((each) =>
          typeof each === "string" ? cell(each) : number(each),
        );
      }),
    ),
  );
  const head = ["panel", "series", cell(figure.x), cell(figure.y), "deviation", "low", "high", "seeds"];
  return [head, ...rows].map((row) => `${row.join(",")}\n`).join("");
}
