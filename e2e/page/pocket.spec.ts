/**
 * @file The whole job as a person does it, by what stands on the screen: from the first page to the files in the downloads, and back
 * from them. On `wasm` with the model that is built in, scores, votes and a LoRA as a second iteration included. An adapter in software
 * takes many minutes for what that model does in seconds, so on `webgpu` a nano model stands in its place, and those three are left out.
 */
import { readFile } from "node:fs/promises";
import type { Locator, Page } from "@playwright/test";
import { decode } from "fast-png";
import { strFromU8 } from "fflate";
import { nanoFiles } from "../nano-model.ts";
import { LONG as PATIENT } from "../long.ts";
import { droppedFiles, servePocket, setNumbers } from "./nano-page.ts";
import { expect, test } from "./origin.ts";
import { finished } from "./stored.ts";
import { expectGrid, expectLora, expectWeights, readProject, taken, type TakenFile } from "./taken-files.ts";

const LONG = { timeout: 600_000 };
/** few pairs, met often; more steps than anyone waits for, so that a fast machine does not end before it is paused */
const SHORT = { Steps: 300, "Pairs a step": 2, "Used pairs": 3, "Opponent’s steps": 4, "Probe every": 0 };
const PROMPT = "a purple square and a blue heart, one over the other, by day";

const on = (): string => test.info().project.name;

const UNET = "unet/diffusion_pytorch_model.safetensors";

/** Of the model that is served. */
async function unet(): Promise<Uint8Array> {
  if (on() === "wasm") return readFile(`public/pocket/${UNET}`);
  return nanoFiles(3).get(UNET) as Uint8Array;
}

/** They are pictures of something, and no two are the same. */
async function expectPictures(canvases: Locator, count: number): Promise<void> {
  await expect(canvases).toHaveCount(count, LONG);
  const urls = await canvases.evaluateAll((all) => all.map((one) => (one as HTMLCanvasElement).toDataURL("image/png")));
  expect(new Set(urls).size).toBe(count);
  for (const url of urls) {
    const { width, data } = decode(Buffer.from(url.split(",")[1] ?? "", "base64"));
    expect(width).toBe(64);
    expect(spread(data)).toBeGreaterThan(10);
  }
}

/** Standard deviation of the colours. */
function spread(rgba: ArrayLike<number>): number {
  const values = Array.from(rgba).filter((_, at) => at % 4 < 3);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** What this computer can do is read, the sample pairs are taken, and three pictures of one's own come to them. */
async function bringPairs(page: Page): Promise<void> {
  await page.goto(`/?backend=${on()}`);
  const computer = page.getByRole("region", { name: "This computer" });
  const [name, place] = on() === "wasm" ? ["Processor", "processor"] : ["GPU", "GPU"];
  await expect(computer).toContainText(new RegExp(`${name}.+ ms a pass`), LONG);
  await expect(computer).toContainText(new RegExp(`Pocket, on the ${place}about .+ an iteration`), LONG);
  await expect(page.getByText("0 bytes sent")).toBeVisible();
  await page.getByRole("button", { name: "Try it with the built-in pocket model" }).click();
  await expect(page.getByText("48 pairs, all good")).toBeVisible();
  await page.getByRole("button", { name: "Add more" }).click();
  await page.getByLabel("Choose pictures and captions").setInputFiles(droppedFiles());
  await expect(page.getByText("51 pairs, all good")).toBeVisible();
  await expect(page.getByRole("alert")).toContainText("1 file was not taken.");
}

const stepsIn = (page: Page): Promise<number> =>
  page
    .locator(".facts")
    .innerText()
    .then((text) => Number(/Step\s*(\d+) of/.exec(text)?.[1] ?? 0));

/** Started, sampled, paused, tried, resumed, and kept before its end. */
async function firstIteration(page: Page): Promise<void> {
  await page.getByRole("link", { name: /^Iterate/ }).click();
  await page.getByRole("treeitem", { name: "Base", exact: true }).click();
  await expectPictures(page.getByRole("img", { name: `Base: ${PROMPT}` }), 1);
  await page.getByRole("treeitem", { name: "SPIN 1", exact: true }).click();
  await setNumbers(page, SHORT);
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await expectPictures(page.getByRole("img", { name: "Drawn by Base" }), 3);
  await expect(page.getByRole("img", { name: "Your picture", exact: true })).toHaveCount(3);

  await page.getByRole("button", { name: "Sample now" }).click(LONG);
  const strip = page.getByRole("group", { name: "Steps", exact: true });
  await expect(strip.getByRole("button", { name: /^step \d+$/ })).not.toHaveCount(0, LONG);
  await page.keyboard.press("p");
  await expect(page.getByText(/^SPIN 1 is paused at step \d+ of 300\. Closing the page is safe/)).toBeVisible(LONG);
  const pausedAt = await stepsIn(page);
  await page.getByLabel("Try a prompt").fill("a red star at sunset");
  await page.getByRole("button", { name: "Draw", exact: true }).click();
  await expectPictures(page.getByRole("img", { name: /^(Opponent|Player) .+: a red star at sunset$/ }), 2);
  await page.getByRole("button", { name: "Resume" }).click();
  await expect.poll(() => stepsIn(page), LONG).toBeGreaterThan(pausedAt + 1);
  await page.getByRole("button", { name: "Stop and keep" }).click();
  await expect(page.getByRole("button", { name: "Start SPIN 2" })).toBeEnabled(LONG);
}

/** The curves, and the steps as a file: the first loss is that of two equal players, to the last bit. */
async function expectCurves(page: Page): Promise<void> {
  const curves = page.getByRole("complementary", { name: "Training curves" });
  await expect(curves.getByRole("img", { name: /^(Loss|Told apart|Error on)/ })).toHaveCount(4);
  const csv = await taken(page, curves.getByRole("button", { name: "Download all steps as CSV" }));
  const [head, first, ...rest] = strFromU8(csv.bytes)
    .trim()
    .split("\r\n")
    .map((line) => line.split(","));
  expect(head?.slice(0, 3)).toEqual(["step", "of", "loss"]);
  expect(first?.slice(0, 2)).toEqual(["1", "300"]);
  expect(Number(first?.[2])).toBe(Math.LN2);
  expect(rest.length).toBeGreaterThan(1);
  for (const row of rest) expect(Number(row[2])).toBeGreaterThan(0);
}

/** From the menu of the tree. */
async function expectWeightsOf(page: Page, name: string, own: Uint8Array): Promise<void> {
  await page.getByRole("button", { name: `Actions of ${name}` }).click();
  await page.getByRole("menuitem", { name: "Export…" }).click();
  const dialog = page.getByRole("dialog", { name: `Export ${name}` });
  const file = await taken(page, dialog.getByRole("button", { name: "Weights of the UNet" }));
  expect(file.name).toBe("spin-1-unet.safetensors");
  await expectWeights(file, own);
  await expect(dialog.getByRole("status")).toContainText("is in your downloads.");
  await dialog.getByRole("button", { name: "Close" }).click();
}

/** A LoRA over what was learnt, to its end. */
async function secondIteration(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Settings of SPIN 2" }).click();
  await page.getByText(/^Settings: /).click();
  await page.getByRole("radio", { name: /^LoRA/ }).check();
  await page.getByText(/^Settings: /).click();
  await setNumbers(page, { ...SHORT, Steps: 4, "Warm-up": 0 });
  await page.getByRole("button", { name: "Start SPIN 2" }).click();
  await expect(page.getByRole("button", { name: "Start SPIN 3" })).toBeEnabled(LONG);
}

/** The grid with equal seeds, its file, and two models in one frame by keys. */
async function compare(page: Page, models: readonly string[]): Promise<void> {
  await page.getByRole("link", { name: "Compare", exact: true }).click();
  const table = page.getByRole("table");
  await expectPictures(table.getByRole("img"), 4 * models.length);
  await expect(table.getByRole("columnheader")).toHaveText(["Prompt, seed", ...models]);
  await expect(table.getByRole("rowheader")).toHaveText([/seed 42$/, /seed 43$/, /seed 44$/, /seed 45$/]);
  expectGrid(await taken(page, page.getByRole("button", { name: "Save the grid as PNG" })), models, PROMPT);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const [left, right] = ["Base", models.at(-1)];
  const divider = page.getByRole("slider", { name: `Divider between ${left} on the left and ${right} on the right` });
  await divider.focus();
  await page.keyboard.press("PageUp");
  await expect(divider).toHaveAttribute("aria-valuenow", "60");
  await page.keyboard.press("End");
  await expect(divider).toHaveAttribute("aria-valuenow", "100");
  await expectPictures(page.getByRole("img", { name: new RegExp(`^(${left}|${right}): ${PROMPT}$`) }), 2);
  await page.keyboard.press("Escape");
}

/** Blind, by keys alone. */
async function vote(page: Page): Promise<void> {
  await page.keyboard.press("g");
  await page.keyboard.press("v");
  for (const [at, key] of ["a", "b", "t", "a"].entries()) {
    await expect(page.getByText(`${at} of 20`)).toBeVisible(LONG);
    await expectPictures(page.locator(".ballot canvas"), 2);
    await page.keyboard.press(key);
  }
  await expect(page.getByText("4 of 20")).toBeVisible();
}

const scoreTable = (page: Page): Locator => page.getByRole("region", { name: "Scores, as a table" });

/** Pocket's world is drawn by code, so the page can tell what its pictures are worth: Base draws what the captions say. */
async function score(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Report", exact: true }).click();
  await page.getByRole("button", { name: "Score 2 models on 24 prompts" }).click(LONG);
  await expect(scoreTable(page).getByRole("row")).toHaveCount(3, LONG);
  await expect(scoreTable(page).getByRole("columnheader")).toContainText(["Model", "Truth, dB", "Faith"]);
  const faith = scoreTable(page).getByRole("row", { name: /^Base/ }).getByRole("cell").nth(1);
  expect(Number.parseFloat(await faith.innerText())).toBeGreaterThan(0.8);
}

const take = (page: Page, title: string): Locator =>
  page.getByRole("region", { name: "Take it with you" }).getByRole("listitem").filter({ hasText: title });

/** The project is deleted here, and its file opened in a page that knows nothing of it. */
async function openAgain(page: Page, file: TakenFile): Promise<void> {
  await page.getByRole("link", { name: "SPIN Studio" }).click();
  await page.getByRole("button", { name: "Start over" }).click();
  await page.getByRole("button", { name: /^Delete 51 pairs and / }).click();
  await expect(page.getByRole("button", { name: "Start over" })).toHaveCount(0);
  await page.reload();
  await expect(page.getByText("0 bytes sent")).toBeVisible();
  expect(await finished(page)).toEqual([]);
  await page.goto(`/?backend=${on()}#report`);
  await page
    .getByLabel("Choose a project file")
    .setInputFiles({ name: file.name, mimeType: "application/zip", buffer: Buffer.from(file.bytes) });
  await page.getByRole("button", { name: "Open it", exact: true }).click();
  await page.getByRole("link", { name: "Pairs 51" }).waitFor(LONG);
}

test("from the first page to the files in the downloads, and from a file back to the tree", async ({
  context,
  page,
}) => {
  test.setTimeout(3_600_000);
  const all = on() === "wasm";
  test.skip(!all && !PATIENT, "the same job, for minutes: npm test -- --long");
  if (!all) await servePocket(context);
  await bringPairs(page);
  await firstIteration(page);
  await expectCurves(page);
  await expectWeightsOf(page, "SPIN 1", await unet());
  if (all) {
    await score(page);
    await page.getByRole("link", { name: /^Iterate/ }).click();
    await secondIteration(page);
  }
  const models = ["Base", "SPIN 1", ...(all ? ["SPIN 2"] : [])];
  await compare(page, models);
  if (all) await vote(page);

  await page.getByRole("link", { name: "Report", exact: true }).click();
  if (all) await expectLora(await taken(page, take(page, "LoRA of SPIN 2").getByRole("button", { name: "Save" })));
  const file = await taken(page, take(page, "Whole project").getByRole("button", { name: "Save .zip" }));
  const project = readProject(file);
  expect(project.pairs.map(({ caption }) => caption)).toContain("a red circle by day");
  expect(project.nodes.map(({ iteration }) => iteration)).toEqual(all ? [1, 2] : [1]);
  expect(strFromU8(project.members["votes.jsonl"] as Uint8Array).split("\n")).toHaveLength(all ? 5 : 1);
  const before = await finished(page);

  await openAgain(page, file);
  await page.getByRole("link", { name: /^Iterate/ }).click();
  await expect(page.getByRole("treeitem")).toHaveText([
    /^Base/,
    /^SPIN 1/,
    ...(all ? [/^SPIN 2/] : []),
    /^SPIN \dnext/,
  ]);
  expect(before).toHaveLength(models.length - 1);
  expect(await finished(page)).toEqual(before);
  await page.getByRole("treeitem", { name: "SPIN 1", exact: true }).click();
  const curves = page.getByRole("complementary", { name: "Training curves" });
  await curves.getByRole("button", { name: "Show as table" }).click();
  await expect(curves.getByRole("row", { name: /^1 0\.693 / })).toBeVisible();
  if (all) {
    await page.getByRole("link", { name: "Report", exact: true }).click();
    await expect(scoreTable(page).getByRole("row")).toHaveCount(3);
  }
  await expect(page.getByText("0 bytes sent")).toBeVisible();
});
