/** @file The page with its real engine, on `wasm` and on `webgpu`: pairs in, two iterations, pictures, and nothing lost on the way. */
import { expect, test, type Page } from "@playwright/test";
import { times } from "../long.ts";
import { droppedFiles, servePocket, setNumbers, weightHashes } from "./nano-page.ts";

const KILLS = times(20, 5);

test.beforeEach(({ context }) => servePocket(context));

/** The address with the backend of this project. */
const address = (hash = ""): string => `/?backend=${test.info().project.name}${hash}`;

async function ready(page: Page): Promise<void> {
  await expect(page.getByText("0 bytes sent")).toBeVisible();
  const name = test.info().project.name === "wasm" ? "WebAssembly" : "WebGPU";
  await expect(page.getByText(`Pocket, ${name}`)).toBeVisible({ timeout: 120_000 });
}

async function drop(page: Page): Promise<void> {
  await page.goto(address("#pairs"));
  await ready(page);
  await page.getByLabel("Choose pictures and captions").setInputFiles(droppedFiles());
  await expect(page.getByLabel("Caption of pair 1", { exact: true })).toHaveValue("a red circle by day");
  await page.getByRole("link", { name: /^Iterate/ }).click();
}

test("a folder of captioned pictures through two iterations to the same seeds side by side", async ({
  page,
  baseURL,
}) => {
  test.setTimeout(900_000); // an adapter in software compiles its kernels for minutes
  const foreign: string[] = [];
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== new URL(baseURL as string).origin) foreign.push(request.url());
  });
  await drop(page);
  await setNumbers(page, { Steps: 3, "Pairs a step": 2, "Opponent’s steps": 2 });
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await page.getByRole("button", { name: "Start SPIN 2" }).click({ timeout: 240_000 });
  await page.getByRole("button", { name: "Start SPIN 3" }).waitFor({ timeout: 240_000 });
  const curves = page.getByRole("complementary", { name: "Training curves" });
  await curves.getByRole("button", { name: "Show as table" }).click();
  await expect(curves.getByRole("row", { name: /^1 0\.693 50 %/ })).toBeVisible();
  expect(await weightHashes(page, 1)).toHaveLength(1);
  expect(await weightHashes(page, 2)).not.toEqual(await weightHashes(page, 1));

  await page.reload();
  await ready(page);
  await page.getByRole("link", { name: "Compare", exact: true }).click();
  const cells = page.getByRole("table").locator("canvas");
  await expect(cells).toHaveCount(3 * 4, { timeout: 240_000 });
  expect(foreign).toEqual([]);
});

test(`a run that is killed at ${KILLS} random points ends in the bytes of an undisturbed one`, async ({ browser }) => {
  test.skip(test.info().project.name === "webgpu", "kernels are compiled anew after each kill, for minutes");
  test.setTimeout(900_000);
  const start = async (page: Page): Promise<void> => {
    await drop(page);
    await setNumbers(page, { Steps: 24, "Pairs a step": 2, "Opponent’s steps": 4 });
    await page.getByRole("button", { name: "Start SPIN 1" }).click();
  };
  const contexts = [await browser.newContext(), await browser.newContext()] as const;
  for (const context of contexts) await servePocket(context);

  const calm = await contexts[0].newPage();
  await start(calm);
  await calm.getByRole("button", { name: "Start SPIN 2" }).waitFor({ timeout: 240_000 });
  const expected = await weightHashes(calm, 1);
  expect(expected).toHaveLength(1);
  await contexts[0].close();

  let page = await contexts[1].newPage();
  await start(page);
  let seed = 20;
  for (let kill = 0; kill < KILLS; kill++) {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    await page.waitForTimeout(20 + (seed % 900));
    if (kill % 2 === 0) await page.close();
    else {
      const session = await contexts[1].newCDPSession(page);
      const crashed = page.waitForEvent("crash");
      session.send("Page.crash").catch(() => {});
      await crashed;
    }
    page = await contexts[1].newPage();
    await page.goto(address());
    const go = page.getByRole("button", { name: "Continue" });
    await go
      .or(page.getByRole("button", { name: "Start SPIN 2" }))
      .first()
      .waitFor({ timeout: 120_000 });
    if (!(await go.isVisible())) break;
    await go.click();
  }
  await page.goto(address("#iterate"));
  await ready(page);
  const goOn = page.getByRole("button", { name: /^Resume/ });
  if (await goOn.first().isVisible()) await goOn.first().click();
  await page.getByRole("button", { name: "Start SPIN 2" }).waitFor({ timeout: 240_000 });
  expect(await weightHashes(page, 1)).toEqual(expected);
  await contexts[1].close();
});
