/** @file Pairs as a person brings them in and mends them: every source, every edit and its undo, on the engine that only pretends. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "./origin.ts";
import { caption, captions, choose, type Content, open, png, send, stored, zip } from "./pair-files.ts";

test("files, a folder, a zip, tables, Parquet, a drop and a paste: each brings its pairs, the same picture once", async ({
  page,
}, { outputDir }) => {
  await open(page);
  await choose(page, { "b.png": png(2), "b.txt": "from a sidecar", "c.png": png(3), "c.caption": "from .caption" });
  await expect(page.getByText("2 pairs, all good")).toBeVisible();
  await choose(page, {
    "a.zip": zip({ "deep/a.png": png(1), "metadata.jsonl": '{"file_name":"deep/a.png","text":"from jsonl in a zip"}' }),
    "d.png": png(4),
    "list.csv": 'file_name,text\nd.png,"from csv, with a comma"\n',
    "e.png": png(5),
    "list.json": '[{"image":"e.png","prompt":"from a list"}]',
  });
  await expect(page.getByText("5 pairs, all good")).toBeVisible();
  const golden = JSON.parse(readFileSync("e2e/goldens/pairs/parquet.json", "utf8")) as { files: { snappy: string } };
  await choose(page, { "x.parquet": new Uint8Array(Buffer.from(golden.files.snappy, "base64")) });
  await expect(page.getByText("7 pairs, 5 good, 2 need a look")).toBeVisible();
  await expect(page.getByRole("alert")).toContainText("Row 5 is of no use: The caption is empty.");

  mkdirSync(`${outputDir}/set/in`, { recursive: true });
  writeFileSync(`${outputDir}/set/in/f.png`, png(6));
  writeFileSync(`${outputDir}/set/in/f.txt`, "from a folder");
  writeFileSync(`${outputDir}/set/b again.png`, png(2));
  await page.getByLabel("Choose a folder").setInputFiles(`${outputDir}/set`);
  await expect(page.getByText("8 pairs, 6 good, 2 need a look")).toBeVisible();
  await expect(page.getByRole("alert")).toContainText("The same picture is in already.");

  await send(page, "drop", { "g.png": png(7), "g.txt": "dropped" });
  await expect(page.getByText("9 pairs, 7 good, 2 need a look")).toBeVisible();
  await send(page, "paste", { "image.png": png(8) });
  await expect(page.getByText("10 pairs, 7 good, 3 need a look")).toBeVisible();
  await send(page, "paste", { "image.png": png(8) });
  await expect(page.getByText("10 pairs, 7 good, 3 need a look")).toBeVisible();
  await page.getByRole("button", { name: "Write one" }).click();
  await page.keyboard.type("written");
  await page.getByRole("button", { name: "Use the 8 good ones" }).click();
  await expect(page.getByText("10 pairs, 8 good, 2 left out")).toBeVisible();
  // as they are trained on: by what they are, not by their names
  const kept = (await stored(page)).filter((line) => !line.endsWith("(out)")).map((line) => line.slice(65));
  expect(kept.sort()).toEqual([
    "dropped",
    "from .caption",
    "from a folder",
    "from a list",
    "from a sidecar",
    "from csv, with a comma",
    "from jsonl in a zip",
    "written",
  ]);
});

test("the order of dropping and of a zip’s entries changes neither the pairs nor their order nor their ids", async ({
  page,
}) => {
  const one = { "m.png": png(11), "m.txt": "one", "z.png": png(12), "z.txt": "two" };
  const two = { "a.png": png(13), "a.txt": "three", "n.png": png(11), "n.txt": "one" };
  const turned = (entries: Record<string, Content>) => Object.fromEntries(Object.entries(entries).reverse());
  const after = async (drops: readonly Record<string, Content>[]) => {
    await page.evaluate(() => sessionStorage.clear());
    await page.reload();
    await open(page);
    for (const files of drops) await choose(page, files);
    await expect(page.getByText("4 pairs, 3 good, 1 needs a look")).toBeVisible();
    await expect.poll(() => stored(page)).toHaveLength(4);
    return stored(page);
  };
  await page.goto("/?fake=fast#pairs");
  // the picture of m.txt, which comes after it
  const late = { "k.txt": "late" };
  const wanted = await after([{ "one.zip": zip(one) }, { ...two, "k.png": png(14) }]);
  expect(await after([{ "k.png": png(14), ...turned(two) }, { "one.zip": zip(turned(one), 0) }])).toEqual(wanted);
  await choose(page, late);
  await expect(page.getByText("4 pairs, all good")).toBeVisible();
  expect((await stored(page)).map((line) => line.slice(0, 64))).toEqual(wanted.map((line) => line.slice(0, 64)));
});

test("what cannot be used is told by name and in words, as text; the good ones stay", async ({ page }) => {
  const asked: string[] = [];
  page.on("dialog", (dialog) => asked.push(dialog.message()));
  await open(page);
  const markup = "<img src=x onerror=alert(1)>";
  await choose(page, {
    "good.png": png(21),
    "good.txt": `${markup} \u202Edesrever\0`,
    "empty.png": "",
    "drawing.svg": "<svg onload=alert(1)>",
    "cut.png": png(22).slice(0, 60),
    "a\u202Egnp.txt": "x",
    "long.png": png(23),
    "long.txt": "x".repeat(10_001),
    "bomb.zip": zip({ "a.png": new Uint8Array(8 * 2 ** 20), "../b.png": png(1), "c.png": png(24), "c.txt": "kept" }),
    "torn.zip": zip({ "a.png": png(1) }).slice(0, 200),
    "rows.jsonl": '{\n{"file_name":"nowhere.png","text":"x"}\n',
    [`${markup}.bin`]: "x",
  });
  const alert = page.getByRole("alert");
  for (const words of [
    "10 files were not taken. Nothing on your disk was changed.",
    "empty.png" + "The file is empty.",
    "drawing.svg" + "The file is an SVG drawing, which has no pixels",
    "cut.png" + "This browser cannot open the file.",
    "a[U+202E]gnp.txt" + "No image has the same name.",
    "long.txt" + "The caption has 10001 characters",
    "bomb.zip/a.png" + "It unpacks to more than 200 times its size.",
    "bomb.zip/../b.png" + "Its name in the zip is not a plain name.",
    "torn.zip" + "The file is not a zip, or it was cut off.",
    "Line 1 is not JSON.",
    "Line 2 names nowhere.png, which is not among the files.",
    `${markup}.bin`,
  ]) {
    await expect.soft(alert).toContainText(words);
  }
  await expect(page.getByText("3 pairs, 2 good, 1 needs a look")).toBeVisible();
  await expect(caption(page, 2)).toHaveValue(`${markup} \u202Edesrever`);
  await page.getByRole("button", { name: "Use the 2 good ones" }).click();
  await expect(page.getByText("3 pairs, 2 good, 1 left out")).toBeVisible();
  await page.getByRole("button", { name: "Go on with 3" }).click();
  await expect(alert).toHaveCount(0);
  expect(asked).toEqual([]);
});

test("captions one by one and all at once, what is cut off, and every edit back and forth, through a reload", async ({
  page,
}) => {
  await open(page);
  await choose(page, {
    "a.png": png(31),
    "a.txt": "a Red circle",
    "b.png": png(32),
    "b.txt": "a red square, red",
    "c_blue_star_01.png": png(33),
    "d_green-ring_02.png": png(34),
    "e.png": png(35),
    "e.txt": "x ".repeat(90),
  });
  await page.getByRole("button", { name: "Use the file names as captions for 2 pictures" }).click();
  await expect(caption(page, 3)).toHaveValue("c blue star");
  await expect(caption(page, 4)).toHaveValue("d green ring");

  await page.getByRole("button", { name: "Find and replace" }).click();
  await page.getByLabel("Find", { exact: true }).fill("red");
  await page.getByLabel("Replace with").fill("teal");
  await expect(page.getByText("3 matches in 2 captions.")).toBeVisible();
  await page.getByLabel("Match capital letters").check();
  await expect(page.getByText("2 matches in 1 caption.")).toBeVisible();
  await page.getByRole("button", { name: "Replace 2" }).click();
  await expect(caption(page, 2)).toHaveValue("a teal square, teal");
  await page.getByRole("button", { name: "Add words" }).click();
  await page.getByLabel("Before").fill("photo of ");
  await page.getByLabel("After").fill(", at night");
  await page.getByRole("button", { name: "Add to 5 captions" }).click();
  await expect(caption(page, 1)).toHaveValue("photo of a Red circle, at night");
  await caption(page, 1).fill("mine");
  await page.getByLabel("Select pair 2", { exact: true }).click();
  await page.getByRole("button", { name: "Leave out", exact: true }).click();
  const edited = await captions(page);

  const undo = page.getByRole("button", { name: "Undo" });
  await expect(undo).toHaveAttribute("title", "Undo: leave out a pair");
  for (const words of ["change a caption", "add words to 5 captions", "replace 2 matches", "name 2 pairs by file"]) {
    await undo.click();
    await expect(undo).toHaveAttribute("title", `Undo: ${words}`);
  }
  await page.getByLabel("Select pair 1", { exact: true }).focus();
  await page.keyboard.press("Control+z");
  await expect(page.getByText("5 pairs, 3 good, 2 need a look")).toBeVisible();
  await expect(undo).toBeDisabled();
  for (let i = 0; i < 5; i++) await page.keyboard.press("Control+Shift+Z");
  await expect(page.getByText("5 pairs, 4 good, 1 left out")).toBeVisible();
  expect(await captions(page)).toEqual(edited);

  await page.getByLabel("Select pair 5", { exact: true }).click();
  const inspector = page.getByRole("complementary", { name: "Selected pair" });
  await expect(inspector.getByText("96 of 77 tokens")).toBeVisible();
  await expect(inspector.getByText(/^Only the first 77 are read. Cut off:/)).toContainText("at night");
  await expect.poll(() => stored(page)).toHaveLength(5);
  await page.reload();
  await expect(page.getByText("5 pairs, 4 good, 1 left out")).toBeVisible();
  expect(await captions(page)).toEqual(edited);
});

test("the square is moved by mouse and keys, sized, undone, and there again after a reload", async ({ page }) => {
  await open(page);
  await choose(page, { "wide.png": png(41, 400, 200), "wide.txt": "wide", "small.png": png(42, 48, 40) });
  await page.getByLabel("Select pair 2", { exact: true }).click();
  const square = page.getByRole("slider", { name: "Crop position" });
  await expect(square).toHaveAttribute("aria-valuetext", "centre");
  const before = await stored(page);
  const crop = async () => {
    const text = await page.evaluate(() => sessionStorage.getItem("spin-studio.fake") ?? "{}");
    return (JSON.parse(text) as { pairs: { about: { box: unknown }; pixels: string }[] }).pairs[1];
  };
  const whole = await crop();
  await square.focus();
  await page.keyboard.press("Home");
  await expect(square).toHaveAttribute("aria-valuetext", "0 % from the left");
  await expect.poll(async () => (await crop())?.about.box).toEqual({ x: 0, y: 0, size: 200 });
  expect((await crop())?.pixels).not.toBe(whole?.pixels);
  await page.getByLabel("Crop size").fill("100");
  await page.getByLabel("Crop size").blur();
  await expect.poll(async () => (await crop())?.about.box).toEqual({ x: 50, y: 50, size: 100 });
  const box = (await square.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 2000, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await expect.poll(async () => (await crop())?.about.box).toEqual({ x: 300, y: 50, size: 100 });
  await page.reload();
  await page.getByLabel("Select pair 2", { exact: true }).click();
  await expect(square).toHaveAttribute("aria-valuetext", "100 % from the left, 50 % from the top, 50 % of the size");
  await page.getByRole("button", { name: "Centre" }).click();
  await expect.poll(async () => (await crop())?.about.box).toEqual({ x: 100, y: 0, size: 200 });
  expect((await crop())?.pixels).toBe(whole?.pixels);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(async () => (await crop())?.about.box).toEqual({ x: 300, y: 50, size: 100 });
  expect(await stored(page)).toEqual(before);
});

test("copies, near copies and pictures too small are told, and one word settles each", async ({ page }) => {
  await open(page);
  const near = png(51, 192, 192);
  await choose(page, {
    "a.png": png(51),
    "a.txt": "one",
    "b.png": png(51),
    "b.txt": "two",
    "n.png": near,
    "n.txt": "three",
    "s.png": png(52, 60, 50),
    "s.txt": "four",
    "t.png": png(53, 30, 90),
    "t.txt": "five",
  });
  await expect(page.getByText("5 pairs, 1 good, 4 need a look")).toBeVisible();
  const problems = page.getByRole("region", { name: "4 pairs need a look" });
  await expect(problems).toContainText("Same picture twice. a.png and b.png.");
  await expect(problems).toContainText("s.png is 60 × 50 px, the model needs 64 px or more.");
  await page
    .getByRole("listitem")
    .filter({ hasText: "Same picture twice" })
    .getByRole("button", { name: "Keep both" })
    .click();
  await page.getByRole("listitem").filter({ hasText: "s.png" }).getByRole("button", { name: "Enlarge it" }).click();
  await page.getByRole("listitem").filter({ hasText: "t.png" }).getByRole("button", { name: "Leave out" }).click();
  await page.getByRole("button", { name: "Keep the first" }).click();
  await expect(page.getByText("5 pairs, 3 good, 2 left out")).toBeVisible();
  await expect.poll(async () => (await stored(page)).filter((line) => line.endsWith("(out)")).length).toBe(2);
  await page.reload();
  await expect(page.getByText("5 pairs, 3 good, 2 left out")).toBeVisible();
});

test("a thousand pairs: only those in sight exist, and arrows, Tab and the end of the page reach them all", async ({
  page,
}) => {
  await open(page);
  const name = (i: number) => String(i).padStart(4, "0");
  const entries = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => i).flatMap((i) => [
      [`${name(i)}.png`, png(i + 100, 64, 64)] as const,
      [`${name(i)}.txt`, `number ${i}`] as const,
    ]),
  );
  await choose(page, { "set.zip": zip(entries) });
  await expect(page.getByText(/^1,000 pairs, /)).toBeVisible({ timeout: 120_000 });
  await expect(page.getByRole("button", { name: "Stop reading" })).toHaveCount(0);
  expect(await page.locator(".pair").count()).toBeLessThan(120);
  await page.keyboard.press("End");
  // words above the gallery may still come and move it
  await expect(async () => {
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await expect(caption(page, 1000)).toHaveValue("number 999", { timeout: 1000 });
  }).toPass({ timeout: 60_000 });
  await page.getByLabel("Select pair 1000", { exact: true }).click();
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByLabel("Select pair 999", { exact: true })).toBeFocused();
  await page.evaluate(() => scrollTo(0, 0));
  await page.getByLabel("Select pair 1", { exact: true }).focus();
  for (let i = 0; i < 12; i++) await page.keyboard.press("ArrowDown");
  await expect(page.locator(".pair.chosen")).toBeInViewport();
  await expect(page.locator(".pair.chosen .pick")).toBeFocused();
  await page.getByRole("button", { name: "Find and replace" }).click();
  await page.getByLabel("Find", { exact: true }).fill("number");
  await expect(page.getByText("1,000 matches in 1,000 captions.")).toBeVisible();
});

test("reading is stopped, and what was read until then stays", async ({ page }) => {
  await open(page);
  const entries = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i}.png`, png(i, 300, 300)]));
  const reading = choose(page, { "set.zip": zip(entries, 0) });
  await page.getByRole("button", { name: "Stop reading" }).click();
  await reading;
  await expect(page.getByRole("button", { name: "Add more" })).toBeVisible();
  await expect(page.getByText(/^[12]?\d?\d pairs?, /)).toBeVisible();
});
