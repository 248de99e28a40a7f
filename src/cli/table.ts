/** @file Tables and sizes as the commands print them. */

type Cell = string | number;

/** Columns under their heads; numbers stand on the right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...lines.map((row) => String(row[i]).length)));
  const numeric = head.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number"));
  const pad = (cell: Cell, i: number): string => {
    const width = widths[i] as number;
    return numeric[i] ? String(cell).padStart(width) : String(cell).padEnd(width);
  };
  return lines.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

/** 1024-based, three digits: 12.3 MB. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}
