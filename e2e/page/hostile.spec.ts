/**
 * @file Files that are made to hurt, together with good ones: each is named in words, the good ones stay, nothing of them becomes
 * markup, and the guard of origin.ts hears no request, no broken policy and no error. The worker that reads them is the real one.
 */
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { encode } from "fast-png";
import { zipSync } from "fflate";
import { servePocket } from "./nano-page.ts";
import { expect, test } from "./origin.ts";
import { caption, captions, choose, type Content, open, png, send, upload, zip } from "./pair-files.ts";

const MARKUP = "<img src=x onerror=\"globalThis.hurt='yes'\">";
const golden = <T>(name: string): T => JSON.parse(readFileSync(`e2e/goldens/pairs/${name}`, "utf8")) as T;
const base64 = (text = ""): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

/** Nothing of what came in is an element, and nothing ran. */
async function unhurt(page: Page): Promise<void> {
  const found = await page.evaluate(() => ({
    hurt: "hurt" in globalThis,
    elements: document.querySelectorAll("img[src=x], img[onerror], svg[onload], script:not([src])").length,
    asked: performance.getEntriesByType("resource").filter(({ name }) => new URL(name).pathname === "/x").length,
  }));
  expect(found).toEqual({ hurt: false, elements: 0, asked: 0 });
}

/** Each file with the beginning of its reason, as they stand in the list. */
async function told(page: Page, reasons: Readonly<Record<string, string>>): Promise<void> {
  const list = page.getByRole("alert").getByRole("listitem");
  const lines = await list.evaluateAll((all) =>
    all.map((item) => [...item.children].map((child) => child.textContent ?? "")),
  );
  const found = lines.map(([path = "", reason = ""]) => {
    const wanted = reasons[path];
    return `${path}: ${wanted !== undefined && reason.startsWith(wanted) ? wanted : reason}`;
  });
  expect(found.sort()).toEqual(
    Object.entries(reasons)
      .map(([path, reason]) => `${path}: ${reason}`)
      .sort(),
  );
}

const good = { "good.png": png(1), "good.txt": "a good one" };

function claiming(width: number, height: number): Uint8Array {
  const bytes = png(9).slice();
  new DataView(bytes.buffer).setUint32(16, width);
  new DataView(bytes.buffer).setUint32(20, height);
  return bytes;
}

test("pictures that are none, or too much, or cut off: told by name, the good one stays", async ({ page }) => {
  await open(page);
  const { files } = golden<{ files: { name: string; file: string }[] }>("images.json");
  const gif = base64(files.find(({ name }) => name === "gif")?.file);
  await choose(page, {
    ...good,
    "drawing.svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="globalThis.hurt=1"><script>globalThis.hurt=1</script></svg>`,
    "empty.png": "",
    "far.png": claiming(65_535, 1),
    "gif.png": gif,
    "half.png": png(2).slice(0, 200),
    "huge.png": claiming(16_384, 16_384),
    "large.png": claiming(30_000, 30_000),
    "none.png": claiming(0, 4),
    "photo.heic": "\0\0\0\x18ftypheic\0\0\0\0",
    "page.webp": "<html>",
    "text.jpg": "hello",
    "torn.jpg": Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0),
  });
  const most = "and at most 64 million pixels and 16,384 a side are read.";
  await told(page, {
    "drawing.svg": "The file is an SVG drawing, which has no pixels",
    "empty.png": "The file is empty.",
    "far.png": `The file is 65535x1, ${most}`,
    "gif.png": "The file is a GIF, and PNG, JPEG or WebP was expected.",
    "half.png": "This browser cannot open the file.",
    "huge.png": `The file is 16384x16384, ${most}`,
    "large.png": `The file is 30000x30000, ${most}`,
    "none.png": "The file is a PNG of 0x4 pixels.",
    "page.webp": "The file is not an image",
    "photo.heic": "The file is a HEIC photo",
    "text.jpg": "The file is not an image",
    "torn.jpg": "The file ends before its size is told.",
  });
  expect(await captions(page)).toEqual(["a good one"]);
  await unhurt(page);
});

test("CMYK, 16 bits, animations and turned photos are taken as they are looked at, by what they are and not by their names", async ({
  page,
}) => {
  await open(page);
  const { files } = golden<{ files: Record<string, string> }>("odd.json");
  const fields = [
    [65_535, 0, 0],
    [0, 65_535, 0],
    [0, 0, 65_535],
    [65_535, 65_535, 0],
  ];
  const deep = Uint16Array.from({ length: 96 * 96 * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 96, Math.floor(i / 3 / 96)];
    return fields[(x < 48 ? 0 : 1) + (y < 48 ? 0 : 2)]?.[i % 3] ?? 0;
  });
  const odd: Record<string, Content> = Object.fromEntries(
    Object.entries(files).map(([name, file]) => [name, base64(file)]),
  );
  odd["deep.png"] = encode({ width: 96, height: 96, data: deep, channels: 3, depth: 16 });
  odd["really a png.jpg"] = odd["deep.png"].slice();
  odd["one.png"] = png(3, 1, 1);
  odd["one.txt"] = "one pixel";
  // 16 bits twice are one picture
  await choose(page, { ...odd, "really a png.txt": "under another name" });
  await expect(page.getByRole("alert")).toContainText("deep.png" + "The same picture as really a png.jpg");
  await expect(page.locator(".pair canvas")).toHaveCount(7);
  // at the places of the four fields, what stands out in each: red, green, blue, red and green
  const looks = await page.locator(".pair").evaluateAll((all) =>
    all.map((item) => {
      const canvas = item.querySelector("canvas");
      const { width = 0, height = 0 } = canvas ?? {};
      const data = canvas?.getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
      const at = (x: number, y: number) => {
        const first = (Math.floor(y * height) * width + Math.floor(x * width)) * 4;
        return "RGB".replaceAll(/./g, (c) => ((data[first + "RGB".indexOf(c)] ?? 0) > 120 ? c : "-"));
      };
      return [at(0.2, 0.2), at(0.8, 0.2), at(0.2, 0.8), at(0.8, 0.8)].join(" ");
    }),
  );
  expect(looks.filter((look) => look === "R-- -G- --B RG-")).toHaveLength(6);
  await expect(page.getByText("one.png is 1 × 1 px, the model needs 64 px or more.")).toBeVisible();
});

test("zips: bombs, paths that lead out, links, ciphers, zips in zips, lies about sizes; what is good in them stays", async ({
  page,
}) => {
  await open(page);
  const spoil = (bytes: Uint8Array, change: (view: DataView, record: number) => void): Uint8Array => {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    for (let at = 0; at + 46 < copy.length; at++) if (view.getUint32(at, true) === 0x02014b50) change(view, at);
    return copy;
  };
  const flat = new Uint8Array(4 * 2 ** 20);
  const many = zipSync(Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`${i}`, new Uint8Array(0)])));
  await choose(page, {
    "a.zip": zip({
      "../../out.png": png(4),
      "/root.png": png(4),
      "C:\\disk.png": png(4),
      "bomb.png": flat,
      "deep/in.zip": "x",
      "kept.png": png(5),
      "kept.txt": "kept from a zip",
    }),
    "cipher.zip": spoil(zip({ "a.png": png(4) }), (view, at) => view.setUint16(at + 8, 1, true)),
    "half.zip": zip({ "a.png": png(4) }).slice(0, -30),
    "liar.zip": spoil(zip({ "a.png": flat }), (view, at) => view.setUint32(at + 24, 1000, true)),
    "many.zip": many,
    "none.zip": "hello",
    ...good,
  });
  await told(page, {
    "a.zip/../../out.png": "Its name in the zip is not a plain name.",
    "a.zip//root.png": "Its name in the zip is not a plain name.",
    "a.zip/C:\\disk.png": "Its name in the zip is not a plain name.",
    "a.zip/bomb.png": "It unpacks to more than 200 times its size.",
    "a.zip/deep/in.zip": "A zip in a zip is not opened.",
    "cipher.zip/a.png": "It is encrypted.",
    "half.zip": "The file is not a zip, or it was cut off.",
    "liar.zip/a.png": "It is damaged in the zip and cannot be unpacked.",
    "many.zip": "The zip has 10001 entries, and at most 10000 are read.",
    "none.zip": "The file is not a zip, or it was cut off.",
  });
  expect(await captions(page)).toEqual(["kept from a zip", "a good one"]);
});

test("captions: markup, marks that turn text, controls, other encodings, books; stored as text", async ({ page }) => {
  await open(page);
  const utf16 = (text: string) => new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"));
  const taken: readonly (readonly [string, Content, string])[] = [
    ["a", `${MARKUP}<script>globalThis.hurt=1</script>`, `${MARKUP}<script>globalThis.hurt=1</script>`],
    ["b", "\u202Etxt.exe\u2066 \u200bzero\u200b", "\u202Etxt.exe\u2066 \u200bzero\u200b"],
    ["c", "a\0b\u0007\u001b[31m", "ab[31m"],
    ["d", "one\r\ntwo\r\n", "one\ntwo"],
    ["e", utf16("sixteen 👨‍👩‍👧"), "sixteen 👨‍👩‍👧"],
    ["f", "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"],
    [
      "g",
      "{{constructor.constructor('globalThis.hurt=1')()}}${1}",
      "{{constructor.constructor('globalThis.hurt=1')()}}${1}",
    ],
  ];
  const files = taken.flatMap(([name, text], i): [string, Content][] => [
    [`${name}.png`, png(20 + i)],
    [`${name}.txt`, text],
  ]);
  await choose(page, {
    ...Object.fromEntries(files),
    "x.png": png(40),
    "x.txt": Uint8Array.of(0xe9, 0x20, 0xff),
    "y.png": png(41),
    "y.txt": "y".repeat(10 * 2 ** 20),
    "z.png": png(42),
    "z.txt": "\0 \r\n\0",
  });
  await told(page, {
    "x.txt": "The file is not UTF-8 text.",
    "y.txt": "The file has more than 256 kB, and a caption has at most 10000 characters.",
    "z.txt": "The caption is empty.",
  });
  expect(await captions(page)).toEqual([...taken.map(([, , words]) => words), "", "", ""]);
  await page.getByLabel("Select pair 1", { exact: true }).click();
  await expect(page.getByRole("complementary", { name: "Selected pair" })).toContainText(/\d+ of 77 tokens/);
  await send(page, "paste", {}, `${MARKUP}\n${MARKUP}`);
  await expect(caption(page, 8)).toHaveValue(MARKUP);
  await unhurt(page);
  await page.getByRole("button", { name: "Use the 9 good ones" }).click();
  await expect(page.getByText("10 pairs, 9 good, 1 left out")).toBeVisible();
});

test("tables: bad lines by number, keys that JavaScript has a use for, other columns, nonsense; good rows are kept", async ({
  page,
}) => {
  await open(page);
  const { files } = golden<{ files: Record<"names", string> }>("parquet.json");
  const parquet = base64(files.names);
  await choose(page, {
    "a.png": png(51),
    "b.png": png(52),
    "c.png": png(53),
    "deep.json": "[".repeat(100_000),
    "list.csv": `__proto__,constructor,file_name,text\n1,2,b.png,"=1+1"\n1,2,../b.png,x\n1,2,b.png,"open\n`,
    "metadata.jsonl": [
      '\ufeff{"file_name":"a.png","text":"from line one"}',
      "{",
      '{"__proto__":{"file_name":"c.png","text":"polluted"}}',
      '{"file_name":"../../c.png","text":"x"}',
      '{"file_name":["c.png"],"text":"x"}',
      '{"file_name":"c.png","text":{"toString":"x"}}',
      `{"file_name":"${"n".repeat(5000)}","text":"x"}`,
    ].join("\r\n"),
    "noise.parquet": Uint8Array.from({ length: 3000 }, (_, i) => Math.imul(i, 2654435761) >>> 24),
    "object.json": '{"a.png":"x"}',
    "torn.parquet": parquet.slice(0, parquet.length / 2),
    "wrong.csv": "name,description\na.png,x\n",
  });
  const alert = page.getByRole("alert");
  for (const words of [
    "deep.json" + "The file is not JSON.",
    "list.csv" + "Row 3 names ../b.png, which is not among the files.",
    "list.csv" + "Row 4 has a quotation mark that is not closed.",
    "metadata.jsonl" + "Line 2 is not JSON.",
    'Line 3 has no "file_name".',
    "Line 4 names ../../c.png, which is not among the files.",
    'Line 5 has no "file_name".',
    'Line 6 has no "text".',
    `Line 7 names ${"n".repeat(200)}, which is not among the files.`,
    "noise.parquet" + "The file is no Parquet that can be read here",
    "object.json" + "The file is JSON, and a list of pictures with captions was expected.",
    "torn.parquet" + "The file is no Parquet that can be read here",
    "wrong.csv" + 'The first line has no "file_name".',
  ]) {
    await expect.soft(alert).toContainText(words);
  }
  expect(await captions(page)).toEqual(["from line one", "=1+1", ""]);
  expect(await page.evaluate(() => "file_name" in {})).toBe(false);
});

test("file names: markup, marks that turn text, names of JavaScript’s own, names of a page’s length", async ({
  page,
}) => {
  await open(page);
  await send(page, "drop", {
    "__proto__.png": png(61),
    "__proto__.txt": "proto",
    "constructor.png": png(62),
    [`${MARKUP.replaceAll("/", "")}.png`]: png(63, 20, 20),
    [`${MARKUP}.exe`]: "x",
    "\u202Egnp.bin": "x",
    [`${"long".repeat(60)}.bin`]: "x",
  });
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("3 files were not taken.");
  await expect(alert).toContainText(`${MARKUP}.exe` + "The file is neither");
  await expect(alert).toContainText("[U+202E]gnp.bin");
  await expect(alert).toContainText(`${"long".repeat(50)}…`);
  expect((await captions(page)).sort()).toEqual(["", "", "proto"]);
  await page.getByRole("button", { name: "Use the file names as captions for 2 pictures" }).click();
  await expect
    .poll(async () => (await captions(page)).sort())
    .toEqual([MARKUP.replace(".", " "), "constructor", "proto"].sort());
  await unhurt(page);
});

test("a settings file: what is wrong is named, the rest is taken, nothing is polluted", async ({ page }) => {
  await page.goto("/?fake=fast#iterate");
  await page.getByText(/^Settings: /).click();
  const take = (text: string) => page.getByLabel("Settings file").setInputFiles([upload("\u202Esettings.json", text)]);
  const taken = page.getByRole("status").filter({ hasText: "taken from" });
  await take(
    `{"settings":{"steps":7,"__proto__":{"polluted":1},"constructor":1,"beta":1e999,"seed":-1,"rank":"4","loss":"${"x".repeat(99)}","${MARKUP.replaceAll('"', "'")}":1}}`,
  );
  await expect(taken).toContainText("1 setting taken from [U+202E]settings.json. 7 fields were refused");
  await expect(taken).toContainText(`"__proto__" is no setting.`);
  await expect(page.getByLabel("Steps", { exact: true })).toHaveValue("7");
  expect(await page.evaluate(() => "polluted" in {})).toBe(false);
  for (const [text, words] of [
    ["[".repeat(50_000), "The file is not JSON"],
    [" ".repeat(3 * 2 ** 20), "The file is too long to be settings."],
    ["[1]", "The file has no object of settings."],
  ] as const) {
    await take(text);
    await expect(taken).toContainText(words);
  }
  await unhurt(page);
});

test("captions that are markup go through every screen as text, and no byte leaves", async ({ page }) => {
  await open(page);
  await choose(page, {
    "a.png": png(71),
    "a.txt": `${MARKUP} one`,
    "b.png": png(72),
    "b.txt": `\u202E${MARKUP} two`,
  });
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await page.getByRole("button", { name: "Start SPIN 2" }).waitFor({ timeout: 60_000 });
  await unhurt(page);
  for (const hash of ["iterate/1", "compare", "compare/0/0-1", "vote", "report", "pairs", "start"]) {
    await page.goto(`/?fake=fast#${hash}`);
    await expect(page.getByRole("heading").first()).toBeVisible();
    await unhurt(page);
  }
  await expect(page.getByText("0 bytes sent")).toBeVisible();
});

test("a project’s file that is made to hurt is refused in words by the real engine, and the page goes on", async ({
  page,
  context,
}) => {
  await servePocket(context);
  await page.goto("/?backend=wasm#report");
  const offer = async (content: Content, words: string): Promise<void> => {
    await page.locator('input[type=file][accept=".zip"]').setInputFiles([upload("project.zip", content)]);
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Open it/ })
      .click();
    await expect(page.getByRole("alert")).toContainText(words, { timeout: 60_000 });
    await page.getByRole("alert").getByRole("button", { name: "Close" }).click();
  };
  await expect(page.getByRole("button", { name: "Open .zip" })).toBeEnabled({ timeout: 60_000 });
  await offer("not a zip", "The file is not a zip, or it was cut off.");
  await offer(zip({ "../project.json": "{}" }), "without a readable project.json");
  const project = { schema: 1, exportedAt: MARKUP, pairs: [], nodes: [], votes: null, files: {}, __proto__: null };
  const node = { id: "a", parent: "a", opponent: "base", iteration: 1, number: 1, name: MARKUP };
  await offer(
    zip({ "project.json": JSON.stringify({ ...project, nodes: [node] }) }),
    "project.json is not as the studio writes it.",
  );
  await offer(zip({ "project.json": JSON.stringify({ schema: 99 }) }), "a newer version of the studio wrote it");
  await expect(page.getByText("0 bytes sent")).toBeVisible();
  await unhurt(page);
});
