/** @file Finished parts together: results.json, and whatever follows from it; grids of pictures where all their models were drawn. */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readBytes, writeFileWhole } from "../../src/cli/files.ts";
import { decodeImage, encodePng } from "../../src/cli/images.ts";
import { inRows, sheet, squaresOf } from "../../src/cli/sheet.ts";
import { mainModels } from "../../src/paper/names.ts";
import { published } from "../../src/paper/published.ts";
import { type PaperResults, type Part, readResults } from "../../src/paper/results.ts";
import { SIDE, render, rgbaOf } from "../../src/pocket/render.ts";
import { type Asked, MODEL } from "./options.ts";
import { partKinds, SHOWN } from "./parts.ts";
import { isDone, type Of, readDone } from "./store.ts";

async function gathered(asked: Asked, seed: Of): Promise<Record<string, Part>> {
  const found: Record<string, Part> = {};
  for (const { id, perSeed } of partKinds)
    if (perSeed === (seed !== null) && isDone(asked, id, seed)) found[id] = await readDone(asked, id, seed);
  return found;
}

/** Seeds of which something is finished, not only those that were asked for. */
async function seedsOf({ out }: Asked): Promise<readonly number[]> {
  const folder = join(out, "parts");
  const names = existsSync(folder) ? await readdir(folder) : [];
  return names
    .flatMap((name) => (name.startsWith("seed-") ? [Number(name.slice("seed-".length))] : []))
    .sort((a, b) => a - b);
}

export async function writeReport(asked: Asked, identity: string): Promise<void> {
  const seeds = [];
  for (const seed of await seedsOf(asked)) seeds.push({ seed, parts: await gathered(asked, seed) });
  const shared = await gathered(asked, null);
  if (seeds.length === 0 && Object.keys(shared).length === 0) return;
  const model = { folder: MODEL, sha256: identity };
  const results = readResults({ schema: 1, model, protocol: asked.protocol, shared, seeds } satisfies PaperResults);
  await writeFileWhole(join(asked.docs, "results.json"), `${JSON.stringify(results)}\n`);
  const files = published(results);
  for (const name of await readdir(asked.docs))
    if (/\.(svg|csv|tex)$/.test(name) && !files.has(name)) await rm(join(asked.docs, name));
  for (const [name, text] of files) await writeFileWhole(join(asked.docs, name), text);
  await writeGrids(asked, results);
}

/** Rows are captions; columns the final models of the first seed, and the finest picture of the caption. */
async function writeGrids({ out, docs, protocol }: Asked, { seeds }: PaperResults): Promise<void> {
  const paths = mainModels.map((id) =>
    join(out, "shown", `seed-${id === "base" ? 0 : (seeds[0]?.seed ?? 0)}`, `${id}.png`),
  );
  if (!paths.every((path) => existsSync(path))) return;
  const columns: Uint8ClampedArray[][] = [];
  for (const path of paths) columns.push(squaresOf(decodeImage(await readBytes(path), path), SIDE, SHOWN));
  const { prompts } = protocol;
  const rows = Array.from({ length: SHOWN }, (_, i) => {
    const prompt = prompts[Math.floor((i * prompts.length) / SHOWN)] as string;
    return [...columns.map((column) => column[i] as Uint8ClampedArray), rgbaOf(render(prompt, 1, 0))];
  });
  const halves = inRows(rows, SHOWN / 2);
  for (const [k, name] of ["figure-2.png", "figure-12.png"].entries())
    await writeFileWhole(join(docs, name), encodePng(sheet(halves[k] ?? [], { side: SIDE, scale: 2, gap: 4 })));
}
