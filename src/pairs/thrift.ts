/** @file Thrift's compact protocol, as far as to see that a struct is no larger than the bytes it lies in. Source: its specification, "Thrift Compact protocol encoding". */

export interface Cursor {
  readonly view: DataView<ArrayBuffer>;
  offset: number;
}

const maxDepth = 16;
const maxNumberBytes = 10;

/** Fields and elements by their types' numbers. */
const type = { stop: 0, true: 1, false: 2, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, binary: 8, list: 9, struct: 12 };

/** Moves behind a struct. @throws Error where it is nested too deep, or a list in it has more elements than there are bytes. */
export function skipStruct(cursor: Cursor, depth = 0): void {
  if (depth > maxDepth) throw new Error("a header is nested too deep");
  for (;;) {
    const byte = cursor.view.getUint8(cursor.offset++);
    const kind = byte & 15;
    if (kind === type.stop) return;
    if (byte >> 4 === 0) skipNumber(cursor);
    if (kind !== type.true && kind !== type.false) skipValue(cursor, kind, depth);
  }
}

function skipValue(cursor: Cursor, kind: number, depth: number): void {
  if (kind === type.byte) cursor.offset += 1;
  else if (kind === type.double) cursor.offset += 8;
  else if (kind === type.i16 || kind === type.i32 || kind === type.i64) skipNumber(cursor);
  else if (kind === type.binary) skipBytes(cursor);
  else if (kind === type.list) skipList(cursor, depth + 1);
  else if (kind === type.struct) skipStruct(cursor, depth + 1);
  else throw new Error(`a header has a field of the unknown type ${kind}`);
}

function skipBytes(cursor: Cursor): void {
  const length = readLength(cursor);
  cursor.offset += length;
}

function skipList(cursor: Cursor, depth: number): void {
  if (depth > maxDepth) throw new Error("a header is nested too deep");
  const byte = cursor.view.getUint8(cursor.offset++);
  const kind = byte & 15;
  const short = byte >> 4;
  const length = short < 15 ? short : readLength(cursor);
  if (length > cursor.view.byteLength - cursor.offset)
    throw new Error(`a list claims ${length} elements, which is more than there are bytes`);
  const isFlag = kind === type.true || kind === type.false;
  for (let i = 0; i < length; i++) skipValue(cursor, isFlag ? type.byte : kind, depth);
}

function skipNumber(cursor: Cursor): void {
  for (let i = 0; i < maxNumberBytes; i++) if (cursor.view.getUint8(cursor.offset++) < 128) return;
  throw new Error("a number in a header has more than ten bytes");
}

/** Seven bits a byte, the lowest first. */
function readLength(cursor: Cursor): number {
  let length = 0;
  for (let unit = 1; unit < 2 ** 35; unit *= 128) {
    const byte = cursor.view.getUint8(cursor.offset++);
    length += (byte & 127) * unit;
    if (byte < 128) return length;
  }
  throw new Error("a length in a header has more than five bytes");
}
