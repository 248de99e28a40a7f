import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { bitLength, Sha256 } from "./sha256-stream.ts";

const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 31 + (i >> 5)) % 256);
const expected = (part: Uint8Array): string => createHash("sha256").update(part).digest("hex");

function inPieces(part: Uint8Array, piece: number): string {
  const hash = new Sha256();
  for (let at = 0; at < part.length; at += piece) hash.update(part.subarray(at, at + piece));
  return hash.digest();
}

test("every length around a block's, whole and byte by byte, as OpenSSL has it", () => {
  for (let length = 0; length <= 200; length++) {
    const part = bytes.subarray(0, length);
    expect([length, inPieces(part, 200)]).toEqual([length, expected(part)]);
    expect([length, inPieces(part, 1)]).toEqual([length, expected(part)]);
  }
});

test("pieces of any size give the same hash", () => {
  for (const piece of [3, 63, 64, 65, 127, 129, 1000, 4999]) expect(inPieces(bytes, piece)).toBe(expected(bytes));
});

test("files of gigabytes have more bits than 32 can count", () => {
  for (const bytes of [0, 2 ** 29 - 1, 2 ** 29, 2 ** 32 + 5, 4_265_380_512]) {
    const [high, low] = bitLength(bytes);
    expect(BigInt(high) * 2n ** 32n + BigInt(low)).toBe(BigInt(bytes) * 8n);
  }
});
