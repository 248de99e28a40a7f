/** @file An iteration as a person runs it, on the engine that only pretends: settings, curves, samples, what goes wrong. */
import { readFile } from "node:fs/promises";
import type { Download, Locator, Page } from "@playwright/test";
import { expect, test } from "./origin.ts";

/** The sample pairs taken, the next iteration's screen open. */
async function ready(page: Page, words: string): Promise<void> {
  await page.goto(`/?fake=${words}`);
  await page.getByRole("button", { name: "Try it with the built-in pocket model" }).click();
  await expect(page.getByText("48 pairs, all good")).toBeVisible();
  await page.getByRole("link", { name: /^Iterate/ }).click();
}

async function openSettings(page: Page): Promise<void> {
  await page.getByText(/^Settings: /).click();
}

/** Starts SPIN 1 with these numbers; few pairs, because their opponents are not what is looked at here. */
async function start(page: Page, numbers: { readonly [label: string]: number } = {}): Promise<void> {
  await openSettings(page);
  await page.getByRole("button", { name: "Advanced" }).click();
  for (const [label, value] of Object.entries({ "Used pairs": 2, ...numbers }))
    await page.getByLabel(label, { exact: true }).fill(String(value));
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
}

const LONG = { timeout: 120_000 };

const curvesOf = (page: Page): Locator => page.getByRole("complementary", { name: "Training curves" });

async function textOf(page: Page, click: Promise<void>): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent("download") as Promise<Download>, click]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

test("a preset, then two settings in words: what differs is said, and one button goes back", async ({ page }) => {
  await ready(page, "fast");
  await openSettings(page);
  await page.getByRole("radio", { name: /^Thorough/ }).check();
  await expect(page.getByText("Settings: Thorough", { exact: true })).toBeVisible();
  await page.getByLabel("Steps", { exact: true }).fill("90");
  await page.getByRole("button", { name: "Strong" }).click();
  await expect(page.getByText("Settings: Thorough, with 2 changes")).toBeVisible();
  await expect(
    page.getByText("Changed from Thorough: Steps 90 instead of 60. Learning rate 0.00015 instead of 0.00005."),
  ).toBeVisible();
  await page.reload();
  await expect(page.getByText("Settings: Thorough, with 2 changes")).toBeVisible();
  await openSettings(page);
  await expect(page.getByLabel("Steps", { exact: true })).toHaveValue("90");
  await page.getByRole("button", { name: "Back to Thorough" }).click();
  await expect(page.getByText("Settings: Thorough", { exact: true })).toBeVisible();
  await expect(page.getByLabel("Steps", { exact: true })).toHaveValue("60");
});

test("the paper's preset says what it asks for here", async ({ page }) => {
  await ready(page, "fast");
  await openSettings(page);
  await page.getByRole("radio", { name: /^Paper/ }).check();
  await expect(page.getByText(/It asks for 256 pairs a step, 60 steps, about \d+ min an iteration/)).toBeVisible();
  await expect(page.getByText(/Each of your 48 pairs is met 320 times/)).toBeVisible();
});

test("advanced shows every number with its range, default and help; the safeguard is a switch with a factor", async ({
  page,
}) => {
  await ready(page, "fast");
  await openSettings(page);
  await page.getByRole("button", { name: "Advanced" }).click();
  for (const label of ["Steps", "Learning rate", "Warm-up", "Beta", "Pairs a step", "Caption dropout"])
    await expect(page.getByLabel(label, { exact: true })).toHaveAccessibleDescription(/ to .*, here .*; /);
  for (const label of ["Used pairs", "Opponent’s steps", "Guidance", "Safeguard’s factor", "Probe every", "Seed"])
    await expect(page.getByLabel(label, { exact: true })).toHaveAccessibleDescription(/ to .*, here .*; /);
  await expect(page.getByRole("img", { name: /^Learning rate: rises to 0.00005 at step 6, then falls/ })).toBeVisible();
  const guard = page.getByRole("switch", { name: "Safeguard" });
  await expect(guard).toBeChecked();
  await guard.uncheck();
  await expect(page.getByLabel("Safeguard’s factor")).toHaveCount(0);
  await expect(page.getByText(/Safeguard’s factor off instead of 0\.9/)).toBeVisible();
  await guard.check();
  await expect(page.getByLabel("Safeguard’s factor")).toHaveValue("0.9");
  await page.getByLabel("Loss", { exact: true }).selectOption("Hinge");
  await expect(page.getByText(/so the loss starts at 1 /)).toBeVisible();
  await expect(page.getByLabel("Sampler", { exact: true })).toHaveValue("ddim");
  await page.getByLabel("Sampler", { exact: true }).selectOption("DPM-Solver++ 2M, Karras");
  await expect(page.getByText("Sampler DPM-Solver++ 2M, Karras instead of DDIM.")).toBeVisible();
  await expect(page.getByLabel("Trains").getByRole("option", { name: "A LoRA" })).toBeDisabled();
});

test("settings leave as a file and come back; of one with faults the good ones are kept and the others named", async ({
  page,
}) => {
  await ready(page, "fast");
  await openSettings(page);
  await page.getByLabel("Steps", { exact: true }).fill("7");
  const saved = await textOf(page, page.getByRole("button", { name: "Save as a file" }).click());
  expect(saved.name).toBe("spin-1-settings.json");
  expect(JSON.parse(saved.text)).toMatchObject({ settings: { steps: 7, loss: "logistic" } });
  await page.getByRole("button", { name: "Back to Quick" }).click();

  const file = (name: string, text: string) => ({ name, mimeType: "application/json", buffer: Buffer.from(text) });
  await page.getByLabel("Settings file").setInputFiles(file(saved.name, saved.text));
  await expect(page.getByRole("status").filter({ hasText: "taken from spin-1-settings.json" })).toBeVisible();
  await expect(page.getByLabel("Steps", { exact: true })).toHaveValue("7");

  const faulty = JSON.stringify({ settings: { steps: 12, beta: "high", train: "lora", colour: "red" } });
  await page.getByLabel("Settings file").setInputFiles(file("odd.json", faulty));
  const news = page.getByRole("status").filter({ hasText: "odd.json" });
  await expect(news).toContainText("1 setting taken from odd.json. 3 fields were refused, the rest is kept:");
  await expect(news).toContainText('Beta: expected a number, got "high".');
  await expect(news).toContainText('Trains: Pocket can do full, got "lora".');
  await expect(news).toContainText('"colour" is no setting.');
  await expect(page.getByLabel("Steps", { exact: true })).toHaveValue("12");
});

test("a kept iteration shows its settings, and the next one can have them", async ({ page }) => {
  await ready(page, "fast");
  await start(page, { Steps: 4 });
  await page.getByRole("button", { name: "Start SPIN 2" }).waitFor(LONG);
  await page.getByText("Settings of SPIN 1").click();
  await expect(page.locator(".settings-list")).toContainText("Steps4");
  await page.getByRole("button", { name: "Use these for SPIN 2" }).click();
  await expect(page.getByRole("heading", { name: "SPIN 2" })).toBeVisible();
  // the second iteration's own rate is lower: that of the first counts as a change
  await page.getByText("Settings: Quick, with 3 changes").click();
  await expect(page.getByText("These are the settings of SPIN 1.")).toBeVisible();
  await expect(page.getByText(/Learning rate 0\.00005 instead of 0\.000015/)).toBeVisible();
});

test("every curve has smoothing, a log scale, its table and its file; all steps come as one", async ({ page }) => {
  await ready(page, "fast");
  await start(page, { Steps: 20 });
  await page.getByRole("button", { name: "Start SPIN 2" }).waitFor(LONG);
  const curves = curvesOf(page);
  await curves
    .getByRole("button", { name: "5 more: fixed probe, size of the logit, gradient norm, learning rate, safeguard" })
    .click();
  const titles = ["Loss", "Told apart", "Error on your pictures", "Error on the opponent’s"];
  for (const title of [...titles, "Fixed probe", "Size of the logit", "Gradient norm", "Learning rate", "Safeguard"]) {
    await expect(curves.getByRole("img", { name: new RegExp(`^${title}: `) })).toBeVisible();
    await curves.getByRole("button", { name: `${title}: options` }).click();
    await expect(curves.getByRole("slider", { name: `${title}: smoothing` })).toBeVisible();
    const { name, text } = await textOf(page, curves.getByRole("button", { name: `${title}: download CSV` }).click());
    expect(name).toMatch(/^spin-1-[a-z-]+\.csv$/);
    const rows = text.trimEnd().split("\r\n");
    expect(rows[0]).toMatch(/^step,/);
    expect(rows).toHaveLength(1 + (title === "Fixed probe" ? 1 + 2 : 20));
    await curves.getByRole("button", { name: `${title}: show as table` }).click();
    await expect(curves.getByRole("region", { name: `${title}, every step` })).toBeVisible();
    await curves.getByRole("button", { name: `${title}: show as curve` }).click();
    await curves.getByRole("button", { name: `${title}: options` }).click();
  }
  const all = await textOf(page, curves.getByRole("button", { name: "Download all steps as CSV" }).click());
  const lines = all.text.trimEnd().split("\r\n");
  expect(all.name).toBe("spin-1-steps.csv");
  expect(lines).toHaveLength(21);
  expect(lines[1]).toMatch(/^1,20,0\.693147\d+,0\.5,/);
});

test("smoothing and log scale change the picture of a curve, by keyboard only", async ({ page }) => {
  await ready(page, "fast");
  await start(page, { Steps: 20 });
  await page.getByRole("button", { name: "Start SPIN 2" }).waitFor(LONG);
  const curves = curvesOf(page);
  const options = curves.getByRole("button", { name: "Loss: options" });
  const chart = curves.getByRole("img", { name: /^Loss: / });
  const looks = () => chart.locator("canvas").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  await options.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const slider = curves.getByRole("slider", { name: "Loss: smoothing" });
  await expect(slider).toBeFocused();
  const before = await looks();
  await page.keyboard.press("Home");
  await expect(slider).toHaveAttribute("aria-valuetext", "off");
  await expect.poll(looks).not.toBe(before);
  await page.keyboard.press("End");
  await expect(slider).toHaveAttribute("aria-valuetext", "over 200 steps");
  const plain = await looks();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await expect(curves.getByRole("checkbox", { name: "Log scale" })).toBeChecked();
  await expect.poll(looks).not.toBe(plain);
});

test("samples come as it trains, more on demand, and any step of the strip can be looked at", async ({ page }) => {
  await ready(page, "calm");
  await start(page);
  const strip = page.getByRole("group", { name: "Steps" });
  await expect(strip.getByRole("button", { name: "step 10" })).toBeVisible(LONG);
  await page.getByRole("checkbox", { name: "Draw as it trains" }).uncheck();
  const sample = page.getByRole("button", { name: "Sample now" });
  await expect(sample).toBeEnabled(LONG);
  const before = await strip.getByRole("button").count();
  await sample.click();
  await expect(strip.getByRole("button")).toHaveCount(before + 1, LONG);
  await strip.getByRole("button", { name: "start" }).click();
  await expect(page.getByRole("img", { name: /^Player SPIN 1, start: / })).toBeVisible();
  await page.getByRole("button", { name: "Start SPIN 2" }).waitFor(LONG);
  await strip.getByRole("button", { name: "step 10" }).click();
  await expect(page.getByRole("img", { name: /^Player SPIN 1, step 10: / })).toBeVisible();
  await strip.getByRole("button", { name: "step 60" }).click();
  await expect(page.getByRole("img", { name: /^Player SPIN 1: / })).toBeVisible();
});

test("who wants no samples on the way gets none", async ({ page }) => {
  await ready(page, "calm");
  await start(page);
  await page.getByRole("checkbox", { name: "Draw as it trains" }).uncheck(LONG);
  await page.getByRole("button", { name: "Start SPIN 2" }).waitFor(LONG);
  const frames = page.getByRole("group", { name: "Steps" }).getByRole("button");
  expect(await frames.count()).toBeLessThan(1 + 6);
});

test("a paused run can be tried with any prompt, and then goes on", async ({ page }) => {
  await ready(page, "calm");
  await start(page);
  await expect(page.locator(".stages")).toContainText(/Train \d+ of 60/);
  await page.getByText("Speed", { exact: true }).waitFor();
  await page.keyboard.press("p");
  const prompt = page.getByLabel("Try a prompt");
  await prompt.fill("a red ring above a blue star at night");
  await page.keyboard.press("Enter");
  const trial = page.locator(".trial");
  await expect(trial.getByRole("img", { name: /^Player SPIN 1, step \d+: a red ring/ })).toBeVisible();
  await expect(trial.getByRole("img", { name: /^Opponent Base: a red ring/ })).toBeVisible();
  await page.getByRole("button", { name: /^Resume/ }).click();
  await expect(trial).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Start SPIN 2" })).toBeVisible(LONG);
});

test("the time left is kept back at first, and the pace is told in pairs", async ({ page }) => {
  await ready(page, "slow");
  await start(page);
  const facts = page.locator(".facts");
  // "Left" would stand between them
  await expect(facts).toContainText(/Step[1-9] of 60Speed\d+ pairs\/s/, LONG);
  await expect(facts).toContainText(/Left(about )?\d+/, LONG);
});

test("a probe that warns is told quietly, with what to do", async ({ page }) => {
  await ready(page, "rise");
  await start(page);
  const hint = page.getByRole("status").filter({ hasText: "has risen" });
  await expect(hint).toContainText(/The error on your pictures has risen by \d+ % since the start\./, LONG);
  await hint.getByRole("button", { name: "Stop here" }).click();
  await expect(page.getByRole("button", { name: "Start SPIN 2" })).toBeVisible();
});

test("numbers past all bounds: the cause, what is kept, and the last good step is one click away", async ({ page }) => {
  await ready(page, "fast,burst");
  await start(page);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("SPIN 1 stopped after step 12: its numbers grew past all bounds.", LONG);
  await expect(alert).toContainText("SPIN 1 up to step 10. The usual cause is a learning rate that is too high");
  await alert.getByRole("button", { name: "Keep it as of step 10" }).click();
  await expect(page.getByRole("button", { name: "Start SPIN 2" })).toBeVisible();
});

test("while a lost device is waited for, the only filled button is the one that tries again", async ({ page }) => {
  await ready(page, "fast,lost-again");
  await start(page);
  await expect(page.getByRole("timer")).toBeVisible(LONG);
  await expect(page.locator(".button.primary")).toHaveText(["Try now"]);
  await expect(page.getByRole("button", { name: /^Pause/ })).toBeVisible();
  await page.getByRole("button", { name: "Try now" }).click();
  await expect(page.locator(".button.primary")).toHaveText([/^Pause/], LONG);
});
