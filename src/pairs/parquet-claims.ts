/**
 * @file What a Parquet file claims, looked at before it is read: the reader takes memory by what headers say of a page's values and
 * size and by what a run in a page says of its length, and a few bytes can claim billions. What lies within these bounds is read.
 */
import type { ColumnMetaData, DataPageHeader, FileMetaData, PageHeader } from "hyparquet/src/index.js";
import { parquetMetadata, parquetSchema } from "hyparquet/src/index.js";
import { parquetHeader } from "hyparquet/src/column.js";
import { decompressPage } from "hyparquet/src/datapage.js";
import { readRleBitPackedHybrid } from "hyparquet/src/encoding.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getTreePath } from "hyparquet/src/schema.js";
import { readVarInt } from "hyparquet/src/thrift.js";
import { type FileParts, refuse } from "./import-file.ts";
import { type Cursor, skipStruct } from "./thrift.ts";

export const maxRows = 100_000;
const maxBytes = 2 ** 30;
/** deflate's best is 1032 : 1 */
const maxRatio = 1100;
const footerBytes = 8;

type DataPageHeaderV2 = NonNullable<PageHeader["data_page_header_v2"]>;

export type Unpackers = Readonly<Record<string, (packed: Uint8Array, size: number) => Uint8Array>>;

interface Column {
  readonly codec: ColumnMetaData["codec"];
  readonly type: ColumnMetaData["type"];
  readonly unpackers: Unpackers;
  readonly maxRepetition: number;
  readonly maxDefinition: number;
}

/** How many bytes may still be unpacked. */
interface Budget {
  bytes: number;
}

/** @throws StudioError `pair` where it claims more rows than are read; Error where it is no Parquet. */
export async function readMetadata(file: FileParts): Promise<FileMetaData> {
  const end = cursorOf(await file.read(Math.max(0, file.size - footerBytes), file.size)).view;
  const size = end.getUint32(0, true) + footerBytes;
  if (size > file.size) throw new Error("its footer is longer than the file");
  const footer = await file.read(file.size - size, file.size);
  skipStruct(cursorOf(footer));
  const metadata = parquetMetadata(footer, { geoparquet: false });
  let count = 0;
  for (const { num_rows, total_byte_size } of metadata.row_groups) {
    if (total_byte_size > maxBytes) refuse("The file has row groups of more than 1 GB; write it with smaller ones.");
    if (num_rows < 0n) throw new Error("a row group has fewer than no rows");
    count += Number(num_rows);
  }
  if (count > maxRows) refuse(`The file has ${count} rows, and at most ${maxRows} are read.`);
  return metadata;
}

/**
 * Looks at every page of these columns in these row groups.
 * @throws StudioError `pair` where they claim more than is read; Error where they are no Parquet.
 */
export async function checkColumns(
  file: FileParts,
  metadata: FileMetaData,
  names: readonly string[],
  groups: FileMetaData["row_groups"],
  unpackers: Unpackers,
): Promise<void> {
  const tree = parquetSchema(metadata);
  const left: Budget = { bytes: maxBytes };
  for (const group of groups) {
    for (const { meta_data: meta } of group.columns) {
      if (!meta || !names.includes(meta.path_in_schema[0] ?? "")) continue;
      const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
      const bytes = await file.read(start, start + Number(meta.total_compressed_size));
      const schemaPath = getTreePath(tree, meta.path_in_schema);
      const [maxRepetition, maxDefinition] = [getMaxRepetitionLevel(schemaPath), getMaxDefinitionLevel(schemaPath)];
      checkChunk(bytes, { ...meta, unpackers, maxRepetition, maxDefinition }, left);
    }
  }
}

function checkChunk(bytes: Uint8Array, column: Column, left: Budget): void {
  const cursor = cursorOf(bytes);
  const { view } = cursor;
  let values = 0;
  while (cursor.offset < view.byteLength - 1) {
    skipStruct({ view, offset: cursor.offset });
    const header = parquetHeader(cursor);
    const size = header.compressed_page_size;
    if (!isWithin(size, view.byteLength - cursor.offset)) throw new Error("a page is longer than its column");
    const packed = bytes.subarray(cursor.offset, cursor.offset + size);
    values = atMost(values + checkPage(packed, header, column, left), maxRows);
    cursor.offset += size;
  }
}

/** Returns how many rows' values it has. */
function checkPage(packed: Uint8Array, header: PageHeader, column: Column, left: Budget): number {
  const size = header.uncompressed_page_size;
  if (!isWithin(size, Math.min(left.bytes, (packed.length + 1) * maxRatio)))
    refuse("The file claims more bytes than it can hold, or than are read (1 GB).");
  left.bytes -= size;
  const { type, data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: dictionary } = header;
  if (type === "DATA_PAGE" && v1) return checkPageV1(packed, size, v1, column);
  if (type === "DATA_PAGE_V2" && v2) return checkPageV2(packed, size, v2, column);
  if (type !== "DICTIONARY_PAGE") throw new Error("a page is of an unknown type");
  atMost(dictionary?.num_values, maxRows);
  return 0;
}

function checkPageV1(packed: Uint8Array, size: number, page: DataPageHeader, column: Column): number {
  const count = atMost(page.num_values, maxRows);
  const cursor = cursorOf(decompressPage(packed, size, column.codec, { ...column.unpackers }));
  if (column.maxRepetition > 0) readLevels(cursor, column.maxRepetition, count);
  const levels = column.maxDefinition > 0 ? readLevels(cursor, column.maxDefinition, count) : [];
  const nulls = levels.filter((level) => level !== column.maxDefinition).length;
  checkValues(cursor, page.encoding, column, count - nulls);
  return count;
}

function checkPageV2(packed: Uint8Array, size: number, page: DataPageHeaderV2, column: Column): number {
  const count = atMost(page.num_values, maxRows);
  const nulls = atMost(page.num_nulls, count);
  atMost(page.num_rows, maxRows);
  const repetitionBytes = atMost(page.repetition_levels_byte_length, packed.length);
  const levelBytes = repetitionBytes + atMost(page.definition_levels_byte_length, packed.length);
  const levels = cursorOf(packed);
  if (column.maxRepetition > 0) checkRuns({ ...levels }, widthOf(column.maxRepetition), count);
  levels.offset = repetitionBytes;
  if (column.maxDefinition > 0) checkRuns(levels, widthOf(column.maxDefinition), count);
  const rest = packed.subarray(levelBytes);
  const { codec, unpackers } = column;
  const values = page.is_compressed !== false ? decompressPage(rest, size - levelBytes, codec, { ...unpackers }) : rest;
  checkValues(cursorOf(values), page.encoding, column, count - nulls);
  return count;
}

/** Of a page of the first version: their length in bytes stands before them. */
function readLevels(cursor: Cursor, maxLevel: number, count: number): readonly number[] {
  const width = widthOf(maxLevel);
  checkRuns({ ...cursor, offset: cursor.offset + 4 }, width, count);
  const levels = new Array<number>(count);
  readRleBitPackedHybrid(cursor, width, levels);
  return levels;
}

function checkValues(cursor: Cursor, encoding: string, { type }: Column, count: number): void {
  if (encoding === "PLAIN") return;
  if (type !== "BOOLEAN" && (encoding === "PLAIN_DICTIONARY" || encoding === "RLE_DICTIONARY")) {
    if (count > 0) checkRuns(cursor, cursor.view.getUint8(cursor.offset++), count);
  } else if (encoding === "DELTA_LENGTH_BYTE_ARRAY") {
    readVarInt(cursor);
    atMost(readVarInt(cursor), maxRows);
  } else refuse(`The file packs its values in a way that is not read here (${encoding}); write it with another.`);
}

/** Runs of one value and of bit-packed ones, as far as the reader reads them. */
function checkRuns(cursor: Cursor, width: number, count: number): void {
  let seen = 0;
  while (seen < count) {
    const header = readVarInt(cursor);
    const isPacked = (header & 1) === 1;
    const run = atMost((header >>> 1) * (isPacked ? 8 : 1), maxRows);
    // the reader takes a byte where there are none to take, too
    cursor.offset += isPacked ? Math.max(1, (run * width) / 8) : (width + 7) >> 3;
    seen += run;
  }
}

const widthOf = (maxLevel: number): number => 32 - Math.clz32(maxLevel);

const isWithin = (value: unknown, most: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;

function atMost(value: unknown, most: number): number {
  return isWithin(value, most) ? value : refuse(`The file claims more values than are read (${maxRows}).`);
}

function cursorOf(bytes: Uint8Array): Cursor {
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array<ArrayBuffer>;
  return { view: new DataView(buffer, byteOffset, byteLength), offset: 0 };
}
