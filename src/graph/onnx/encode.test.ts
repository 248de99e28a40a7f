/** @file The bytes of a program: the same for the same graph, small, and without a name for two things. Runs are judged in e2e. */
import { describe, expect, it } from "vitest";
import { add, mul, neg, ones } from "../functions.ts";
import type { Tensor } from "../ir.ts";
import { constant, emitAll, graphOf, input, scalar } from "../ir.ts";
import { randomGraph } from "../random-graph.ts";
import { simplify } from "../simplify.ts";
import { encodeOnnx } from "./encode.ts";
import { ProtoWriter } from "./protobuf.ts";

const x = input("x", { dtype: "float32", shape: [3] });
const bytesOf = (outputs: Readonly<Record<string, Tensor>>): Uint8Array => encodeOnnx(graphOf(outputs), "g");
const count = (bytes: Uint8Array, text: string): number => String.fromCharCode(...bytes).split(text).length - 1;

describe("encodeOnnx", () => {
  it("writes the same graph as the same bytes, however often it is built", () => {
    const once = () => bytesOf(simplify(randomGraph(8, 14).outputs));
    expect(once()).toEqual(once());
    expect(once()).not.toEqual(bytesOf(simplify(randomGraph(9, 14).outputs)));
  });

  it("writes the smallest program byte for byte", () => {
    const hex = Array.from(bytesOf({ y: neg(x) }), (byte) => byte.toString(16).padStart(2, "0")).join("");
    expect(hex).toMatchInlineSnapshot(
      `"0809120b7370696e2d73747564696f3a320a0b0a017812017922034e65671201675a0f0a0178120a0a08080112040a020803620f0a0179120a0a08080112040a02080342040a00101442110a0d636f6d2e6d6963726f736f66741001"`,
    );
  });

  it("writes each constant once, and a large constant of one value as a number", () => {
    const large = ones([1000, 1000]);
    const bytes = bytesOf({
      y: add(mul(input("a", large), large), constant(1, { dtype: "float32", shape: [1000, 1000] })),
    });
    expect(bytes.length).toBeLessThan(1000);
    const twice = bytesOf({ a: add(x, scalar(2)), b: mul(x, scalar(2)) });
    const [one, two] = [bytesOf({ a: add(x, scalar(2)), b: mul(x, scalar(3)) }), twice];
    expect(two.length).toBeLessThan(one.length);
  });

  it("names an input that is an output, and an output under two names", () => {
    const y = neg(x);
    const bytes = bytesOf({ same: x, y, again: y });
    expect(count(bytes, "Identity")).toBe(2);
    expect(count(bytesOf({ x }), "Identity")).toBe(0);
  });

  it("never gives a value of its own the name of an input or output", () => {
    const given = ["c0", "c1", "t0", "t1", "t2", "t3", "t4", "e1", "e2", "e3", "e4"].map((name) => input(name, x));
    const total = given.reduce((sum, t) => add(mul(sum, 2), t), neg(x));
    const bytes = bytesOf({ t20: total, t21: mul(total, constant(0.5, { dtype: "float32", shape: [20, 3] })) });
    // every value is made once: a name stands once among the outputs of nodes, inputs and initializers
    const made = definitions(bytes);
    expect(made.length).toBeGreaterThan(30);
    expect(new Set(made).size).toBe(made.length);
  });

  it("refuses a composite", () => {
    const q = input("q", { dtype: "float32", shape: [1, 2, 4] });
    const [dQ] = emitAll("AttentionGrad", [q, q, q, q, q], { heads: 2, scale: 1 });
    expect(() => bytesOf({ dQ: dQ as Tensor })).toThrow(/composite/);
  });
});

describe("ProtoWriter", () => {
  it("writes the examples of protobuf's encoding guide", () => {
    expect([...new ProtoWriter().int(1, 150).finish()]).toEqual([0x08, 0x96, 0x01]);
    expect([...new ProtoWriter().string(2, "testing").finish()]).toEqual([0x12, 7, ...Buffer.from("testing")]);
    expect([...new ProtoWriter().message(3, (m) => m.int(1, 150)).finish()]).toEqual([0x1a, 3, 0x08, 0x96, 0x01]);
    expect([...new ProtoWriter().int(1, -2).finish()]).toEqual([0x08, 0xfe, ...new Array<number>(8).fill(0xff), 1]);
    expect([...new ProtoWriter().float(4, 1).finish()]).toEqual([0x25, 0, 0, 0x80, 0x3f]);
  });

  it("grows", () => {
    const long = "a".repeat(5000);
    const bytes = new ProtoWriter().string(1, long).int(2, 7).finish();
    expect(bytes.length).toBe(1 + 2 + 5000 + 2);
    expect([...bytes.subarray(-2)]).toEqual([0x10, 7]);
  });
});

interface Field {
  readonly field: number;
  readonly bytes: Uint8Array;
}

/** The length-delimited fields of a message. */
function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let [value, factor, byte] = [0, 1, 0];
    do {
      byte = bytes[at++] as number;
      value += (byte & 127) * factor;
      factor *= 128;
    } while (byte > 127);
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    if ((tag & 7) === 0) varint();
    else if ((tag & 7) === 5) at += 4;
    else {
      const length = varint();
      found.push({ field: tag >> 3, bytes: bytes.subarray(at, at + length) });
      at += length;
    }
  }
  return found;
}

/** Names of all that a model's graph (field 7) defines: node outputs (1.2), initializers (5.8), inputs (11.1). */
function definitions(model: Uint8Array): string[] {
  const places = [
    [1, 2],
    [5, 8],
    [11, 1],
  ] as const;
  const graph = fields(model).find(({ field }) => field === 7) as Field;
  return fields(graph.bytes).flatMap(({ field, bytes }) => {
    const name = places.find(([part]) => part === field)?.[1];
    return fields(bytes).flatMap((inner) => (inner.field === name ? [String.fromCharCode(...inner.bytes)] : []));
  });
}
