/** @file What a visitor waits for before the page can be used: its scripts, without the runtime that the worker fetches. */
import { gzipSync } from "node:zlib";
import { expect, test } from "./origin.ts";

test("the scripts of the first load are at most 200 kB gzipped", async ({ page }) => {
  const scripts = new Map<string, Promise<Buffer>>();
  page.on("response", (response) => {
    // a worker's own scripts have no frame of the page
    const byPage = response.request().resourceType() === "script" && response.frame() === page.mainFrame();
    if (byPage) scripts.set(new URL(response.url()).pathname, response.body());
  });
  await page.goto("/?fake=fast");
  await expect(page.getByRole("button", { name: "Try it with the built-in pocket model" })).toBeVisible();
  const sizes = await Promise.all(
    [...scripts].map(async ([path, body]) => [path, gzipSync(await body).length] as const),
  );
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  expect(total, sizes.map(([path, size]) => `${path} ${size}`).join("\n")).toBeLessThanOrEqual(200_000);
  expect(total).toBeGreaterThan(50_000); // all of them were counted
});
