/** @file All that is published of the results, but for the grids of pictures: files by name, always the same ones from the same results. */
import { figureSvg } from "./draw-figure.ts";
import { figureCsv } from "./figure.ts";
import { figuresOf } from "./figures.ts";
import { page } from "./page.ts";
import type { PaperResults } from "./results.ts";
import { csv, latex } from "./table.ts";
import { tablesOf } from "./tables.ts";

/** README.md, and each table as CSV and LaTeX, each figure as SVG and CSV. */
export function published(results: PaperResults): ReadonlyMap<string, string> {
  const [tables, figures] = [tablesOf(results), figuresOf(results)];
  return new Map([
    ["README.md", page(results, tables, figures)],
    ...tables.flatMap((table) => [
      [`${table.id}.csv`, csv(table)] as const,
      [`${table.id}.tex`, latex(table)] as const,
    ]),
    ...figures.flatMap((figure) => [
      [`${figure.id}.svg`, figureSvg(figure)] as const,
      [`${figure.id}.csv`, figureCsv(figure)] as const,
    ]),
  ]);
}
