import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { twinId } from "../lib/twin-id.ts";
import { type ImportedPair, openImport } from "./import.ts";
import type { ImportFile } from "./import-file.ts";

const golden = new URL("../../e2e/goldens/pairs/images.json", import.meta.url);
const { files } = JSON.parse(readFileSync(golden, "utf8")) as { files: { name: string; file: string }[] };
const image = (name: string) =>
  new Uint8Array(Buffer.from(files.find((file) => file.name === name)?.file ?? "", "base64"));
const png = image("png rgb");
const jpeg = image("jpeg");
const webp = image("webp");

const make = (entries: Record<string, Uint8Array | string>): ImportFile[] =>
  Object.entries(entries).map(([path, content]) => ({
    path,
    bytes: async () => (typeof content === "string" ? new TextEncoder().encode(content) : content),
  }));
async function collect(given: readonly ImportFile[]) {
  const source = await openImport(given);
  const pairs: ImportedPair[] = [];
  for await (const pair of source.pairs()) if (pair !== null) pairs.push(pair);
  return { pairs, refused: source.refused() };
}
async function imported(entries: Record<string, Uint8Array | string>) {
  const { pairs, refused } = await collect(make(entries));
  return {
    pairs: pairs.map(({ path, caption }) => `${path}: ${caption}`),
    refused: refused.map(({ path, reason }) => `${path}: ${reason}`),
  };
}

test("sidecars first, then metadata.jsonl, in folders of any depth", async () => {
  const result = await imported({
    "set/b.JPG": jpeg,
    "set/b.txt": "  a blue square\r\n",
    "set/a.png": png,
    "set/a.caption": "a red circle",
    "set/deep/c.webp": webp,
    "set/metadata.jsonl": '{"file_name":"deep/c.webp","text":"a star"}\n\n{"file_name":"a.png","text":"not this"}\n',
    "set/.DS_Store": "x",
    "__MACOSX/set/._a.png": "x",
    "README.md": "x",
  });
  expect(result).toEqual({
    pairs: ["set/a.png: a red circle", "set/b.JPG: a blue square", "set/deep/c.webp: a star"],
    refused: [],
  });
});

test("a given loser is beside its winner or in its table, and is no picture of its own", async () => {
  const { pairs, refused } = await collect(
    make({
      "a.png": png,
      "a.txt": "one",
      "a.loser.jpg": jpeg,
      "b.png": webp,
      "c.jpg": jpeg,
      "d.webp": webp,
      "lonely.loser.png": png,
      "metadata.jsonl":
        '{"file_name":"b.png","text":"two","rejected":"c.jpg"}\n{"file_name":"d.webp","text":"three","loser":"gone.png"}',
    }),
  );
  const losers = pairs.map(async ({ path, loser }) => [path, loser?.path, loser && (await loser.bytes())]);
  expect(await Promise.all(losers)).toEqual([
    ["a.png", "a.loser.jpg", jpeg],
    ["b.png", "c.jpg", jpeg],
    ["d.webp", undefined, null],
  ]);
  expect(refused).toEqual([
    { path: "lonely.loser.png", reason: "No image has the same name without .loser." },
    { path: "metadata.jsonl", reason: "Line 2 names gone.png as the loser, which is not among the files." },
  ]);
});

test("the order of the files changes nothing, and ids follow from what is in them", async () => {
  const entries = make({
    "a.png": png,
    "a.txt": "one",
    "b.png": png,
    "b.txt": "two",
    "c.png": png,
    "c.txt": "one",
    "d.png": "x",
    "e.txt": "",
    "f.png": png,
    "g.jpg": jpeg,
  });
  const wanted = await collect(entries);
  expect(wanted.pairs.map(({ path }) => path)).toEqual(["a.png", "b.png", "g.jpg"]);
  const [a, b] = wanted.pairs;
  expect(a).toMatchObject({ id: a?.pictureHash, header: { format: "PNG", width: 13, height: 9 }, bytes: png });
  expect(b).toMatchObject({ id: await twinId(a?.id ?? "", "two"), pictureHash: a?.id });
  expect(wanted.refused).toContainEqual({ path: "c.png", reason: "The image and its caption are those of a.png." });
  expect(wanted.refused).toContainEqual({ path: "f.png", reason: "The same picture as a.png, which has a caption." });
  const shuffled = fc.shuffledSubarray(entries, { minLength: entries.length });
  await fc.assert(
    fc.asyncProperty(shuffled, async (files) => {
      expect(JSON.stringify(await collect(files))).toBe(JSON.stringify(wanted));
    }),
    { numRuns: 20 },
  );
});

test("of two files with the same path the same one stays, whichever came first", async () => {
  const twice = [...make({ "a.png": png, "a.txt": "one" }), ...make({ "./a.png": jpeg, "a.txt": "two" })];
  const wanted = await collect(twice);
  expect(wanted.pairs).toHaveLength(1);
  expect(wanted.refused.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
    "a.png: Another file has the same path.",
    "a.txt: Another file has the same path.",
  ]);
  expect(await collect(twice.toReversed())).toEqual(wanted);
});

test("file names that JavaScript has a use for are names", async () => {
  const names = ["__proto__", "constructor", "toString", "a/../b"];
  const entries = names.flatMap((name, i): [string, Uint8Array | string][] => [
    [`${name}.png`, png],
    [`${name}.txt`, `caption ${i}`],
  ]);
  const { pairs, refused } = await collect(
    entries.map(([path, content]) => ({
      path,
      bytes: async () => (typeof content === "string" ? new TextEncoder().encode(content) : content),
    })),
  );
  expect(pairs.map(({ path }) => path)).toEqual(names.map((name) => `${name}.png`).sort());
  expect(refused).toEqual([]);
});

test("a million lines of metadata: the good ones are used, what is wrong is told by number", async () => {
  const line = '{"file_name":"gone.png","text":"x"}\n';
  const text = `${line.repeat(500_000)}{"file_name":"a.png","text":"kept"}\n${line.repeat(499_999)}`;
  const { pairs, refused } = await imported({ "a.png": png, "metadata.jsonl": text });
  expect(pairs).toEqual(["a.png: kept"]);
  expect(refused).toHaveLength(101);
  expect(refused).toContain("metadata.jsonl: Line 1 names gone.png, which is not among the files.");
  expect(refused).toContain("metadata.jsonl: 999899 more lines are of no use.");
});

test("captions that come after their pictures are for them, but none is written over", async () => {
  const known = [
    { id: "1", path: "set/a.png", caption: "" },
    { id: "2", path: "set/b.png", caption: "" },
    { id: "3", path: "set/c.png", caption: "mine" },
  ];
  const files = make({
    "set/a.txt": "one",
    "set/c.txt": "three",
    "set/metadata.jsonl": '{"file_name":"b.png","text":"two"}',
  });
  const { captions, count, refused } = await openImport(files, known);
  expect(captions).toEqual([
    { id: "1", caption: "one" },
    { id: "2", caption: "two" },
  ]);
  expect([count, refused()]).toEqual([0, []]);
});

describe("captions", () => {
  const utf16 = (mark: number[], units: number[]) => Uint8Array.from([...mark, ...units]);
  const cases: readonly [string, Uint8Array | string, string][] = [
    ["UTF-8 with a mark", "\ufeffcafé 🎉", "café 🎉"],
    ["UTF-16, little end first", utf16([0xff, 0xfe], [0x61, 0, 0xe9, 0]), "aé"],
    ["UTF-16, big end first", utf16([0xfe, 0xff], [0, 0x61, 0, 0xe9]), "aé"],
    ["NULs and other control characters", "a\0b\u001b[31m\u0007\u0085", "ab[31m"],
    ["new lines of every kind", "a\r\nb\tc\r\n", "a\r\nb\tc"],
    ["marks that turn text, and none to see", "\u202ea\u200b\u2066b", "\u202ea\u200b\u2066b"],
    ["a family in one sign", "👨‍👩‍👧", "👨‍👩‍👧"],
    ["markup, which stays text", "<img onerror=alert(1)>", "<img onerror=alert(1)>"],
  ];
  test.each(cases)("%s", async (_, text, caption) => {
    expect(await imported({ "a.png": png, "a.txt": text })).toEqual({ pairs: [`a.png: ${caption}`], refused: [] });
  });
});

test("half a surrogate pair, which only JSON can write, is one replacement character", async () => {
  const { pairs } = await imported({
    "a.png": png,
    "metadata.jsonl": '{"file_name":"a.png","text":"\\ud83d a 🎉 \\udc00"}',
  });
  expect(pairs).toEqual(["a.png: \ufffd a 🎉 \ufffd"]);
});

describe("refused in a sentence, while the rest is kept", () => {
  const notImage = "a.png: The file is not an image, and PNG, JPEG or WebP was expected.";
  const cases: readonly [string, Record<string, Uint8Array | string>, string[]][] = [
    ["an empty caption", { "a.txt": " \n", "a.png": "x" }, [notImage, "a.txt: The caption is empty."]],
    [
      "a caption that is not text",
      { "a.png": "x", "a.txt": Uint8Array.of(0xe9, 0x20) },
      [notImage, "a.txt: The file is not UTF-8 text."],
    ],
    [
      "a book",
      { "a.png": "x", "a.txt": "a".repeat(10_001) },
      [notImage, "a.txt: The caption has 10001 characters, and at most 10000 are read."],
    ],
    [
      "ten megabytes",
      { "a.png": "x", "a.txt": "a".repeat(10 * 2 ** 20) },
      [notImage, "a.txt: The file has more than 256 kB, and a caption has at most 10000 characters."],
    ],
    ["a caption without an image", { "a.txt": "x" }, ["a.txt: No image has the same name."]],
    ["text called an image", { "a.png": "hello", "a.txt": "x" }, [notImage]],
    [
      "a GIF called PNG",
      { "a.png": image("gif"), "a.txt": "x" },
      ["a.png: The file is a GIF, and PNG, JPEG or WebP was expected."],
    ],
    [
      "HEIC",
      { "a.heic": "\0\0\0\x18ftypheic" },
      ["a.heic: The file is a HEIC photo, and PNG, JPEG or WebP was expected."],
    ],
    [
      "SVG",
      { "a.svg": "<svg>" },
      ["a.svg: The file is an SVG drawing, which has no pixels, and PNG, JPEG or WebP was expected."],
    ],
    ["something else", { "a.ckpt": "x" }, ["a.ckpt: The file is neither a PNG, JPEG or WebP image nor a caption."]],
    [
      "bad lines of metadata",
      {
        "s/metadata.jsonl":
          '{"file_name":"a.png","text":"x"}\n{\n{"text":"x"}\n{"file_name":"../b.png"}\n{"file_name":"../z.png","text":" "}\nnull',
      },
      [
        "s/metadata.jsonl: Line 1 names a.png, which is not among the files.",
        "s/metadata.jsonl: Line 2 is not JSON.",
        's/metadata.jsonl: Line 3 has no "file_name".',
        's/metadata.jsonl: Line 4 has no "text".',
        "s/metadata.jsonl: Line 5 is of no use: The caption is empty.",
        's/metadata.jsonl: Line 6 has no "file_name".',
      ],
    ],
    ["many bad lines", { "metadata.jsonl": "{\n".repeat(1000) }, ["metadata.jsonl: 900 more lines are of no use."]],
  ];
  test.each(cases)("%s", async (_, entries, refused) => {
    const result = await imported({ ...entries, "good.jpeg": jpeg, "good.txt": "good" });
    expect(result.pairs).toEqual(["good.jpeg: good"]);
    expect(result.refused).toEqual(expect.arrayContaining(refused));
    expect(result.refused.length).toBe(refused.length === 1 && refused[0]?.includes("900") ? 101 : refused.length);
  });

  test("a file that cannot be read, and a path that comes twice", async () => {
    const broken: ImportFile = { path: "a.png", bytes: () => Promise.reject(new Error("gone")) };
    const { refused } = await collect([broken, { ...broken, path: "./a.png" }]);
    expect(refused).toEqual([
      { path: "a.png", reason: "Another file has the same path." },
      { path: "a.png", reason: "The file cannot be read (Error: gone)." },
    ]);
  });
});
