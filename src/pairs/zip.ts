/**
 * @file The entries of a zip, read one by one from where the directory says they lie. Everything that it claims is checked before
 * anything is unpacked, and unpacking stops at the claimed size: a bomb costs nothing. An entry's name is a name, never a place.
 * Layout: PKWARE's APPNOTE, sections 4.3 (records) and 4.5.3 (zip64).
 */
import { Inflate } from "fflate";
import { StudioError } from "../lib/errors.ts";
import { type FileParts, type ImportFile, partsOf, type Refused, refuse } from "./import-file.ts";

export const zipLimits = {
  entries: 10_000,
  entryBytes: 64 * 2 ** 20,
  totalBytes: 4 * 2 ** 30,
  /** for entries above a megabyte; deflate can do 1029 */
  ratio: 200,
} as const;

interface Entry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
  readonly link: boolean;
}

interface Unzipped {
  readonly files: readonly ImportFile[];
  readonly refused: readonly Refused[];
}

/** The files in a zip under the zip's own path; nothing is unpacked yet. @throws StudioError `pair` for what is no zip. */
export async function openZip(zip: ImportFile, entryBytes: number = zipLimits.entryBytes): Promise<Unzipped> {
  const parts = await partsOf(zip);
  let entries: readonly Entry[];
  try {
    entries = await readDirectory(parts);
  } catch (error) {
    if (error instanceof RangeError) refuse("The zip is damaged: its list of files ends too soon.");
    throw error;
  }
  const files: ImportFile[] = [];
  const refused: Refused[] = [];
  let total = 0;
  for (const entry of entries) {
    if (entry.name.endsWith("/")) continue;
    const path = `${zip.path}/${entry.name}`;
    const reason =
      whyNot(entry, entryBytes) ?? (total + entry.size > zipLimits.totalBytes ? "The zip holds more than 4 GB." : null);
    if (reason === null) {
      total += entry.size;
      files.push({ path, size: entry.size, bytes: () => unpack(parts, entry) });
    } else refused.push({ path, reason });
  }
  return { files, refused };
}

function whyNot({ name, flags, method, packed, size, link }: Entry, entryBytes: number): string | null {
  if (/(^|[\\/])\.\.([\\/]|$)|^[\\/]|^[A-Za-z]:|\p{Cc}/u.test(name)) {
    return "Its name in the zip is not a plain name.";
  }
  if (link) return "It is a link, and a file was expected.";
  if (flags & 1) return "It is encrypted.";
  if (method !== 0 && method !== 8) return "It is packed in a way that is not read here; zip it again as usual.";
  if (/\.zip$/i.test(name)) return "A zip in a zip is not opened.";
  if (size > entryBytes) return `It has more than ${entryBytes / 2 ** 20} MB unpacked.`;
  if (size > 2 ** 20 && size > packed * zipLimits.ratio) return "It unpacks to more than 200 times its size.";
  if (method === 0 && packed !== size) return "It is damaged: its sizes differ.";
  return null;
}

const endSignature = 0x06054b50;

async function readDirectory(parts: FileParts): Promise<readonly Entry[]> {
  // the end record: 22 bytes and a comment of up to 65535
  const tailAt = Math.max(0, parts.size - 22 - 65_535);
  const tail = viewOf(await parts.read(tailAt, parts.size));
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== endSignature) end--;
  if (end < 0) refuse("The file is not a zip, or it was cut off.");
  const { count, size, at } = await directoryOf(parts, tail, end, tailAt);
  if (count > zipLimits.entries) refuse(`The zip has ${count} entries, and at most ${zipLimits.entries} are read.`);
  if (size > 32 * 2 ** 20 || at + size > parts.size)
    refuse("The zip is damaged: its list of files is not where it says.");
  const view = viewOf(await parts.read(at, at + size));
  const entries: Entry[] = [];
  let packed = 0;
  for (let next = 0; entries.length < count; ) {
    const { entry, length } = readEntry(view, next);
    entries.push(entry);
    packed += entry.packed;
    next += length;
  }
  if (packed > parts.size) refuse("The zip’s entries lie over each other, as in a bomb.");
  return entries;
}

/** From the end record, or from the zip64 one that a locator before it points to. */
async function directoryOf(parts: FileParts, tail: DataView, end: number, tailAt: number) {
  const plain = {
    count: tail.getUint16(end + 10, true),
    size: tail.getUint32(end + 12, true),
    at: tail.getUint32(end + 16, true),
  };
  if (end < 20 || tail.getUint32(end - 20, true) !== 0x07064b50) return plain;
  const wideAt = whole(tail, end - 20 + 8);
  if (wideAt > tailAt + end) refuse("The zip is damaged: its list of files is not where it says.");
  const wide = viewOf(await parts.read(wideAt, wideAt + 56));
  if (wide.getUint32(0, true) !== 0x06064b50) refuse("The zip is damaged: its list of files is not where it says.");
  return { count: whole(wide, 32), size: whole(wide, 40), at: whole(wide, 48) };
}

function readEntry(view: DataView, at: number): { readonly entry: Entry; readonly length: number } {
  if (view.getUint32(at, true) !== 0x02014b50) refuse("The zip is damaged: its list of files is broken.");
  const u16 = (offset: number) => view.getUint16(at + offset, true);
  const u32 = (offset: number) => view.getUint32(at + offset, true);
  const [nameLength, extraLength, commentLength] = [u16(28), u16(30), u16(32)];
  const extraAt = at + 46 + nameLength;
  const [size, packed, offset] = widened(view, extraAt, extraLength, [u32(24), u32(20), u32(42)]);
  const madeOnUnix = u16(4) >>> 8 === 3;
  const entry: Entry = {
    name: nameOf(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength)),
    flags: u16(8),
    method: u16(10),
    packed,
    size,
    at: offset,
    link: madeOnUnix && ((u32(38) >>> 16) & 0xf000) === 0xa000,
  };
  return { entry, length: 46 + nameLength + extraLength + commentLength };
}

/** The extra field 1 holds, in order, those of the three numbers that are all ones. */
function widened(view: DataView, from: number, length: number, values: [number, number, number]): typeof values {
  for (let at = from; at + 4 <= from + length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    return values.map((value) => {
      if (value !== 0xffffffff) return value;
      next += 8;
      return whole(view, next - 8);
    }) as typeof values;
  }
  return values;
}

function nameOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}

function whole(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) refuse("The zip is damaged: a number in it is too large.");
  return Number(value);
}

const damaged = () => new StudioError("pair", "It is damaged in the zip and cannot be unpacked.");

/** One entry's bytes: local header of 30 bytes, name, extra, data. */
async function unpack(parts: FileParts, { at, packed, size, method }: Entry): Promise<Uint8Array> {
  const header = viewOf(await parts.read(at, at + 30));
  if (header.byteLength < 30 || header.getUint32(0, true) !== 0x04034b50) throw damaged();
  const begin = at + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  const data = await parts.read(begin, begin + packed);
  if (data.length !== packed) throw damaged();
  return method === 0 ? data.slice() : inflate(data, size);
}

/** 4 kB at a time, which give 4 MB at most: what grows over its claimed size is stopped there. */
function inflate(data: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let filled = 0;
  const stream = new Inflate((chunk) => {
    if (filled + chunk.length > size) throw damaged();
    out.set(chunk, filled);
    filled += chunk.length;
  });
  try {
    for (let i = 0; i < data.length; i += 4096) stream.push(data.subarray(i, i + 4096), i + 4096 >= data.length);
  } catch {
    throw damaged();
  }
  if (filled !== size) throw damaged();
  return out;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
