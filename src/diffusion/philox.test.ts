import { expect, test } from "vitest";
import {
  keyOf,
  logOfWord,
  normals,
  philox4x32,
  type Stream,
  turn,
  uniform,
  type Words2,
  type Words4,
  words,
} from "./philox.ts";

const hex = (text: string) => text.split(" ").map((word) => Number.parseInt(word, 16));

// Random123, tests/kat_vectors, philox4x32 10: counter, key, output.
const knownAnswers = [
  ["00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
  ["ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"],
  ["243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"],
] as const;

test.each(knownAnswers)("philox4x32 of counter %s, key %s", (counter, key, want) => {
  expect(philox4x32(hex(counter) as unknown as Words4, hex(key) as unknown as Words2)).toEqual(hex(want));
});

const stream: Stream = { key: keyOf(5775709), place: [1, 2, 3] };

test("a stream is a function of its key and place: a longer draw begins with the shorter one", () => {
  expect([...words(stream, 100)].slice(0, 7)).toEqual([...words(stream, 7)]);
  expect([...normals(stream, 100)].slice(0, 7)).toEqual([...normals(stream, 7)]);
  expect(uniform(stream)).toBe((words(stream, 1)[0] as number) / 2 ** 32);
});

test("every word of key and place matters", () => {
  const others: Stream[] = [
    { ...stream, key: keyOf(5775710) },
    { ...stream, key: keyOf(5775709n + 2n ** 32n) },
    { ...stream, place: [0, 2, 3] },
    { ...stream, place: [1, 0, 3] },
    { ...stream, place: [1, 2, 0] },
  ];
  const firsts = [stream, ...others].map((s) => words(s, 4).join());
  expect(new Set(firsts).size).toBe(6);
});

test("the written-out log, cos and sin are right to float64's last places", () => {
  const edges = [
    0, 1, 2, 0x1fffffff, 0x20000000, 0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xc0000000, 0xffffffff,
  ];
  for (const word of [...edges, ...words(stream, 2000)]) {
    const log = Math.log(((word | 1) >>> 0) / 2 ** 32);
    expect(Math.abs(logOfWord(word) - log)).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(log)));
    const angle = 2 * Math.PI * (word / 2 ** 32);
    const [cos, sin] = turn(word);
    expect(Math.abs(cos - Math.cos(angle))).toBeLessThanOrEqual(2e-15);
    expect(Math.abs(sin - Math.sin(angle))).toBeLessThanOrEqual(2e-15);
  }
});

test("normals have the moments and the tail of a standard normal", () => {
  const x = normals(stream, 100_000);
  const mean = (power: number) => x.reduce((sum, value) => sum + value ** power, 0) / x.length;
  expect(Math.abs(mean(1))).toBeLessThan(0.015); // 4.7 standard errors
  expect(Math.abs(mean(2) - 1)).toBeLessThan(0.02);
  expect(Math.abs(mean(3))).toBeLessThan(0.06);
  expect(Math.abs(mean(4) - 3)).toBeLessThan(0.15);
  const beyond = x.filter((value) => Math.abs(value) > 1.959964).length / x.length;
  expect(Math.abs(beyond - 0.05)).toBeLessThan(0.0035);
  const neighbours = x.reduce((sum, value, i) => sum + value * (x[i ^ 1] as number), 0) / x.length;
  expect(Math.abs(neighbours)).toBeLessThan(0.02);
});
