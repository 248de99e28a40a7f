/**
 * @file How often a pocket folder draws what a caption names: `tsx e2e/pocket-quality.ts FOLDER [count] [steps] [--threads N]
 * [--batch N] [--sheet FILE]`. Held-out captions, read by pixels; prints the share of captions that are right in each attribute
 * (and of things, for colours and shapes) with 95 % Wilson intervals, as JSON. The sheet shows the first 64, in rows of eight.
 */
import { parseArgs } from "node:util";
import { writeFileWhole } from "../src/cli/files.ts";
import { encodePng } from "../src/cli/images.ts";
import { inRows, sheet } from "../src/cli/sheet.ts";
import { wilson } from "../src/lib/statistics.ts";
import { GUIDANCE } from "../src/pocket/config.ts";
import { heldOutCaptions } from "../src/pocket/grammar.ts";
import { judge } from "../src/pocket/judge.ts";
import { scoreNames, scoresOf, see } from "../src/pocket/scores.ts";
import { draw } from "../src/studio/draw.ts";
import { openPocket, rgbOf } from "./pocket-model.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "1" },
    batch: { type: "string", default: "8" },
    sheet: { type: "string" },
  },
});
const [folder = "public/pocket", count = "200", steps = "16"] = positionals;
const batch = Number(values.batch);
const COLUMNS = 8;
const MOST_SHOWN = 64;

/** Far apart in the list, so that all times, layouts and shapes are met. */
const all = heldOutCaptions();
const captions = Array.from({ length: Number(count) }, (_, i) => all[(i * 97 + 11) % all.length] as string);

const pocket = await openPocket(folder, batch, Number(values.threads));
const { model, base } = pocket;
const pictures: Uint8ClampedArray[] = [];
const seeds = captions.map((_, i) => 1000 + i);
const sampling = { negativePrompt: "", steps: Number(steps), guidance: GUIDANCE };
for await (const { rgba } of draw(model, base, { prompts: captions, seeds, ...sampling })) pictures.push(rgba);
const { side } = model;
await pocket.dispose();

const rgbs = pictures.map(rgbOf);
const seen = rgbs.map(see);
const judged = seen.map(({ reading }, i) => judge(reading, captions[i] as string));
const scored = rgbs.map((rgb, i) => scoresOf(rgb, captions[i] as string, seen[i]));
const round = (value: number) => Number(value.toFixed(3));

/** Share with Wilson's 95 % interval. */
function share(right: number, of: number): string {
  const [low, high] = wilson(right, of);
  const percent = (value: number) => (100 * value).toFixed(1);
  return `${right} of ${of}: ${percent(right / of)} % [${percent(low)}, ${percent(high)}]`;
}

const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
const named = sum(judged.map(({ things }) => things.named));
console.log(
  JSON.stringify(
    {
      folder,
      steps: Number(steps),
      guidance: GUIDANCE,
      captions: Object.fromEntries(
        (["colours", "shapes", "layout", "time", "all"] as const).map((attribute) => [
          attribute,
          share(judged.filter((judgement) => judgement[attribute]).length, judged.length),
        ]),
      ),
      things: {
        colours: share(sum(judged.map(({ things }) => things.coloured)), named),
        shapes: share(sum(judged.map(({ things }) => things.shaped)), named),
      },
      scores: Object.fromEntries(
        scoreNames.map((name) => [name, round(sum(scored.map((scores) => scores[name])) / scored.length)]),
      ),
    },
    null,
    2,
  ),
);

if (values.sheet) {
  const rows = inRows(pictures.slice(0, MOST_SHOWN), COLUMNS);
  await writeFileWhole(values.sheet, encodePng(sheet(rows, { side })));
}
