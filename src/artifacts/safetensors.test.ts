import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StudioError } from "../lib/errors.ts";
import { sizeOf } from "../lib/tensor.ts";
import { bytesAccess, type RandomAccess } from "./random-access.ts";
import {
  type FileTensor,
  openSafetensors,
  parseSafetensors,
  type StoredDType,
  toFloat32,
  writeSafetensors,
} from "./safetensors.ts";
import { fileBytes } from "./safetensors-header.ts";

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** length, header, data */
function file(header: string, data = 0, length: bigint | null = null): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}
/** The same bytes, and how many are asked for at a time. */
function counted(bytes: Uint8Array, reads: number[]): RandomAccess {
  const source = bytesAccess(bytes);
  const read: RandomAccess["read"] = (offset, length) => {
    reads.push(length);
    return source.read(offset, length);
  };
  return { size: source.size, read };
}
const one = (info: string, data = 16) => file(`{"test":${info}}`, data);

describe("the format's own cases", () => {
  const good: readonly [string, Uint8Array, readonly number[] | null][] = [
    ["a scalar", one('{"dtype":"I32","shape":[],"data_offsets":[0,4]}', 4), []],
    ["a matrix", one('{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}'), [2, 2]],
    ["a tensor without elements", one('{"dtype":"I32","shape":[2,0],"data_offsets":[0, 0]}', 0), [2, 0]],
    ["white space after the header", ascii("\x06\0\0\0\0\0\0\0{}\x0d\x20\x09\x0a"), null],
    ["white space before the header", ascii("\x06\0\0\0\0\0\0\0\x09\x0a{}\x0d\x20"), null],
  ];
  test.each(good)("reads %s", (_, bytes, shape) => {
    const { tensors } = parseSafetensors(bytes);
    expect(tensors.get("test")?.shape ?? null).toEqual(shape);
  });

  const overlapping = Array.from(
    { length: 10 },
    (_, i) => `"w_${i}":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}`,
  );
  const bad: readonly [string, Uint8Array, RegExp][] = [
    ["an empty file", new Uint8Array(0), /has 0 bytes/],
    ["a length over the cap", ascii("<\0\0\0\0\xff\xff\xff{}"), /at most 16 MB/],
    ["a length of 2^63", file("{}", 0, 2n ** 63n), /claims 9223372036854775808 bytes/],
    ["a length beyond the file", ascii("<\0\0\0\0\0\0\0"), /claims 60 bytes, and the file has 8/],
    ["a header that is not UTF-8", ascii("\x01\0\0\0\0\0\0\0\xff"), /not UTF-8/],
    ["a header that is not JSON", ascii("\x01\0\0\0\0\0\0\0{"), /not JSON/],
    ["a header that is a list", file("[]"), /not a JSON object/],
    ["an empty header", file(""), /not JSON/],
    ["many tensors over the same bytes", file(`{${overlapping.join(",")}}`, 16), /overlaps/],
    ["a tail", one('{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}', 50), /last 34 bytes belong to no tensor/],
    ["missing bytes", one('{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}', 14), /outside the file's 14 bytes/],
    ["a hole", one('{"dtype":"I32","shape":[2],"data_offsets":[8,16]}'), /8 bytes before "test" belong to no tensor/],
    ["offsets the wrong way round", one('{"dtype":"I32","shape":[2],"data_offsets":[16,8]}'), /outside/],
    [
      "a size that is not its shape's",
      one('{"dtype":"I32","shape":[2,2],"data_offsets":[0,4]}', 4),
      /needs 16 bytes, and has 4/,
    ],
    ["a shape over 2^64", one('{"dtype":"I32","shape":[2,18446744073709551614],"data_offsets":[0,16]}'), /above 2\^53/],
    [
      "2^53 + 1 as a dimension",
      one('{"dtype":"U8","shape":[9007199254740993,0],"data_offsets":[0,0]}', 0),
      /above 2\^53/,
    ],
    [
      "an overflowing product",
      one('{"dtype":"I32","shape":[4294967296,4294967296],"data_offsets":[0,0]}', 0),
      /needs 73786976294838206464/,
    ],
    [
      "a negative dimension",
      one('{"dtype":"I32","shape":[-2,-2],"data_offsets":[0,16]}'),
      /not a list of whole numbers/,
    ],
    ["a fraction", one('{"dtype":"I32","shape":[4.0],"data_offsets":[0,16]}'), /not a list of whole numbers/],
    ["an unknown element type", one('{"dtype":"F33","shape":[4],"data_offsets":[0,16]}'), /unknown element type F33/],
    [
      "an inherited element type",
      one('{"dtype":"toString","shape":[4],"data_offsets":[0,16]}'),
      /unknown element type/,
    ],
    ["an unknown field", one('{"dtype":"F32","shape":[4],"data_offsets":[0,16],"x":1}'), /unknown field "x"/],
    ["nine dimensions", one('{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,4],"data_offsets":[0,16]}'), /at most 8/],
    [
      "a repeated name",
      file(
        '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
        4,
      ),
      /"a" only once/,
    ],
    [
      "a name of 600 characters",
      file(`{"${"a".repeat(600)}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`),
      /600 characters/,
    ],
    [
      "two tensors that share some bytes",
      file(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
        6,
      ),
      /"b" overlaps another tensor/,
    ],
    [
      "a hole in the middle",
      file(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[6,8]}}',
        8,
      ),
      /2 bytes before "b" belong to no tensor/,
    ],
    [
      "a field given twice",
      one('{"dtype":"F32","dtype":"F16","shape":[4],"data_offsets":[0,16]}'),
      /"dtype" only once/,
    ],
    ["metadata given twice", file('{"__metadata__":{},"__metadata__":{}}'), /"__metadata__" only once/],
    ["a missing shape", one('{"dtype":"F32","data_offsets":[0,16]}'), /not a list of whole numbers/],
    ["missing offsets", one('{"dtype":"F32","shape":[4]}'), /not two whole numbers/],
    ["three offsets", one('{"dtype":"F32","shape":[4],"data_offsets":[0,8,16]}'), /not two whole numbers/],
    ["elements of half a byte", one('{"dtype":"F4","shape":[32],"data_offsets":[0,16]}'), /unknown element type F4/],
    ["a tensor that is a number", file('{"test":1}'), /"test" is not an object/],
    ["something behind the object", file("{}{}"), /not JSON/],
    [
      "more tensors than any model has",
      file(
        `{${Array.from({ length: 20_001 }, (_, i) => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`).join(",")}}`,
      ),
      /names 20001 tensors, and at most 20000/,
    ],
    ["metadata that are not strings", file('{"__metadata__":{"a":1}}'), /"a" is not a string/],
    ["deep nesting", file(`{"a":${"[".repeat(50)}`), /levels/],
  ];
  test.each(bad)("refuses %s", async (_, bytes, message) => {
    expect(() => parseSafetensors(bytes)).toThrow(message);
    const reads: number[] = [];
    await expect(openSafetensors(counted(bytes, reads))).rejects.toThrow(message);
    // what is refused was never more in memory than the file has
    expect(reads.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(2 * bytes.length);
  });

  test("__proto__ is a name like any other", () => {
    const bytes = file(
      '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"__metadata__":{"__proto__":"x"}}',
      1,
    );
    const { tensors, metadata } = parseSafetensors(bytes);
    expect([...tensors.keys(), ...metadata.keys()]).toEqual(["__proto__", "__proto__"]);
    expect(({} as { dtype?: string }).dtype).toBeUndefined();
    expect([...parseSafetensors(writeSafetensors(tensors)).tensors.keys()]).toEqual(["__proto__"]);
  });
});

const arrays = {
  F32: Float32Array,
  F16: Uint16Array,
  I32: Int32Array,
  I64: BigInt64Array,
  BOOL: Uint8Array,
  U8: Uint8Array,
};
const tensor: fc.Arbitrary<FileTensor> = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(arrays) as StoredDType[])),
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
  })
  .chain(({ dtype, shape }) => {
    const bytes = sizeOf(shape) * fileBytes[dtype];
    return fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((data) => ({ dtype, shape, data: new arrays[dtype](new Uint8Array(data).buffer) }));
  });
const raw = ({ data }: FileTensor) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex");

test("what is written is read, bit for bit, whole or in pieces", async () => {
  const names = fc.uniqueArray(
    fc.string({ maxLength: 20 }).filter((name) => name !== "__metadata__"),
    { maxLength: 8 },
  );
  const property = fc.asyncProperty(
    names,
    fc.array(tensor, { minLength: 8, maxLength: 8 }),
    fc.string(),
    async (keys, pool, note) => {
      const tensors = new Map(keys.map((key, i) => [key, pool[i] as FileTensor]));
      const bytes = writeSafetensors(tensors, { note });
      const whole = parseSafetensors(bytes);
      const opened = await openSafetensors(bytesAccess(bytes));
      expect(whole.metadata.get("note")).toBe(note);
      expect(new Set(whole.tensors.keys())).toEqual(new Set(keys));
      for (const [name, wanted] of tensors) {
        for (const got of [whole.tensors.get(name) as FileTensor, await opened.read(name)]) {
          expect([got.dtype, got.shape, raw(got)]).toEqual([wanted.dtype, wanted.shape, raw(wanted)]);
        }
        const info = opened.tensors.get(name);
        expect((info?.offset ?? 1) % fileBytes[wanted.dtype]).toBe(0);
      }
    },
  );
  await fc.assert(property, { numRuns: 200 });
});

const outcome = (bytes: Uint8Array) => {
  try {
    parseSafetensors(bytes);
    return "read";
  } catch (error) {
    return error instanceof StudioError ? error.code : String(error);
  }
};

test("a good file with some bytes of its header changed is refused with a reason, or still has each byte in one tensor", async () => {
  const good = writeSafetensors(
    new Map([
      ["a", { dtype: "F32", shape: [2, 3], data: new Float32Array(6) }],
      ["b", { dtype: "F16", shape: [], data: Uint16Array.of(0x3c00) }],
      ["c", { dtype: "U8", shape: [0, 4], data: new Uint8Array(0) }],
    ]),
    { format: "pt" },
  );
  const start = 8 + new DataView(good.buffer).getUint32(0, true);
  const change = fc.record({
    at: fc.nat(start - 1),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(...ascii('0129,:"{}[]- '))),
  });
  const seen = new Set<string>();
  const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
    const bytes = good.slice();
    for (const { at, byte } of changes) bytes[at] = byte;
    const result = outcome(bytes);
    seen.add(result);
    expect(["read", "safetensors"]).toContain(result);
    const reads: number[] = [];
    const opened = await openSafetensors(counted(bytes, reads)).catch(() => null);
    expect(opened !== null).toBe(result === "read");
    expect(reads.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(2 * bytes.length);
    const held = opened
      ? [...opened.tensors.values()].reduce((sum, tensor) => sum + tensor.bytes, 0)
      : good.length - start;
    const own = 8 + new DataView(bytes.buffer).getUint32(0, true);
    expect(held).toBe(opened ? bytes.length - own : good.length - start);
  });
  await fc.assert(property, { numRuns: 1000 });
  expect(seen).toEqual(new Set(["read", "safetensors"]));
});

test("bytes at random are refused with a reason or read, never anything else", () => {
  const header = fc.oneof(fc.string(), fc.json());
  const property = fc.property(header, fc.nat(64), fc.option(fc.bigInt(0n, 2n ** 64n - 1n)), (text, data, length) => {
    expect(["read", "safetensors"]).toContain(outcome(file(text, data, length)));
  });
  fc.assert(property, { numRuns: 1000 });
});

test("F64 and BF16 are read as float32, others are refused when read", async () => {
  const header =
    '{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},"c":{"dtype":"U16","shape":[],"data_offsets":[12,14]}}';
  const bytes = file(header, 14);
  const data = new DataView(bytes.buffer, bytes.length - 14);
  data.setFloat64(0, -1.5, true);
  data.setUint16(8, 0x3fc0, true);
  data.setUint16(10, 0xff80, true);
  const opened = await openSafetensors(bytesAccess(bytes), "weights");
  expect(await opened.read("a")).toMatchObject({ dtype: "F32", data: Float32Array.of(-1.5) });
  expect(await opened.read("b")).toMatchObject({ dtype: "F32", data: Float32Array.of(1.5, -Infinity) });
  expect(toFloat32({ dtype: "I64", shape: [2], data: BigInt64Array.of(-3n, 2n ** 40n) })).toEqual(
    Float32Array.of(-3, 2 ** 40),
  );
  await expect(opened.read("c")).rejects.toThrow("weights stores U16");
  await expect(opened.read("d")).rejects.toThrow('weights has no tensor "d".');
});

test("a file is read in pieces: the header, then one tensor", async () => {
  const bytes = writeSafetensors(
    new Map([
      ["a", { dtype: "F32", shape: [1000], data: new Float32Array(1000) }],
      ["b", { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) }],
    ]),
  );
  const reads: number[] = [];
  const source = counted(bytes, reads);
  const opened = await openSafetensors(source);
  expect((await opened.read("b")).data).toEqual(Float32Array.of(1, 2));
  expect(Math.max(...reads)).toBeLessThan(200);
  await expect(openSafetensors({ ...source, size: bytes.length + 1 })).rejects.toThrow("its last 1 bytes");
});

const python = process.env.SPIN_PYTHON;
test.skipIf(!python)("Python's safetensors reads what we write, and we read what it writes (set SPIN_PYTHON)", () => {
  const folder = mkdtempSync(join(tmpdir(), "safetensors-"));
  try {
    const tensors = new Map<string, FileTensor>([
      ["half", { dtype: "F16", shape: [3], data: Uint16Array.of(0x3c00, 0xc000, 0x7bff) }],
      ["long", { dtype: "I64", shape: [1], data: BigInt64Array.of(-(2n ** 60n)) }],
      ["flag", { dtype: "BOOL", shape: [2], data: Uint8Array.of(1, 0) }],
      ["naïve", { dtype: "F32", shape: [2, 1], data: Float32Array.of(0.1, -0) }],
    ]);
    writeFileSync(join(folder, "in"), writeSafetensors(tensors, { format: "pt" }));
    const script = `
import sys
from safetensors import safe_open
from safetensors.torch import load_file, save_file
with safe_open("in", "pt") as f: metadata = f.metadata()
save_file(load_file("in"), "out", metadata)`;
    execFileSync(python as string, ["-c", script], { cwd: folder });
    const back = parseSafetensors(readFileSync(join(folder, "out")));
    expect(back.metadata.get("format")).toBe("pt");
    for (const [name, wanted] of tensors) expect(raw(back.tensors.get(name) as FileTensor)).toBe(raw(wanted));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
