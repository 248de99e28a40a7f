/**
 * @file `npm run fullsize`: SD-1.5's own configuration, 860 M parameters in the UNet with weights by rule, on `node` against diffusers'
 * goldens, and then in the studio's own page in a real Chromium on WebGPU. Options: --check-only (node alone), --numbers (instead of
 * the page a worker whose numbers are held to node's), --train full (node alone, the gradient of every weight; about 13 GB), --json.
 * Exit code 1 when anything is off. README.md beside it has the figures.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { size, table } from "../../src/cli/table.ts";
import { judgeByGoldens, playOnNode } from "./check.ts";
import { folder, writeFiles } from "./files.ts";
import { checkFull } from "./full-training.ts";
import { type InBrowser, playInBrowser } from "./in-browser.ts";
import {
  atMost,
  errorsOf,
  GradientJudge,
  judgeErrors,
  judgeGradients,
  judgeValues,
  passed,
  type Verdict,
} from "./judge.ts";
import { writeOutcome } from "./outcome-file.ts";
import { type InPage, runInPage } from "./in-page.ts";
import { judgePage, pageReport } from "./page-report.ts";
import { drawing, type Outcome } from "./scene.ts";

const { values: options } = parseArgs({
  options: {
    "check-only": { type: "boolean", default: false },
    numbers: { type: "boolean", default: false },
    train: { type: "string", default: "lora" },
    json: { type: "boolean", default: false },
  },
});

const started = performance.now();
const say = (line: string) => process.stderr.write(`${line}\n`);
const tell = (line: string) => say(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}`);

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;

function judgeBytes({ peak, live }: Outcome["bytes"], predicted: number): Verdict[] {
  const off = peak / predicted - 1;
  const seen = `${size(peak)}, planned ${size(predicted)}: ${off < 0 ? "" : "+"}${percent(off)}, 5 % allowed`;
  const [first = 0, second = 0] = live;
  return [
    atMost("ledger's peak", Math.abs(off), 0.05, seen),
    atMost("ledger after the steps", Math.abs(second - first), 0.5, `${size(first)}, then ${size(second)}`),
  ];
}

const judgeRepeat = ({ repeated }: Outcome): Verdict =>
  atMost("the step again", repeated ? 0 : Infinity, 1, repeated ? "the same bits" : "other bits");

/** What onnxruntime takes for itself, only the webgpu ledger sees. */
async function judgeNode(node: Outcome): Promise<Verdict[]> {
  const { predicted, scratch } = node.bytes;
  return [...(await judgeByGoldens(node)), judgeRepeat(node), ...judgeBytes(node.bytes, predicted - scratch)];
}

function judgeBrowser({ outcome, heapBytes }: InBrowser, node: Outcome): Verdict[] {
  const { latents, picture, ...values } = node.values;
  const off = (picture ?? new Float32Array()).map((v, i) => Math.abs(v - (outcome.values["picture"]?.[i] ?? NaN)));
  const levels = off.reduce((a, b) => Math.max(a, b), 0);
  return [
    ...judgeValues(outcome.values, values, 1e-4),
    ...judgeValues(outcome.values, latents ? { latents } : {}, 1e-3),
    atMost("picture", levels, 1, `off by ${levels} of 255, 1 allowed`),
    ...judgeErrors(outcome.step, errorsOf(node.step), 1e-5),
    judgeGradients(GradientJudge.of("LoRA gradients", node.gradients), outcome),
    judgeRepeat(outcome),
    ...judgeBytes(outcome.bytes, outcome.bytes.predicted),
    atMost("WebAssembly heap", heapBytes, 512e6, `${(heapBytes / 1e6).toFixed(0)} MB, 512 MB allowed`),
  ];
}

const section = (title: string, verdicts: readonly Verdict[]): string => {
  const rows = verdicts.map((v) => [passed(v) ? "ok" : "FAIL", v.what, v.seen]);
  return `\n${title}\n${table(["", "what", "seen"], rows)}`;
};

function timesTable(node: Outcome, browser: InBrowser | null): string {
  const stages = Object.keys(node.seconds);
  const of = (outcome: Outcome | undefined, stage: string) => outcome?.seconds[stage]?.toFixed(1) ?? "-";
  const rows = stages.map((stage) => [stage, of(node, stage), of(browser?.outcome, stage)]);
  return `\n${table(["seconds", "node", "browser"], rows)}`;
}

/** What the first UNet run costs beyond a later one: sessions, and kernels compiled. */
function firstRun({ seconds }: Outcome): string {
  const first = seconds["draw, first UNet run"] ?? NaN;
  const later = (seconds[`draw, ${drawing.steps} steps`] ?? NaN) / drawing.steps;
  return `first UNet run ${first.toFixed(1)} s, later ones ${later.toFixed(1)} s`;
}

const kindsTable = ({ kinds }: Outcome["bytes"]): string =>
  `\n${table(
    ["browser's ledger", "peak"],
    Object.entries(kinds).map(([kind, { peak }]) => [kind, size(peak)]),
  )}`;

/** Without the arrays. */
const plain = (outcome: Outcome) => ({ ...outcome, values: undefined, gradients: undefined });

async function main(): Promise<readonly Verdict[]> {
  tell("weights by rule, 2.1 GB in .cache/fullsize, and the artifact set");
  await writeFiles(tell);
  if (options.train === "full") {
    const verdicts = await checkFull(tell);
    const report = section("full training on node, against diffusers", verdicts);
    process.stdout.write(`${options.json ? JSON.stringify({ full: verdicts }) : report}\n`);
    return verdicts;
  }
  tell("on node");
  const node = await playOnNode(tell);
  await writeFile(path.join(folder, "node.safetensors"), writeOutcome(node));
  const onNode = await judgeNode(node);
  say(section(`${node.description}, against diffusers`, onNode));

  let browser: InBrowser | null = null;
  let inBrowser: Verdict[] = [];
  let page: InPage | null = null;
  if (!options["check-only"] && !options.numbers) {
    tell("in the studio's page");
    page = await runInPage(tell);
    inBrowser = await judgePage(page);
  }
  if (options.numbers) {
    tell("in the browser");
    browser = await playInBrowser(tell);
    await writeFile(path.join(folder, "browser.safetensors"), writeOutcome(browser.outcome));
    inBrowser = judgeBrowser(browser, node);
  }
  if (options.json) {
    const { outcome, ...rest } = browser ?? { outcome: null };
    const numbers = outcome && { ...rest, ...plain(outcome), verdicts: inBrowser };
    const all = { node: { ...plain(node), verdicts: onNode }, page, browser: numbers };
    process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
  } else {
    const lines = [timesTable(node, browser)];
    if (browser) {
      const { gpu, kernels, fetched, outcome } = browser;
      const { sessions, sessionSeconds } = outcome;
      lines.push(
        section(`Chromium ${browser.browser}, ${browser.outcome.description} (${gpu}), against node`, inBrowser),
        kindsTable(browser.outcome.bytes),
        `\n${sessions} sessions in ${sessionSeconds.toFixed(1)} s, ${kernels} kernels compiled; ${firstRun(outcome)}; ${size(fetched)} over HTTP`,
      );
    }
    if (page) lines.push(section(`the page, Chromium ${page.browser} (${page.gpu})`, inBrowser), pageReport(page));
    process.stdout.write(`${lines.join("\n")}\n`);
  }
  return [...onNode, ...inBrowser];
}

const verdicts = await main();
const failed = verdicts.filter((verdict) => !passed(verdict)).length;
say(`\n${verdicts.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
