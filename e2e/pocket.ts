/**
 * @file Held-out captions drawn by our own Model from a pocket folder: `tsx e2e/pocket.ts FOLDER OUT`. Leaves in OUT
 * pocket.safetensors (final latents and seeds), captions.json and sheet.png (rows of eight), for oracle/pocket.py and for the eye.
 */
import { join } from "node:path";
import { writeSafetensors } from "../src/artifacts/safetensors.ts";
import { writeFileWhole } from "../src/cli/files.ts";
import { encodePng } from "../src/cli/images.ts";
import { inRows, sheet } from "../src/cli/sheet.ts";
import { GUIDANCE } from "../src/pocket/config.ts";
import { heldOutCaptions } from "../src/pocket/grammar.ts";
import { drawLatents } from "../src/studio/draw.ts";
import { openPocket } from "./pocket-model.ts";

const [folder = "public/pocket", out = "test-results/pocket", count = "32"] = process.argv.slice(2);
const COLUMNS = 8;
const STEPS = 16;
const BATCH = 8;

/** Far apart in the list, so that all times, layouts and shapes are met. */
const all = heldOutCaptions();
const captions = Array.from({ length: Number(count) }, (_, i) => all[(i * 97 + 11) % all.length] as string);
const seeds = captions.map((_, i) => 1000 + i);

const { model, base, size, dispose } = await openPocket(folder, BATCH, 2);
const pictures: Uint8ClampedArray[] = [];
const latents = new Float32Array(captions.length * size);
for (let start = 0; start < captions.length; start += BATCH) {
  const prompts = captions.slice(start, start + BATCH);
  const drawn = await drawLatents(model, base, {
    prompts,
    negativePrompt: "",
    seeds: seeds.slice(start, start + BATCH),
    steps: STEPS,
    guidance: GUIDANCE,
  });
  latents.set(drawn, start * size);
  for (let i = start; i < start + prompts.length; i++) {
    pictures.push(await model.decode(latents.subarray(i * size, (i + 1) * size)));
  }
}
const tensors = new Map([
  ["latents", { dtype: "F32" as const, shape: [captions.length, ...model.latents], data: latents }],
  ["seeds", { dtype: "I32" as const, shape: [seeds.length], data: Int32Array.from(seeds) }],
]);
await writeFileWhole(join(out, "pocket.safetensors"), writeSafetensors(tensors));
await writeFileWhole(join(out, "captions.json"), `${JSON.stringify(captions, null, 2)}\n`);
await writeFileWhole(join(out, "sheet.png"), encodePng(sheet(inRows(pictures, COLUMNS), { side: model.side })));
await dispose();
