/**
 * @file The user's files become pairs of an image and a caption. Captions come from `a.txt` or `a.caption` beside `a.png`, else
 * from metadata.jsonl. What cannot be used is told, file by file; the rest is kept. The order of the files does not matter.
 */
import { required, StudioError } from "../lib/errors.ts";
import { sha256 } from "../lib/sha256.ts";
import { cleanCaption, decodeText, parseMetadata } from "./captions.ts";
import { type ImageHeader, readImageHeader } from "./image-header.ts";

export interface ImportFile {
  /** with "/" between folders */
  readonly path: string;
  bytes(): Promise<Uint8Array>;
}

export interface ImportedPair {
  /** sha256 of the image's bytes, a zero, and the caption: equal for equal pairs, whatever the file is called */
  readonly id: string;
  readonly path: string;
  readonly caption: string;
  readonly header: ImageHeader;
  read(): Promise<Uint8Array>;
}

export interface Refused {
  readonly path: string;
  /** a sentence */
  readonly reason: string;
}

export interface Imported {
  /** sorted by path */
  readonly pairs: readonly ImportedPair[];
  /** sorted by path */
  readonly refused: readonly Refused[];
}

const imageEnding = /\.(png|jpe?g|webp)$/i;
const captionEnding = /\.(txt|caption)$/i;
const metadataName = /(^|\/)metadata\.jsonl$/;
/** What systems leave in folders, and what data sets keep beside their pairs. */
const ignored = /(^|\/)(\.[^/]*|__MACOSX\/.*|Thumbs\.db|desktop\.ini|(README|LICENSE)(\.md|\.txt)?)$/i;
const maxTextBytes = 64 * 2 ** 20;
const maxLinesTold = 100;

/** The files of one import, and what could not be used of them. */
interface Import {
  readonly files: ReadonlyMap<string, ImportFile>;
  readonly paths: readonly string[];
  readonly refused: Refused[];
}

export async function importPairs(files: readonly ImportFile[]): Promise<Imported> {
  const refused: Refused[] = [];
  const byPath = new Map<string, ImportFile>();
  for (const file of files) {
    const path = cleanPath(file.path);
    if (ignored.test(path)) continue;
    if (byPath.has(path)) refused.push({ path, reason: "Another file has the same path." });
    else byPath.set(path, file);
  }
  const all: Import = { files: byPath, paths: [...byPath.keys()].sort(), refused };
  const captions = new Map<string, string>();
  await readSidecars(all, captions);
  await readMetadata(all, captions);
  const pairs = await readPairs(all, captions);
  await explainOthers(all);
  refused.sort((a, b) => compare(a.path, b.path) || compare(a.reason, b.reason));
  return { pairs, refused };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function cleanPath(path: string): string {
  return path.replaceAll("\\", "/").replace(/^(\.?\/)+/, "");
}

/** Does the work, or says about `path` why not: a StudioError's sentence is the reason. */
async function orRefuse({ refused }: Import, path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reason = error instanceof StudioError ? error.message : `The file cannot be read (${String(error)}).`;
    refused.push({ path, reason });
  }
}

function refuse(reason: string): never {
  throw new StudioError("pair", reason);
}

function bytesOf({ files }: Import, path: string): Promise<Uint8Array> {
  return required(files.get(path), path).bytes();
}

async function textOf(all: Import, path: string): Promise<string> {
  const bytes = await bytesOf(all, path);
  if (bytes.length > maxTextBytes) refuse("The file has more than 64 MB, and text was expected.");
  return decodeText(bytes);
}

/** Fills image path -> caption; `.txt` comes before `.caption`. */
async function readSidecars(all: Import, captions: Map<string, string>): Promise<void> {
  const images = new Map<string, string[]>();
  for (const path of all.paths.filter((file) => imageEnding.test(file))) {
    const stem = path.replace(imageEnding, "");
    images.set(stem, [...(images.get(stem) ?? []), path]);
  }
  for (const ending of [/\.txt$/i, /\.caption$/i]) {
    for (const path of all.paths.filter((file) => ending.test(file))) {
      await orRefuse(all, path, async () => {
        const owners = images.get(path.replace(ending, "")) ?? refuse("No image has the same name.");
        const caption = cleanCaption(await textOf(all, path));
        for (const image of owners) if (!captions.has(image)) captions.set(image, caption);
      });
    }
  }
}

/** The same from metadata.jsonl, for images without a sidecar. Paths are relative to its folder. */
async function readMetadata(all: Import, captions: Map<string, string>): Promise<void> {
  for (const path of all.paths.filter((file) => metadataName.test(file))) {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    await orRefuse(all, path, async () => {
      const faults: string[] = [];
      for (const { line, fileName, caption, fault } of parseMetadata(await textOf(all, path))) {
        const image = cleanPath(folder + fileName);
        if (fault) faults.push(`Line ${line} ${fault}.`);
        else if (!all.files.has(image))
          faults.push(`Line ${line} names ${fileName.slice(0, 200)}, which is not among the files.`);
        else if (!captions.has(image)) captions.set(image, caption);
      }
      for (const reason of faults.slice(0, maxLinesTold)) all.refused.push({ path, reason });
      if (faults.length > maxLinesTold) refuse(`${faults.length - maxLinesTold} more lines are of no use.`);
    });
  }
}

/** One image in memory at a time; only header and hash are kept. */
async function readPairs(all: Import, captions: ReadonlyMap<string, string>): Promise<readonly ImportedPair[]> {
  const pairs = new Map<string, ImportedPair>();
  for (const path of all.paths.filter((file) => imageEnding.test(file))) {
    await orRefuse(all, path, async () => {
      const bytes = await bytesOf(all, path);
      const header = readImageHeader(bytes);
      if (header.format === "GIF") refuse("The file is a GIF, and PNG, JPEG or WebP was expected.");
      const caption = captions.get(path) ?? refuse(noCaption(path));
      const id = await pairId(bytes, caption);
      const twin = pairs.get(id);
      if (twin) refuse(`The image and its caption are those of ${twin.path}.`);
      pairs.set(id, { id, path, caption, header, read: () => bytesOf(all, path) });
    });
  }
  return [...pairs.values()];
}

function noCaption(path: string): string {
  const stem = path.replace(/^.*\//, "").replace(imageEnding, "");
  return `The image has no caption: ${stem}.txt, ${stem}.caption or a line of metadata.jsonl was expected.`;
}

async function explainOthers(all: Import): Promise<void> {
  for (const path of all.paths) {
    if (imageEnding.test(path) || captionEnding.test(path) || metadataName.test(path)) continue;
    await orRefuse(all, path, async () => {
      // for other kinds of image, the reader of headers has the words
      if (/\.(svgz?|hei[cf]|avif|bmp|tiff?)$/i.test(path)) readImageHeader(await bytesOf(all, path));
      refuse("The file is neither a PNG, JPEG or WebP image nor a caption.");
    });
  }
}

async function pairId(image: Uint8Array, caption: string): Promise<string> {
  const text = new TextEncoder().encode(caption);
  const all = new Uint8Array(image.length + 1 + text.length);
  all.set(image);
  all.set(text, image.length + 1);
  return sha256(all);
}
