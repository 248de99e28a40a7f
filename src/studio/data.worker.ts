/** @file The worker that reads the user's files: unpacks, finds captions, decodes, hashes; keeps the files for another crop. */
import { StudioError } from "../lib/errors.ts";
import { type Import, openImport } from "../pairs/import.ts";
import { likeness } from "../pairs/likeness.ts";
import { openKeyValue } from "../storage/keyval.ts";
import type { DataCallName, DataCalls, ReadPair, SourceFile } from "./data-api.ts";
import { readPicture } from "./read-picture.ts";
import { toWire } from "./wire-error.ts";

const store = openKeyValue("spin-studio-originals");
/** The only project there was before models had their own: its pictures lay under their hashes alone. */
const FIRST = "studio";
const keyOf = (project: string, pictureHash: string): string => `${project}/${pictureHash}`;

/** A batch is this many pairs at least, since each costs the page a look at all of them, and this long where they are quick. */
const batchPairs = 16;
const batchMs = 300;
const batchBytes = 8 * 2 ** 20;

interface Reading {
  readonly project: string;
  readonly source: Import;
  readonly pairs: AsyncIterator<Awaited<ReturnType<ReturnType<Import["pairs"]>["next"]>>["value"]>;
  readonly side: number;
  readonly faults: { readonly path: string; readonly reason: string }[];
  done: number;
}
let reading: Reading | null = null;

type Handlers = {
  readonly [N in DataCallName]: (params: DataCalls[N]["params"], project: string) => Promise<DataCalls[N]["result"]>;
};

const handlers: Handlers = {
  async open({ files, known, side }, project) {
    const source = await openImport(files.map(importFile), known);
    reading = { project, source, pairs: source.pairs(), side, faults: [], done: 0 };
    return { count: source.count, captions: source.captions };
  },

  async next() {
    const now = reading;
    if (!now) throw new StudioError("pair", "Nothing is being read.");
    const pairs: ReadPair[] = [];
    const originals: [string, Blob][] = [];
    // without them there is no other crop later, but there are pairs
    const keep = () => store.setMany(originals).catch(() => undefined);
    const end = performance.now() + batchMs;
    for (let bytes = 0; bytes < batchBytes && (pairs.length < batchPairs || performance.now() < end); ) {
      const { value, done } = await now.pairs.next();
      if (done) {
        reading = null;
        await keep();
        return { pairs, done: now.done, refused: [...now.source.refused(), ...now.faults] };
      }
      now.done += 1;
      if (!value) continue;
      const { header: _, bytes: file, ...rest } = value;
      try {
        const blob = new Blob([file as Uint8Array<ArrayBuffer>]);
        const picture = await readPicture(blob, now.side, null);
        originals.push([keyOf(now.project, value.pictureHash), blob]);
        const print = likeness({ width: now.side, height: now.side, rgba: picture.rgba });
        pairs.push({ ...rest, ...picture, side: now.side, likeness: print });
        bytes += picture.rgba.length;
      } catch (error) {
        now.faults.push({ path: value.path, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    await keep();
    return { pairs, done: now.done, refused: null };
  },

  async crop({ pictureHash, box, side }, project) {
    const file = await original(project, pictureHash);
    if (!file) throw new StudioError("image", "The whole picture is not kept in this browser. Add its file again.");
    return (await readPicture(file, side, box)).rgba;
  },

  original: ({ pictureHash }, project) => original(project, pictureHash),

  async forget(_, project) {
    const own = (key: string): boolean =>
      key.startsWith(keyOf(project, "")) || (project === FIRST && !key.includes("/"));
    await store.deleteMany((await store.keys()).filter(own));
    return null;
  },
};

async function original(project: string, pictureHash: string): Promise<Blob | null> {
  const file = (await store.get(keyOf(project, pictureHash))) ?? (project === FIRST && (await store.get(pictureHash)));
  return file instanceof Blob ? file : null;
}

function importFile({ path, file }: SourceFile) {
  const read = async (start: number, end: number) => new Uint8Array(await file.slice(start, end).arrayBuffer());
  return { path, bytes: () => read(0, file.size), parts: { size: file.size, read } };
}

interface Asked {
  readonly id: number;
  readonly project: string;
  readonly name: DataCallName;
  readonly params: never;
}
self.addEventListener("message", ({ data: { id, project, name, params } }: MessageEvent<Asked>) => {
  handlers[name](params, project).then(
    (result) => self.postMessage({ id, ok: true, result }),
    (error: unknown) => self.postMessage({ id, ok: false, error: toWire(error) }),
  );
});
