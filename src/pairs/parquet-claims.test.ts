/** @file Small files that claim much. They are written here, byte by byte: no writer writes them. */
import { expect, test } from "vitest";
import { readParquet } from "./parquet.ts";

type Bytes = readonly number[];

// Thrift's compact protocol, each field with its whole number
const varint = (n: number): Bytes => (n < 128 ? [n] : [(n % 128) + 128, ...varint(Math.floor(n / 128))]);
const zigzag = (n: number): Bytes => varint(n < 0 ? -2 * n - 1 : 2 * n);
const text = (value: string): Bytes => [...varint(value.length), ...Buffer.from(value)];
const struct = (fields: Readonly<Record<number, readonly [type: number, value: Bytes]>>): Bytes => [
  ...Object.entries(fields).flatMap(([id, [type, value]]) => [type, ...zigzag(Number(id)), ...value]),
  0,
];
const int = (n: number) => [5, zigzag(n)] as const;
const long = (n: number) => [6, zigzag(n)] as const;
const nested = (value: Bytes) => [12, value] as const;
const list = (type: number, values: readonly Bytes[], length = values.length) =>
  [9, [0xf0 + type, ...varint(length), ...values.flat()]] as const;
const u32 = (n: number): Bytes => [n % 256, (n >> 8) % 256, (n >> 16) % 256, n >>> 24];

const [plain, deltaText, deltaBytes, dictionary] = [0, 6, 7, 8];
const [unpacked, snappy] = [0, 1];

/** The first version's page: levels of one bit, in one run, and the values. */
const page = { values: 1, encoding: plain, size: 0, run: 1, body: [...u32(1), 97] as Bytes };
type Page = typeof page;

function pageOf({ values, encoding, size, run, body }: Page): Bytes {
  const runs = [...varint(2 * run), 1];
  const bytes = [...u32(runs.length), ...runs, ...body];
  const head = struct({ 1: int(values), 2: int(encoding), 3: int(3), 4: int(3) });
  return [...struct({ 1: int(0), 2: int(size || bytes.length), 3: int(bytes.length), 5: nested(head) }), ...bytes];
}

interface Written {
  readonly file_name?: Partial<Page>;
  readonly codec?: number;
  readonly rows?: readonly number[];
  /** row groups by the footer's claim */
  readonly groups?: number;
}

/** A file of one row, "a" with the caption "a". */
function written({ file_name = {}, codec = unpacked, rows = [1], groups = rows.length }: Written) {
  const file = [...Buffer.from("PAR1")];
  const chunk = (name: string, changed: Partial<Page>): Bytes => {
    const start = file.length;
    file.push(...pageOf({ ...page, ...changed }));
    const size = long(file.length - start);
    const path = list(8, [text(name)]);
    const meta = { 1: int(6), 2: list(5, []), 3: path, 4: int(codec), 5: long(1), 6: size, 7: size, 9: long(start) };
    return struct({ 2: long(start), 3: nested(struct(meta)) });
  };
  const columns = list(12, [chunk("file_name", file_name), chunk("text", {})]);
  const element = (name: string) => struct({ 1: int(6), 3: int(1), 4: [8, text(name)] });
  const root = struct({ 4: [8, text("root")], 5: int(2) });
  const footer = struct({
    1: int(1),
    2: list(12, [root, element("file_name"), element("text")]),
    3: long(1),
    4: list(
      12,
      rows.map((count) => struct({ 1: columns, 2: long(100), 3: long(count) })),
      groups,
    ),
  });
  const bytes = new Uint8Array([...file, ...footer, ...u32(footer.length), ...Buffer.from("PAR1")]);
  return readParquet({ path: "x.parquet", bytes: async () => bytes });
}

const many = 2 ** 20;

test("a file whose claims hold is read, and so are lengths that are packed", async () => {
  const lengths = [...varint(128), ...varint(4), ...varint(1), ...zigzag(1), 97];
  for (const changed of [{}, { encoding: deltaText, body: lengths }]) {
    const { rows } = await written({ file_name: changed });
    expect(rows.map(({ fileName, caption }) => [Buffer.from(fileName).toString(), caption])).toEqual([["a", "a"]]);
  }
});

test.each<[string, Written, RegExp]>([
  ["a run of levels", { file_name: { run: many } }, /claims more values than are read \(100000\)/],
  ["a page's values", { file_name: { values: many, run: many } }, /claims more values than are read/],
  [
    "a run of a dictionary's indices",
    { file_name: { encoding: dictionary, body: [1, ...varint(2 * many), 0] } },
    /claims more values than are read/,
  ],
  [
    "lengths' miniblocks",
    { file_name: { encoding: deltaText, body: [...varint(128), ...varint(many), 1, 2, 97] } },
    /claims more values than are read/,
  ],
  ["a page's size", { file_name: { size: many }, codec: snappy }, /claims more bytes than it can hold/],
  ["rows, and fewer than none", { rows: [many, 1 - many] }, /a row group has fewer than no rows/],
  ["a list of the footer", { groups: many }, /a list claims 1048576 elements/],
  ["texts that grow by each other", { file_name: { encoding: deltaBytes } }, /DELTA_BYTE_ARRAY/],
])("%s: refused in words before it is read", async (_, file, words) => {
  await expect(written(file)).rejects.toThrow(words);
});
