/** @file The built page with a nano model in pocket's place: everything is real but the size, so a run takes seconds. */
import type { BrowserContext, Page } from "@playwright/test";
import { encodePng } from "../../src/cli/images.ts";
import { render, rgbaOf, SIDE } from "../../src/pocket/render.ts";
import { nanoFiles } from "../nano-model.ts";

const files = nanoFiles(3);

/** Serves the nano model wherever the page asks for pocket. */
export async function servePocket(context: BrowserContext): Promise<void> {
  await context.route("**/pocket/**", async (route) => {
    const path = new URL(route.request().url()).pathname.replace("/pocket/", "");
    const bytes = files.get(path);
    return bytes ? route.fulfill({ body: Buffer.from(bytes) }) : route.fulfill({ status: 404 });
  });
}

/**
 * The runtime with one thread, as in a page that is not isolated from other origins: on a busy machine the threads of a model this
 * small only wait for each other.
 */
export async function oneThread(context: BrowserContext): Promise<void> {
  await context.route(
    ({ pathname }) => pathname === "/",
    async (route) => {
      const response = await route.fetch();
      const headers = Object.entries(response.headers()).filter(([name]) => !name.startsWith("cross-origin-"));
      await route.fulfill({ response, headers: Object.fromEntries(headers) });
    },
  );
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
  return page.evaluate(async (wanted) => {
    const opening = indexedDB.open("spin-studio");
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error as DOMException);
    });
    const request = db.transaction("keyval").objectStore("keyval").getAll(IDBKeyRange.bound("manifest/", "manifest/~"));
    const manifests = await new Promise<unknown[]>((resolve) => {
      request.onsuccess = () => resolve(request.result as unknown[]);
    });
    db.close();
    type File = { name: string; parts: { sha256: string }[] };
    type Manifest = { node: { iteration: number }; complete: boolean; files: File[] };
    const found = (manifests as Manifest[]).find((m) => m.node.iteration === wanted && m.complete);
    return (found?.files.find((f) => f.name === "weights.safetensors")?.parts ?? []).map((p) => p.sha256);
  }, iteration);
}
