/** @file PNG as the studio writes it, and everything that only looks like it. */
import { encode } from "fast-png";
import { zlibSync } from "fflate";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isPlainPng } from "./plain-png.ts";

const side = 16;
const data = Uint8Array.from({ length: side * side * 4 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
const good = encode({ width: side, height: side, data, channels: 4 });

/** Length, name, content, and a checksum that nobody looks at. */
function chunk(name: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + content.length);
  new DataView(bytes.buffer).setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(content, 8);
  return bytes;
}
const head = good.slice(0, 8 + 25);
const end = chunk("IEND", new Uint8Array(0));
const joined = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const pixels = (bytes: number) => zlibSync(new Uint8Array(bytes));
const whole = side * (4 * side + 1);

test("what the studio writes is plain, in one chunk or in several", () => {
  expect(isPlainPng(good, side)).toBe(true);
  const packed = pixels(whole);
  const split = [chunk("IDAT", packed.slice(0, 9)), chunk("IDAT", packed.slice(9))];
  expect(isPlainPng(joined(head, ...split, end), side)).toBe(true);
});

test("other sizes, other kinds, other chunks, a tail, bombs: not plain", () => {
  const bomb = chunk("IDAT", pixels(8 * 2 ** 20));
  const cases: readonly [string, Uint8Array, number][] = [
    ["another size", good, side + 1],
    ["three channels", encode({ width: side, height: side, data: data.slice(0, side * side * 3), channels: 3 }), side],
    ["a bomb of pixels", joined(head, bomb, end), side],
    ["a byte too few", joined(head, chunk("IDAT", pixels(whole - 1)), end), side],
    ["a byte too many", joined(head, chunk("IDAT", pixels(whole + 1)), end), side],
    ["a colour profile, which may be a bomb", joined(head, chunk("iCCP", pixels(2 ** 20)), good.slice(33)), side],
    ["a text", joined(head, chunk("tEXt", new Uint8Array(9)), good.slice(33)), side],
    ["a tail", joined(good, Uint8Array.of(0)), side],
    ["no end", good.slice(0, -12), side],
    ["nothing", new Uint8Array(0), side],
  ];
  expect(cases.filter(([, bytes, size]) => isPlainPng(bytes, size)).map(([name]) => name)).toEqual([]);
});

test("bytes changed or cut anywhere never throw", () => {
  const changed = fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, value]) => good.with(at, value));
  const cut = fc.nat(good.length - 1).map((at) => good.slice(0, at));
  fc.assert(
    fc.property(fc.oneof(changed, cut, fc.uint8Array()), (bytes) => typeof isPlainPng(bytes, side) === "boolean"),
    { numRuns: 500 },
  );
});
