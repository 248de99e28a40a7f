import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { decode, encode } from "fast-png";
import { describe, expect, test } from "vitest";
import type { Pixels } from "../pairs/pixels.ts";
import { decodeImage, encodePng, parametersText } from "./images.ts";

interface Stored {
  name: string;
  file: string;
  width: number;
  height: number;
  rgba: string;
}
const golden = new URL("../../e2e/goldens/pairs/images.json", import.meta.url);
const { files } = JSON.parse(readFileSync(golden, "utf8")) as { files: Stored[] };
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const readable = files.filter(({ name }) => /^(png|jpeg)/.test(name));

test.each(readable)("$name is decoded as Pillow does, upright", ({ name, file, width, height, rgba }) => {
  const got = decodeImage(bytes(file));
  expect([got.width, got.height]).toEqual([width, height]);
  const expected = bytes(rgba);
  // decoders of JPEG may round differently
  const allowed = name.startsWith("jpeg") ? 3 : 0;
  const worst = got.rgba.reduce((max, value, i) => Math.max(max, Math.abs(value - (expected[i] ?? 999))), 0);
  expect(worst).toBeLessThanOrEqual(allowed);
  expect(got.rgba.length).toBe(expected.length);
});

test("sixteen bits become eight", () => {
  const file = encode({ width: 2, height: 1, channels: 1, depth: 16, data: Uint16Array.of(0x8080, 0xffff) });
  expect(decodeImage(file).rgba).toEqual(Uint8ClampedArray.of(128, 128, 128, 255, 255, 255, 255, 255));
});

describe("refused in a sentence", () => {
  const file = (name: string) => bytes(files.find((stored) => stored.name === name)?.file ?? "");
  const cases: readonly [string, Uint8Array, RegExp][] = [
    ["WebP", file("webp"), /^x is a WebP, and the command line reads PNG and JPEG\.$/],
    ["a PNG cut off", file("png rgb").slice(0, 60), /^x is a damaged PNG/],
    ["a PNG with a wrong bit", file("png rgb").map((byte, i) => (i === 50 ? byte ^ 1 : byte)), /^x is a damaged PNG/],
    ["a JPEG cut off", file("jpeg").slice(0, 300), /^x is a damaged JPEG/],
    ["no image", new Uint8Array(9), /^x is not an image/],
  ];
  test.each(cases)("%s", (_, broken, message) => {
    expect(() => decodeImage(broken, "x")).toThrow(message);
  });
});

const picture: Pixels = {
  width: 3,
  height: 2,
  rgba: Uint8ClampedArray.from({ length: 24 }, (_, i) => (i % 4 === 3 ? 255 : i * 9)),
};

test("what is encoded is decoded", () => {
  expect(decodeImage(encodePng(picture, "x"))).toEqual(picture);
  expect(decode(encodePng(picture))).toMatchObject({ channels: 3, depth: 8, text: {} });
});

const made = {
  prompt: "a red circle",
  negativePrompt: "",
  steps: 20,
  sampler: "DDIM",
  guidance: 7.5,
  seed: 42,
  width: 3,
  height: 2,
  model: "pocket",
};

test("the parameters are A1111's text, in the chunk that it reads", () => {
  const text = parametersText({ ...made, negativePrompt: "blurry" });
  expect(text).toBe(
    "a red circle\nNegative prompt: blurry\nSteps: 20, Sampler: DDIM, CFG scale: 7.5, Seed: 42, Size: 3x2, Model: pocket",
  );
  expect(decode(encodePng(picture, text), { checkCrc: true }).text).toEqual({ parameters: text });
});

const python = process.env.SPIN_PYTHON;
test.skipIf(!python)("Pillow reads the pixels and the parameters, Latin-1 or not (set SPIN_PYTHON)", () => {
  const script = `
import base64, io, json, sys
from PIL import Image
image = Image.open(io.BytesIO(sys.stdin.buffer.read()))
print(json.dumps([image.mode, image.info["parameters"], base64.b64encode(image.tobytes()).decode()]))`;
  for (const prompt of ["café", "数字 🎉"]) {
    const text = parametersText({ ...made, prompt });
    const out = execFileSync(python as string, ["-c", script], { input: encodePng(picture, text), encoding: "utf8" });
    const rgb = Buffer.from(picture.rgba.filter((_, i) => i % 4 !== 3)).toString("base64");
    expect(JSON.parse(out)).toEqual(["RGB", text, rgb]);
  }
});
