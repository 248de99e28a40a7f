/**
 * @file How pocket's scores behave on pictures of which the answer is known: `tsx e2e/pocket-scores.ts [FOLDER] [count]` prints a
 * Markdown table. Real pictures of several finishes, fine ones under shuffled captions, spoiled ones, and after the
 * autoencoder. Finish and sharpness stand there as measured and as scored by distance to the sample pairs' level.
 */
import { captionOf, drawScene, parseCaption } from "../src/pocket/grammar.ts";
import { judge } from "../src/pocket/judge.ts";
import { averageOf, levelled, levelsOf, referenceOf } from "../src/pocket/levels.ts";
import { MOST_SAMPLE_PAIRS, samplePairs } from "../src/pocket/pairs.ts";
import { randomOf } from "../src/lib/random.ts";
import { read } from "../src/pocket/reader.ts";
import { compose, paint, rgbaOf } from "../src/pocket/render.ts";
import { type Scores, scoresOf } from "../src/pocket/scores.ts";
import { blurred, contrasted, saturated, sharpened } from "../src/pocket/test-support.ts";
import { openPocket, rgbOf, roundTrip } from "./pocket-model.ts";

const [folder = "public/pocket", count = "200"] = process.argv.slice(2);
const captions = Array.from({ length: Number(count) }, (_, i) => captionOf(drawScene(randomOf(101, i))));
const shuffled = [...captions.slice(1), captions[0] as string];
const at = (finish: number) => captions.map((caption, i) => paint(compose(parseCaption(caption), finish, i)));
const [plain, middle, fine] = [at(0.2), at(0.55), at(0.94)];
const pocket = await openPocket(folder, 1);
const coded: Uint8Array<ArrayBuffer>[] = [];
for (const rgb of fine) coded.push(await roundTrip(pocket, rgbaOf(rgb)));
await pocket.dispose();

const levels = levelsOf(samplePairs(MOST_SAMPLE_PAIRS).map(({ rgba }) => rgbOf(rgba)));
const score = (pictures: readonly Uint8Array[], named: readonly string[]): Scores[] =>
  pictures.map((rgb, i) => scoresOf(rgb, named[i] as string));
const reference = referenceOf(score(middle, captions).map((scores) => levelled(scores, levels)));

const rows: readonly (readonly [string, readonly Uint8Array[], (readonly string[])?])[] = [
  ["plain, finish 0.2", plain],
  ["middle, finish 0.55", middle],
  ["fine, finish 0.94, as the pairs", fine],
  ["fine, through the autoencoder", coded],
  ["fine, shuffled captions", fine, shuffled],
  ["fine, contrast × 1.5", fine.map((rgb) => contrasted(rgb, 1.5))],
  ["fine, colours × 1.5", fine.map((rgb) => saturated(rgb, 1.5))],
  ["fine, unsharp mask", fine.map((rgb) => sharpened(rgb, 1))],
  ["fine, blurred by 1 pixel", fine.map((rgb) => blurred(rgb, 1))],
];

console.log(
  "| pictures | read right | truth, dB | faith | finish: measure, score | sharpness: measure, score | average z |",
);
console.log("|---|---|---|---|---|---|---|");
for (const [label, pictures, named = captions] of rows) {
  const raw = score(pictures, named);
  const levelledScores = raw.map((scores) => levelled(scores, levels));
  const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  const of = (list: readonly Scores[], name: keyof Scores, digits: number) =>
    mean(list.map((scores) => scores[name])).toFixed(digits);
  const right = mean(pictures.map((rgb, i) => (judge(read(rgb), named[i] as string).all ? 1 : 0)));
  const both = (name: "finish" | "sharpness") => `${of(raw, name, 2)}, ${of(levelledScores, name, 2)}`;
  const average = mean(levelledScores.map((scores) => averageOf(scores, reference)));
  console.log(
    `| ${label} | ${(100 * right).toFixed(1)} % | ${of(raw, "truth", 1)} | ${of(raw, "faith", 2)} | ${both("finish")} | ${both("sharpness")} | ${average.toFixed(2)} |`,
  );
}
