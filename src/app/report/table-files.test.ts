/** @file The table's CSV in the hands of a spreadsheet. */
import { expect, test } from "vitest";
import type { ScoreInfo } from "../../studio/api.ts";
import { type NamedRow, tableCsv } from "./table-files.ts";

test("names that look like formulas are text, numbers stay numbers, quotes and commas are kept", () => {
  const mean = { mean: -1.5, interval: [-2, -1] };
  const row = (name: string) => ({ name, means: { truth: mean } }) as unknown as NamedRow;
  const names = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", 'a "b", c', "SPIN 1"];
  const [head, ...lines] = tableCsv(names.map(row), [{ id: "truth" } as ScoreInfo]).split("\r\n");
  expect(head).toBe("model,truth,truth_low,truth_high");
  expect(lines.slice(0, -1).map((line) => line.replace(/,-1\.5,-2,-1$/, ""))).toEqual([
    "'=cmd|' /C calc'!A0",
    "'+1",
    "'-1",
    "'@SUM(A1)",
    '"a ""b"", c"',
    "SPIN 1",
  ]);
});
