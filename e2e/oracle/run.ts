/**
 * @file `npm run oracle`: the studio beside torch, diffusers and transformers, both computing anew on this machine. Options: --quick (without
 * SD-1.5's and the scorers' full size, which takes many minutes, 2.1 GB of disk and 8 GB of memory), --venv DIR (or SPIN_ORACLE_VENV; .cache/oracle by default,
 * made from requirements.txt where it is not there). Exit code 1 when anything is off.
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { table } from "../../src/cli/table.ts";
import { fullCheck } from "./full.ts";
import { openPython } from "./python.ts";
import { type Check, passed, type Row } from "./row.ts";
import { scorerChecks } from "./scorers.ts";
import { smallChecks } from "./small.ts";

const { values: options } = parseArgs({
  options: { quick: { type: "boolean", default: false }, venv: { type: "string" } },
});
const root = fileURLToPath(new URL("../../", import.meta.url));
const venv = path.resolve(options.venv ?? process.env["SPIN_ORACLE_VENV"] ?? path.join(root, ".cache/oracle"));

const started = performance.now();
const tell = (line: string): void => {
  const seconds = ((performance.now() - started) / 1000).toFixed(0).padStart(5);
  process.stderr.write(`${seconds} s  ${line}\n`);
};

const shown = (value: number): string => (Number.isInteger(value) ? String(value) : value.toExponential(1));
const cells = (row: Row): string[] => [passed(row) ? "ok" : "FAIL", row.what, shown(row.worst), shown(row.allowed)];

/** A check that cannot be ended is a row that fails. */
async function rowsOf({ name, run }: Check): Promise<readonly Row[]> {
  try {
    return await run();
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    return [{ what: `${name}: could not be ended`, worst: NaN, allowed: 0 }];
  }
}

async function main(scratch: string): Promise<readonly Row[]> {
  const python = await openPython(venv, tell);
  const full = options.quick
    ? []
    : [fullCheck(python, tell), ...scorerChecks(python, tell, path.join(scratch, "scorers"))];
  const rows: Row[] = [];
  for (const check of [...smallChecks(python, scratch), ...full]) {
    const found = await rowsOf(check);
    for (const row of found) tell(cells(row).join("  "));
    rows.push(...found);
  }
  return rows;
}

const scratch = mkdtempSync(path.join(os.tmpdir(), "spin-oracle-"));
try {
  const rows = await main(scratch);
  const failed = rows.filter((row) => !passed(row)).length;
  process.stdout.write(`${table(["", "what", "worst", "allowed"], rows.map(cells))}\n`);
  process.stdout.write(`${rows.length - failed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 ? 1 : 0;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
