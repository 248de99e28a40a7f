/**
 * @file Whether a PNG is as the studio writes them: a header, eight-bit RGBA of a known size, an end, and pixels that unpack to
 * as many bytes as they should. Only then is it given to a decoder, which would unpack whatever else it is given.
 */
import { Unzlib } from "fflate";
import { readImageHeader } from "./image-header.ts";

export function isPlainPng(bytes: Uint8Array, side: number): boolean {
  try {
    const { format, width, height } = readImageHeader(bytes);
    const colours = bytes[24] === 8 && bytes[25] === 6 && bytes[28] === 0; // depth, RGBA, not interlaced
    // a filter's number before every row
    return format === "PNG" && width === side && height === side && colours && unpacksTo(bytes, side * (4 * side + 1));
  } catch {
    return false;
  }
}

/** 4 kB at a time, which give 4 MB at most, so a bomb is seen early. */
function unpacksTo(bytes: Uint8Array, expected: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let unpacked = 0;
  const stream = new Unzlib((chunk) => {
    unpacked += chunk.length;
    if (unpacked > expected) throw new RangeError("more than its pixels");
  });
  // chunks: length, name, content, checksum; the header's is 25 bytes
  for (let at = 8 + 25; ; ) {
    const length = view.getUint32(at);
    const name = view.getUint32(at + 4);
    if (name === 0x49454e44) return at + 12 === bytes.length && unpacked === expected; // "IEND"
    if (name !== 0x49444154) return false; // "IDAT"
    for (let from = at + 8, end = from + length; from < end; from += 4096) {
      stream.push(bytes.subarray(from, Math.min(from + 4096, end)));
    }
    at += 12 + length;
  }
}
