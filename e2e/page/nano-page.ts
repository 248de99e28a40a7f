/** @file The built page with a nano model in pocket's place: everything is real but the size, so a run takes seconds. */
import type { BrowserContext, Page } from "@playwright/test";
import { encodePng } from "../../src/cli/images.ts";
import { render, rgbaOf, SIDE } from "../../src/pocket/render.ts";
import { nanoFiles } from "../nano-model.ts";
import { finished } from "./stored.ts";

const files = nanoFiles(3);

/** Serves the nano model wherever the page asks for pocket. */
export async function servePocket(context: BrowserContext): Promise<void> {
  await context.route("**/pocket/**", async (route) => {
    const path = new URL(route.request().url()).pathname.replace("/pocket/", "");
    const bytes = files.get(path);
    return bytes ? route.fulfill({ body: Buffer.from(bytes) }) : route.fulfill({ status: 404 });
  });
}

/** For `beforeWorker`: on a busy machine the threads of a model this small only wait for each other. */
export const ONE_THREAD = `Object.defineProperty(navigator, "hardwareConcurrency", { value: 1 });`;

/** The engine's worker runs this first; it is asked for at the birth of each. Its script becomes two: this, and then its own. */
export async function beforeWorker(context: BrowserContext, script: () => string): Promise<void> {
  await context.route(/gpu\.worker-[^/]*\.js/, async (route) => {
    const { pathname, search } = new URL(route.request().url());
    if (search === "?own") return route.continue();
    const both = `import "${pathname}?first"; import "${pathname}?own";`;
    return route.fulfill({ response: await route.fetch(), body: search === "?first" ? script() : both });
  });
}

/** Three pictures with sidecar captions, and one file that is no picture. */
export function droppedFiles() {
  const captions = ["a red circle by day", "a blue star at night", "a green heart at sunset"];
  const file = (name: string, mimeType: string, buffer: Buffer) => ({ name, mimeType, buffer });
  return captions
    .flatMap((caption, i) => [
      file(
        `${i}.png`,
        "image/png",
        Buffer.from(encodePng({ width: SIDE, height: SIDE, rgba: rgbaOf(render(caption, 0.9, i)) })),
      ),
      file(`${i}.txt`, "text/plain", Buffer.from(caption)),
    ])
    .concat(file("broken.png", "image/png", Buffer.from("not a picture")));
}

/** Small numbers in the settings panel of the iteration screen. */
export async function setNumbers(page: Page, numbers: Readonly<Record<string, number>>): Promise<void> {
  await page.getByText(/^Settings: /).click();
  await page.getByRole("button", { name: "Advanced" }).click();
  for (const [label, value] of Object.entries(numbers))
    await page.getByLabel(label, { exact: true }).fill(String(value));
}

/** sha256 of every part of a finished iteration's weights, as the browser's storage names them. */
export async function weightHashes(page: Page, iteration: number): Promise<readonly string[]> {
  return (await finished(page)).find((one) => one.iteration === iteration)?.weights ?? [];
}
