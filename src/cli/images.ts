/** @file Pictures in Node: PNG and JPEG to pixels, upright, and pixels to PNG with the parameters that made them. */
import { crc32 } from "node:zlib";
import { convertIndexedToRgb, type DecodedPng, decode as decodePngFile, encode as encodePngFile } from "fast-png";
import { decode as decodeJpegFile } from "jpeg-js";
import { assert, StudioError } from "../lib/errors.ts";
import { exifOrientation, orient } from "../pairs/exif.ts";
import { readImageHeader } from "../pairs/image-header.ts";
import type { Pixels } from "../pairs/pixels.ts";

/** @throws StudioError `image` with a sentence about `label`. */
export function decodeImage(bytes: Uint8Array, label = "The file"): Pixels {
  const { format } = readImageHeader(bytes, label);
  if (format !== "PNG" && format !== "JPEG") {
    throw new StudioError(
      "image",
      `${label} is a ${format}, and the command line reads PNG and JPEG.`,
      "The page reads WebP.",
    );
  }
  try {
    return orient(format === "PNG" ? decodePng(bytes) : decodeJpeg(bytes), exifOrientation(bytes));
  } catch (error) {
    throw new StudioError("image", `${label} is a damaged ${format} (${(error as Error).message}).`);
  }
}

function decodeJpeg(bytes: Uint8Array): Pixels {
  // the header's check has bounded the size; the decoder's own limits only have to stand above it
  const limits = { maxResolutionInMP: 65, maxMemoryUsageInMB: 4096 };
  const { width, height, data } = decodeJpegFile(bytes, { useTArray: true, ...limits });
  return { width, height, rgba: new Uint8ClampedArray(data) };
}

function decodePng(bytes: Uint8Array): Pixels {
  const png = decodePngFile(bytes, { checkCrc: true });
  const { width, height } = png;
  if (png.palette)
    return { width, height, rgba: spread(convertIndexedToRgb(png), png.palette[0]?.length ?? 3, 255, null) };
  const values = png.depth < 8 ? unpack(png) : png.data;
  return { width, height, rgba: spread(values, png.channels, 2 ** png.depth - 1, png.transparency ?? null) };
}

/** Grey of 1, 2 or 4 bits: rows of whole bytes, the first pixel in the highest bits. */
function unpack({ width, height, depth, data }: DecodedPng): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const values = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i++) {
    const bit = (i % width) * depth;
    const byte = data[Math.floor(i / width) * rowBytes + Math.floor(bit / 8)] as number;
    values[i] = (byte >> (8 - depth - (bit % 8))) & (2 ** depth - 1);
  }
  return values;
}

/** One to four channels of values up to `max` to RGBA bytes; a pixel of the key colour is transparent. */
function spread(
  values: ArrayLike<number>,
  channels: number,
  max: number,
  key: ArrayLike<number> | null,
): Uint8ClampedArray<ArrayBuffer> {
  const colours = channels < 3 ? 1 : 3;
  const count = values.length / channels;
  const rgba = new Uint8ClampedArray(count * 4);
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    let keyed = key !== null && key.length >= colours;
    for (let c = 0; c < 3; c++) {
      const value = values[at + (c % colours)] as number;
      rgba[i * 4 + c] = (value / max) * 255;
      keyed &&= value === key?.[c % colours];
    }
    rgba[i * 4 + 3] = channels > colours ? ((values[at + colours] as number) / max) * 255 : keyed ? 0 : 255;
  }
  return rgba;
}

/** RGB of 8 bits. `parameters` is the text that A1111, ComfyUI and Civitai look for. */
export function encodePng({ width, height, rgba }: Pixels, parameters: string | null = null): Uint8Array {
  assert(rgba.length === width * height * 4, `${rgba.length} bytes are not ${width}x${height} RGBA`);
  const rgb = rgba.filter((_, i) => i % 4 !== 3);
  const png = encodePngFile({ width, height, channels: 3, depth: 8, data: rgb });
  if (parameters === null) return png;
  const header = 8 + 25; // signature and IHDR
  return Buffer.concat([png.subarray(0, header), textChunk("parameters", parameters), png.subarray(header)]);
}

/** tEXt where Latin-1 can say it, else iTXt in UTF-8: uncompressed, no language. */
function textChunk(keyword: string, text: string): Buffer {
  const latin = /^[\n\x20-\x7e\xa0-\xff]*$/.test(text);
  const content = latin
    ? Buffer.from(`${keyword}\0${text}`, "latin1")
    : Buffer.from(`${keyword}\0\0\0\0\0${text}`, "utf8");
  const body = Buffer.concat([Buffer.from(latin ? "tEXt" : "iTXt", "latin1"), content]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(content.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

export interface Parameters {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly steps: number;
  readonly sampler: string;
  readonly guidance: number;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly model: string;
}

/** A1111's form: the prompt, the negative prompt, one line of settings. */
export function parametersText(made: Parameters): string {
  const settings = [
    `Steps: ${made.steps}`,
    `Sampler: ${made.sampler}`,
    `CFG scale: ${made.guidance}`,
    `Seed: ${made.seed}`,
    `Size: ${made.width}x${made.height}`,
    `Model: ${made.model}`,
  ];
  const negative = made.negativePrompt === "" ? [] : [`Negative prompt: ${made.negativePrompt}`];
  return [made.prompt, ...negative, settings.join(", ")].join("\n");
}
