/** @file Texts in PNGs, read back by others: fast-png (which checks CRCs) for tEXt, and a walk over the chunks for iTXt. */
import { crc32 } from "node:zlib";
import { decode, encode } from "fast-png";
import { expect, test } from "vitest";
import { withText } from "./png-text.ts";

const png = encode({ width: 2, height: 1, channels: 3, depth: 8, data: Uint8Array.of(255, 0, 0, 0, 0, 255) });

test("a text of Latin letters is a tEXt chunk, and the pixels are what they were", () => {
  const text = "ein rötlicher Kreis\nSteps: 20, Sampler: DDIM";
  const read = decode(withText(png, "parameters", text), { checkCrc: true });
  expect(read.text).toEqual({ parameters: text });
  expect([...read.data]).toEqual([255, 0, 0, 0, 0, 255]);
});

test("any other letters make it an iTXt chunk in UTF-8, with its check sum", () => {
  const text = "赤い円 ● ™\nSteps: 20";
  const whole = Buffer.from(withText(png, "parameters", text));
  const length = whole.readUInt32BE(33);
  const body = whole.subarray(37, 41 + length);
  expect(body.subarray(0, 4).toString()).toBe("iTXt");
  expect(body.subarray(4, 19)).toEqual(Buffer.from("parameters\0\0\0\0\0"));
  expect(body.subarray(19).toString("utf8")).toBe(text);
  expect(whole.readUInt32BE(41 + length)).toBe(crc32(body));
  expect(decode(whole, { checkCrc: true }).width).toBe(2);
});
