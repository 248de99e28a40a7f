/**
 * @file The user's files become pairs of an image and a caption. Captions come from `a.txt` or `a.caption` beside `a.png`, else
 * from a table (jsonl, csv, json, parquet). A worse picture of the same caption, for Diffusion-DPO, is `a.loser.png` or what the table
 * names as the loser. Zips are looked into. What cannot be used is told, file by file; the rest is kept.
 * Nothing depends on the order of the files.
 */
import { required, StudioError } from "../lib/errors.ts";
import { sha256 } from "../lib/sha256.ts";
import { twinId } from "../lib/twin-id.ts";
import { cleanCaption, decodeText, maxCaption } from "./captions.ts";
import { type ImageHeader, readImageHeader } from "./image-header.ts";
import { cleanPath, compare, type ImportFile, readAtMost, type Refused, refuse, textOf } from "./import-file.ts";
import { readParquet } from "./parquet.ts";
import { parseCsv, parseJsonLines, parseJsonList, type TableRow } from "./tables.ts";
import { openZip } from "./zip.ts";

export interface ImportedPair {
  /** `pictureHash`, or what `twinId` makes of it for the same picture under another caption: whatever the file is called */
  readonly id: string;
  /** sha256 of the image's bytes */
  readonly pictureHash: string;
  readonly path: string;
  /** "" where none was found */
  readonly caption: string;
  readonly header: ImageHeader;
  readonly bytes: Uint8Array;
  /** a given picture that lost against it; null: none */
  readonly loser: { readonly path: string; bytes(): Promise<Uint8Array> } | null;
}

/** A picture that came before: a caption that comes now is for it too. */
export interface KnownPicture {
  readonly id: string;
  readonly path: string;
  readonly caption: string;
}

export interface Import {
  /** images to be read */
  readonly count: number;
  /** for pictures that came before without a caption */
  readonly captions: readonly { readonly id: string; readonly caption: string }[];
  /** Those with a caption by path, then those without; one image in memory at a time. */
  pairs(): AsyncGenerator<ImportedPair | null>;
  /** Sorted by path; whole when `pairs` has come to its end. */
  refused(): readonly Refused[];
}

const imageEnding = /\.(png|jpe?g|webp)$/i;
const loserEnding = /\.loser(?=\.(png|jpe?g|webp)$)/i;
const captionEnding = /\.(txt|caption)$/i;
const tableEnding = /\.(jsonl|csv|json|parquet)$/i;
/** What systems leave in folders, and what data sets keep beside their pairs. */
const ignored = /(^|\/)(\.[^/]*|__MACOSX\/.*|Thumbs\.db|desktop\.ini|(README|LICENSE)(\.md|\.txt)?)$/i;
const maxImageBytes = 256 * 2 ** 20;
/** white space included */
const maxCaptionBytes = 256 * 2 ** 10;
const maxLinesTold = 100;

/** The files of one import, and what could not be used of them. */
interface Files {
  readonly byPath: Map<string, ImportFile>;
  readonly paths: readonly string[];
  readonly known: ReadonlyMap<string, KnownPicture>;
  readonly refused: Refused[];
  /** winner's path -> loser's path */
  readonly losers: Map<string, string>;
}

export async function openImport(
  given: readonly ImportFile[],
  knownPictures: readonly KnownPicture[] = [],
): Promise<Import> {
  const refused: Refused[] = [];
  const byPath = new Map<string, ImportFile>();
  for (const file of await unzipped(given, refused)) {
    if (ignored.test(file.path)) continue;
    const other = byPath.get(file.path);
    if (other) refused.push({ path: file.path, reason: "Another file has the same path." });
    byPath.set(file.path, other ? await sooner(file, other) : file);
  }
  const known = new Map(knownPictures.map((picture) => [picture.path, picture]));
  const files: Files = { byPath, paths: [...byPath.keys()].sort(), known, refused, losers: new Map() };
  const captions = new Map<string, string>();
  await readSidecars(files, captions);
  const embedded = await readTables(files, captions);
  findLosers(files);
  await explainOthers(files);
  const lost = new Set(files.losers.values());
  const images = [...files.paths.filter((path) => imageEnding.test(path) && !lost.has(path)), ...embedded];
  const captioned = images.filter((path) => captions.has(path)).sort(compare);
  const bare = images.filter((path) => !captions.has(path));
  return {
    count: images.length,
    captions: knownPictures.flatMap(({ id, path }) => {
      const caption = byPath.has(path) ? undefined : captions.get(path);
      return caption === undefined ? [] : [{ id, caption }];
    }),
    pairs: () => readPairs(files, [...captioned, ...bare], captions),
    refused: () => [...refused].sort((a, b) => compare(a.path, b.path) || compare(a.reason, b.reason)),
  };
}

/** What to say where a caption is needed. */
export function noCaption(path: string): string {
  const stem = path.replace(/^.*\//, "").replace(imageEnding, "");
  return `The image has no caption: ${stem}.txt, ${stem}.caption or a line of metadata.jsonl was expected.`;
}

/** Of two with the same path: told by what is in them, so the order in which they came does not matter. */
async function sooner(one: ImportFile, other: ImportFile): Promise<ImportFile> {
  const hash = (file: ImportFile) =>
    readAtMost(file, maxImageBytes, "")
      .then(sha256)
      .catch(() => "~");
  return (await hash(one)) < (await hash(other)) ? one : other;
}

/** The files themselves, and those in their zips. */
async function unzipped(given: readonly ImportFile[], refused: Refused[]): Promise<readonly ImportFile[]> {
  const all: ImportFile[] = [];
  for (const file of given) {
    const path = cleanPath(file.path);
    const named: ImportFile = { ...file, path, bytes: () => file.bytes() };
    if (!/\.zip$/i.test(path)) {
      all.push(named);
      continue;
    }
    await orRefuse(refused, path, async () => {
      const inside = await openZip(named);
      all.push(...inside.files);
      refused.push(...inside.refused.filter((entry) => !ignored.test(entry.path)));
    });
  }
  return all.map((file) => ({ ...file, path: cleanPath(file.path) }));
}

/** Does the work, or says about `path` why not: a StudioError's sentence is the reason. */
async function orRefuse(refused: Refused[], path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reason = error instanceof StudioError ? error.message : `The file cannot be read (${String(error)}).`;
    refused.push({ path, reason });
  }
}

function fileAt({ byPath }: Files, path: string): ImportFile {
  return required(byPath.get(path), path);
}

/** Fills image path -> caption; `.txt` comes before `.caption`. */
async function readSidecars(files: Files, captions: Map<string, string>): Promise<void> {
  const images = new Map<string, string[]>();
  const known = [...files.known.keys()].filter((path) => !files.byPath.has(path));
  for (const path of [...files.paths, ...known].filter((file) => imageEnding.test(file))) {
    const stem = path.replace(imageEnding, "");
    images.set(stem, [...(images.get(stem) ?? []), path]);
  }
  for (const ending of [/\.txt$/i, /\.caption$/i]) {
    for (const path of files.paths.filter((file) => ending.test(file))) {
      await orRefuse(files.refused, path, async () => {
        const owners = images.get(path.replace(ending, "")) ?? refuse("No image has the same name.");
        const long = `The file has more than 256 kB, and a caption has at most ${maxCaption} characters.`;
        const caption = cleanCaption(decodeText(await readAtMost(fileAt(files, path), maxCaptionBytes, long)));
        for (const image of owners) giveCaption(files, captions, image, caption);
      });
    }
  }
}

/** A caption that a person may have changed since is not written over. */
function giveCaption(files: Files, captions: Map<string, string>, image: string, caption: string): void {
  const before = files.byPath.has(image) ? undefined : files.known.get(image);
  if (!captions.has(image) && (before?.caption ?? "") === "") captions.set(image, caption);
}

/** `a.loser.png` beside an image `a` of any ending. */
function findLosers({ paths, losers, refused }: Files): void {
  for (const path of paths.filter((each) => loserEnding.test(each))) {
    const stem = path.replace(loserEnding, "").replace(imageEnding, "");
    const winner = paths.find(
      (each) => each !== path && imageEnding.test(each) && each.replace(imageEnding, "") === stem,
    );
    if (winner === undefined) refused.push({ path, reason: "No image has the same name without .loser." });
    losers.set(winner ?? path, path);
  }
}

/** The same from tables, for images without a sidecar; gives the paths of the pictures that the tables hold. */
async function readTables(files: Files, captions: Map<string, string>): Promise<readonly string[]> {
  const embedded: string[] = [];
  for (const path of files.paths.filter((file) => tableEnding.test(file))) {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    await orRefuse(files.refused, path, async () => {
      const faults: string[] = [];
      for (const { where, fileName, caption, loser, fault } of await rowsOf(files, path, captions, embedded)) {
        const image = cleanPath(folder + fileName);
        if (fault) faults.push(`${where} ${fault}.`);
        else if (!files.byPath.has(image) && !files.known.has(image))
          faults.push(`${where} names ${fileName.slice(0, 200)}, which is not among the files.`);
        else {
          giveCaption(files, captions, image, caption);
          if (loser === null) continue;
          const other = cleanPath(folder + loser);
          if (files.byPath.has(other)) files.losers.set(image, other);
          else faults.push(`${where} names ${loser.slice(0, 200)} as the loser, which is not among the files.`);
        }
      }
      for (const reason of faults.slice(0, maxLinesTold)) files.refused.push({ path, reason });
      if (faults.length > maxLinesTold) refuse(`${faults.length - maxLinesTold} more lines are of no use.`);
    });
  }
  return embedded;
}

async function rowsOf(
  files: Files,
  path: string,
  captions: Map<string, string>,
  embedded: string[],
): Promise<readonly TableRow[]> {
  const file = fileAt(files, path);
  if (/\.jsonl$/i.test(path)) return parseJsonLines(await textOf(file));
  if (/\.csv$/i.test(path)) return parseCsv(await textOf(file));
  if (/\.json$/i.test(path)) return parseJsonList(await textOf(file));
  const table = await readParquet(file);
  for (const { file: picture, caption } of table.embedded) {
    files.byPath.set(picture.path, picture);
    captions.set(picture.path, caption);
    embedded.push(picture.path);
  }
  return table.rows;
}

/** Null for an image that was refused, so that whoever counts can count. */
async function* readPairs(
  files: Files,
  paths: readonly string[],
  captions: ReadonlyMap<string, string>,
): AsyncGenerator<ImportedPair | null> {
  /** hash of the picture -> its captions, and whose they are */
  const met = new Map<string, Map<string, string>>();
  for (const path of paths) {
    let pair: ImportedPair | null = null;
    await orRefuse(files.refused, path, async () => {
      const file = fileAt(files, path);
      const bytes = await readAtMost(file, maxImageBytes, "The file has more than 256 MB.");
      const header = readImageHeader(bytes);
      if (header.format === "GIF") refuse("The file is a GIF, and PNG, JPEG or WebP was expected.");
      const caption = captions.get(path) ?? "";
      const pictureHash = await sha256(bytes);
      const twins = met.get(pictureHash) ?? new Map<string, string>();
      const twin = twins.get(caption);
      if (twin !== undefined) refuse(`The image and its caption are those of ${twin}.`);
      const [first] = twins.values();
      if (caption === "" && first !== undefined) refuse(`The same picture as ${first}, which has a caption.`);
      const id = first === undefined ? pictureHash : await twinId(pictureHash, caption);
      met.set(pictureHash, twins.set(caption, path));
      const lost = files.losers.get(path);
      const loser = lost === undefined ? null : fileAt(files, lost);
      pair = { id, pictureHash, path, caption, header, bytes, loser };
    });
    yield pair;
  }
}

async function explainOthers(files: Files): Promise<void> {
  for (const path of files.paths) {
    if (imageEnding.test(path) || captionEnding.test(path) || tableEnding.test(path)) continue;
    await orRefuse(files.refused, path, async () => {
      // for other kinds of image, the reader of headers has the words
      if (/\.(svgz?|hei[cf]|avif|bmp|tiff?)$/i.test(path)) readImageHeader(await fileAt(files, path).bytes());
      refuse("The file is neither a PNG, JPEG or WebP image nor a caption.");
    });
  }
}
