/** @file Format and size of an image from its first bytes, checked before anything decodes it: 32 kB can claim a gigabyte. */
import { StudioError } from "../lib/errors.ts";

export type ImageFormat = "PNG" | "JPEG" | "WebP" | "GIF";

export interface ImageHeader {
  readonly format: ImageFormat;
  readonly width: number;
  readonly height: number;
}

const maxPixels = 64e6;
const maxSide = 16_384;

/** @throws StudioError `image` with a sentence about `label`. */
export function readImageHeader(bytes: Uint8Array, label = "The file"): ImageHeader {
  let header: ImageHeader;
  try {
    header = parse(bytes);
    checkSize(header);
  } catch (error) {
    if (error instanceof RangeError) throw new StudioError("image", `${label} ends before its size is told.`);
    if (error instanceof StudioError) throw new StudioError("image", `${label} ${error.message}.`);
    throw error;
  }
  return header;
}

function checkSize({ format, width, height }: ImageHeader): void {
  if (width === 0 || height === 0) refuse(`is a ${format} of ${width}x${height} pixels`);
  if (width > maxSide || height > maxSide || width * height > maxPixels) {
    refuse(`is ${width}x${height}, and at most 64 million pixels and 16,384 a side are read`);
  }
}

/** `reason` goes on after the file's name. */
function refuse(reason: string): never {
  throw new StudioError("image", reason);
}

function parse(bytes: Uint8Array): ImageHeader {
  if (bytes.length === 0) refuse("is empty");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength >= 8 && view.getUint32(0) === 0x89504e47 && view.getUint32(4) === 0x0d0a1a0a) return png(view);
  if (view.byteLength >= 3 && view.getUint16(0) === 0xffd8 && view.getUint8(2) === 0xff) return jpeg(view);
  if (ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 12) === "WEBP") return webp(view, ascii(bytes, 12, 16));
  if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6))) {
    return { format: "GIF", width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  return refuse(`is ${otherFormat(bytes)}, and PNG, JPEG or WebP was expected`);
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}

function png(view: DataView): ImageHeader {
  if (view.getUint32(12) !== 0x49484452) refuse("is a PNG without its header");
  return { format: "PNG", width: view.getUint32(16), height: view.getUint32(20) };
}

/** Segments FF, marker, length; the frame header (C0 to CF without C4, C8, CC) has precision, height, width. */
function jpeg(view: DataView): ImageHeader {
  for (const { marker, at } of jpegSegments(view)) {
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { format: "JPEG", width: view.getUint16(at + 3), height: view.getUint16(at + 1) };
    }
  }
  return refuse("is a JPEG without a frame");
}

/** The segments before the picture's data; `at` is where a segment's content begins. */
export function* jpegSegments(view: DataView): Generator<{ marker: number; at: number; length: number }> {
  let at = 2;
  while (at + 4 <= view.byteLength) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff) return;
    // fill bytes may stand before a marker
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xda || marker === 0xd9) return;
    // these have no content: to skip a length after them would hide the frame that a decoder sees
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2;
      continue;
    }
    const length = view.getUint16(at + 2);
    yield { marker, at: at + 4, length: length - 2 };
    at += 2 + Math.max(2, length);
  }
}

function webp(view: DataView, kind: string): ImageHeader {
  if (kind === "VP8X") {
    const size = (at: number) => 1 + (view.getUint16(at, true) | (view.getUint8(at + 2) << 16));
    return { format: "WebP", width: size(24), height: size(27) };
  }
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return { format: "WebP", width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  if (kind !== "VP8 ") refuse("is a WebP without a picture");
  return { format: "WebP", width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}

function otherFormat(bytes: Uint8Array): string {
  const brand = ascii(bytes, 4, 8) === "ftyp" ? ascii(bytes, 8, 12) : "";
  if (/^(heic|heix|heim|heis|hevc|mif1|msf1)$/.test(brand)) return "a HEIC photo";
  if (/^avi[fs]$/.test(brand)) return "an AVIF";
  const start = ascii(bytes, 0, Math.min(bytes.length, 512));
  if (/^(II\*\0|MM\0\*)/.test(start)) return "a TIFF";
  if (start.startsWith("BM")) return "a BMP";
  if (/<svg[\s>]/i.test(start)) return "an SVG drawing, which has no pixels";
  return "not an image";
}
