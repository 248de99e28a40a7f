/** @file The EXIF orientation, 1 to 8, and the turning that it asks for. Nothing else of EXIF is read, and none is kept. */
import { jpegSegments } from "./image-header.ts";
import type { Pixels } from "./pixels.ts";

/** 1 (upright) where the file says nothing, or nothing that makes sense. */
export function exifOrientation(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const at = findExif(view);
    return at === null ? 1 : readOrientation(view, at);
  } catch (error) {
    if (error instanceof RangeError) return 1;
    throw error;
  }
}

const exifName = 0x45786966; // "Exif", in JPEG and some WebP followed by two zeros

/** Where the TIFF structure begins. */
function findExif(view: DataView): number | null {
  if (view.getUint16(0) === 0xffd8) {
    for (const { marker, at, length } of jpegSegments(view)) {
      if (marker === 0xe1 && length >= 6 && view.getUint32(at) === exifName) return at + 6;
    }
    return null;
  }
  if (view.getUint32(0) === 0x89504e47) {
    // chunks: length, name, content, checksum
    for (let at = 8; at + 8 <= view.byteLength; at += 12 + view.getUint32(at)) {
      if (view.getUint32(at + 4) === 0x65584966) return at + 8; // "eXIf"
    }
    return null;
  }
  if (view.getUint32(0) !== 0x52494646) return null; // "RIFF"
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    if (view.getUint32(at) === 0x45584946) return view.getUint32(at + 8) === exifName ? at + 14 : at + 8; // "EXIF"
    at += 8 + size + (size % 2);
  }
  return null;
}

/** Tag 0x112 of the first directory: entries of 12 bytes, tag, type, count, value. */
function readOrientation(view: DataView, start: number): number {
  const little = view.getUint16(start) === 0x4949;
  if (view.getUint16(start + 2, little) !== 42) return 1;
  const directory = start + view.getUint32(start + 4, little);
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (view.getUint16(entry, little) !== 0x112) continue;
    const value = view.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** The picture as it should be looked at. */
export function orient(pixels: Pixels, orientation: number): Pixels {
  if (orientation === 1) return pixels;
  const { width: w, height: h } = pixels;
  const turned = orientation >= 5;
  const [width, height] = turned ? [h, w] : [w, h];
  const from = new Uint32Array(pixels.rgba.buffer, pixels.rgba.byteOffset, w * h);
  const to = new Uint32Array(w * h);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = turned ? [y, x] : [x, y];
      const mirrorX = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
      const mirrorY = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
      to[y * width + x] = from[(mirrorY ? h - 1 - v : v) * w + (mirrorX ? w - 1 - u : u)] as number;
    }
  }
  return { width, height, rgba: new Uint8ClampedArray(to.buffer) };
}
