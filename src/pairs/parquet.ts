/**
 * @file Captions, and pictures too, from Parquet: metadata.parquet with `file_name` and `text`, or a Hugging Face data set whose
 * `image` is {bytes, path}. Captions are read at once; the pictures a row group at a time, when they are asked for.
 */
import { gunzipSync } from "fflate";
import { parquetReadObjects, parquetSchema } from "hyparquet/src/index.js";
import { StudioError } from "../lib/errors.ts";
import { cleanCaption } from "./captions.ts";
import { type ImportFile, partsOf, refuse } from "./import-file.ts";
import { checkColumns, readMetadata } from "./parquet-claims.ts";
import { captionFields, faulty, fieldOf, nameFields, rowOf, type TableRow } from "./tables.ts";

export interface Embedded {
  readonly file: ImportFile;
  readonly caption: string;
}

export interface ParquetTable {
  /** rows that name a picture, and rows that are of no use */
  readonly rows: readonly TableRow[];
  /** rows that hold their picture */
  readonly embedded: readonly Embedded[];
}

const unpackers = { GZIP: gunzip };

/** @throws StudioError `pair` */
export async function readParquet(file: ImportFile): Promise<ParquetTable> {
  try {
    return await read(file);
  } catch (error) {
    if (error instanceof StudioError) throw error;
    const words = error instanceof Error ? error.message.slice(0, 200) : String(error);
    return refuse(`The file is no Parquet that can be read here (${words}).`);
  }
}

async function read(source: ImportFile): Promise<ParquetTable> {
  const parts = await partsOf(source);
  const file = {
    byteLength: parts.size,
    // a copy: the reader wants a buffer that is this part and nothing else
    slice: async (start: number, end = parts.size) => new Uint8Array(await parts.read(start, end)).buffer,
  };
  const metadata = await readMetadata(parts);
  const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  const count = groups.reduce((sum, rows) => sum + rows, 0);
  const columns = parquetSchema(metadata).children;
  const named = columns.filter(({ children }) => children.length === 0).map(({ element }) => element.name);
  const captionName = captionFields.find((name) => named.includes(name));
  if (captionName === undefined) refuse('The file has no "text".');
  const options = { file, metadata, utf8: false, compressors: unpackers } as const;
  const image = columns.find(({ element, children }) => {
    return element.name === "image" && children.some((child) => child.element.name === "bytes");
  });
  if (image === undefined) {
    const name = nameFields.find((field) => named.includes(field));
    if (name === undefined) refuse('The file has neither a "file_name" nor an "image" with its bytes.');
    await checkColumns(parts, metadata, [name, captionName], metadata.row_groups, unpackers);
    const rows = await parquetReadObjects({ ...options, columns: [name, captionName], rowFormat: "object" });
    return { rows: rows.map((row, i) => rowOf(`Row ${i + 1}`, asText(row))), embedded: [] };
  }
  await checkColumns(parts, metadata, [captionName], metadata.row_groups, unpackers);
  const captions = await parquetReadObjects({ ...options, columns: [captionName], rowFormat: "object" });
  const readGroup = lastOnly(async (rowStart: number) => {
    const group = starts.findLastIndex((start) => start === rowStart);
    const rowEnd = rowStart + (groups[group] ?? 0);
    await checkColumns(parts, metadata, ["image"], metadata.row_groups.slice(group, group + 1), unpackers);
    return parquetReadObjects({ ...options, columns: ["image"], rowFormat: "object", rowStart, rowEnd });
  });
  const starts = groups.map((_, i) => groups.slice(0, i).reduce((sum, rows) => sum + rows, 0));
  const digits = String(count).length;
  const rows: TableRow[] = [];
  const embedded: Embedded[] = [];
  for (const [i, record] of captions.entries()) {
    const caption = fieldOf(asText(record), [captionName]);
    const start = starts.findLast((from) => from <= i) ?? 0;
    try {
      const path = `${source.path}/row ${String(i + 1).padStart(digits, "0")}`;
      const bytes = async () => bytesOf((await readGroup(start))[i - start]);
      embedded.push({ file: { path, bytes }, caption: cleanCaption(typeof caption === "string" ? caption : "") });
    } catch (error) {
      if (!(error instanceof StudioError)) throw error;
      rows.push(faulty(`Row ${i + 1}`, `is of no use: ${error.message.replace(/\.$/, "")}`));
    }
  }
  return { rows, embedded };
}

function bytesOf(row: unknown): Uint8Array {
  const bytes = fieldOf(fieldOf(row, ["image"]), ["bytes"]);
  return bytes instanceof Uint8Array ? bytes : refuse("The row has no picture.");
}

/** Strings that the file did not mark as text come as bytes. */
function asText(record: unknown): unknown {
  const decode = (value: unknown) => (value instanceof Uint8Array ? new TextDecoder("utf-8").decode(value) : value);
  return Object.fromEntries(Object.entries(record as object).map(([name, value]) => [name, decode(value)]));
}

function gunzip(packed: Uint8Array, size: number): Uint8Array {
  return gunzipSync(packed, { out: new Uint8Array(size) });
}

/** Remembers the last answer alone: pictures are met in the order of their rows. */
function lastOnly<T>(work: (key: number) => Promise<T>): (key: number) => Promise<T> {
  let last: { readonly key: number; readonly value: Promise<T> } | null = null;
  return (key) => {
    if (last?.key !== key) last = { key, value: work(key) };
    return last.value;
  };
}
