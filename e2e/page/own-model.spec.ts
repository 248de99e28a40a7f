/**
 * @file A person's own model: picked from the disk, looked at, opened with a project of its own, found again on the next visit.
 * The engine is the real one; the model is small, so that the processor can do what SD-1.5 needs a GPU for.
 */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Page } from "@playwright/test";
import { nanoFiles } from "../nano-model.ts";
import { beforeWorker, droppedFiles, ONE_THREAD, servePocket, setNumbers } from "./nano-page.ts";
import { expect, test } from "./origin.ts";

let folder = "";

test.beforeAll(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), "spin-own-")), "my-fine-tune");
  for (const [name, bytes] of nanoFiles(2)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), bytes);
  }
});
test.afterAll(() => rmSync(path.dirname(folder), { recursive: true }));

test.beforeEach(async ({ context }) => {
  await servePocket(context);
  await beforeWorker(context, () => ONE_THREAD);
  // the pickers of the browser's own windows cannot be driven; without them the page takes its own inputs
  await context.addInitScript(() => {
    Object.assign(globalThis, { showDirectoryPicker: undefined, showOpenFilePicker: undefined });
  });
});

const ready = (page: Page) => expect(page.getByText(/weights, ready/)).toBeVisible({ timeout: 120_000 });

async function open(page: Page): Promise<void> {
  await page.goto("/?backend=wasm");
  await ready(page);
}

const picked = (page: Page) => page.getByRole("group", { name: "my-fine-tune" });

const fromDisk = (page: Page) => page.getByRole("radio", { name: /^Stable Diffusion 1.5 from disk/ }).click();

async function openOwn(page: Page): Promise<void> {
  await page.getByLabel("A model’s folder").setInputFiles(folder);
  await expect(picked(page).getByText(/^9 files, .* weights$/)).toBeVisible();
  await page.getByRole("button", { name: "Open this model" }).click();
  await expect(page.getByRole("radio", { name: /^my-fine-tune/ })).toBeChecked({ timeout: 120_000 });
  await ready(page);
}

async function bring(page: Page): Promise<void> {
  await page.getByLabel("Choose pictures and captions").setInputFiles(droppedFiles());
  await expect(page.getByLabel("Caption of pair 1", { exact: true })).toHaveValue("a red circle by day");
}

/** The whole pictures that are kept for another crop, by their keys. */
function originals(page: Page): Promise<readonly IDBValidKey[]> {
  return page.evaluate(
    () =>
      new Promise<IDBValidKey[]>((resolve, reject) => {
        const opening = indexedDB.open("spin-studio-originals");
        opening.onerror = () => reject(new Error("the originals cannot be opened"));
        opening.onsuccess = () => {
          const keys = opening.result.transaction("keyval").objectStore("keyval").getAllKeys();
          keys.onsuccess = () => resolve(keys.result);
        };
      }),
  );
}

test("a folder is looked at, opened, trained in a project of its own, and asked for again on the next visit", async ({
  page,
}) => {
  await open(page);
  await fromDisk(page);
  await openOwn(page);
  await bring(page);
  await page.getByRole("link", { name: /^Iterate/ }).click();
  await setNumbers(page, { Steps: 2, "Pairs a step": 2, "Opponent’s steps": 2, "Probe every": 0 });
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await page.getByRole("button", { name: "Start SPIN 2" }).waitFor({ timeout: 120_000 });

  await page.getByRole("link", { name: "SPIN Studio" }).click();
  await page.getByRole("radio", { name: /^Pocket/ }).click();
  await ready(page);
  await expect(page.getByText("Your project")).toBeHidden();
  const own = await originals(page);
  expect(own).toHaveLength(3);
  await bring(page);
  await expect.poll(() => originals(page)).toHaveLength(6);
  await page.getByRole("link", { name: "SPIN Studio" }).click();
  await page.getByRole("button", { name: "Start over" }).click();
  await page.getByRole("button", { name: "Delete 3 pairs" }).click();
  await expect.poll(() => originals(page)).toEqual(own);
  await fromDisk(page);
  await openOwn(page);
  await expect(page.getByText("SPIN 1 is done, with 3 pairs.")).toBeVisible();

  await page.getByRole("radio", { name: /^Pocket/ }).click();
  await ready(page);
  await page.reload();
  await ready(page);
  await page.getByRole("radio", { name: /^my-fine-tune/ }).click();
  await expect(page.getByText(/my-fine-tune lies on your disk/)).toBeVisible();
  await expect(page.getByText("SPIN 1 is done, with 3 pairs.")).toBeVisible();
  await openOwn(page);
  await page.getByRole("link", { name: /^Compare/ }).click();
  await expect(page.getByRole("columnheader", { name: /SPIN 1/ })).toBeVisible();
});

test("where the browser keeps a handle, or a copy is kept, the next visit opens it without a question", async ({
  page,
}) => {
  await page.addInitScript(() => {
    const folder = async (): Promise<FileSystemDirectoryHandle> =>
      (await navigator.storage.getDirectory()).getDirectoryHandle("my-fine-tune", { create: true });
    Object.assign(globalThis, { showDirectoryPicker: folder });
  });
  await open(page);
  const files = [...nanoFiles(2)].map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")] as const);
  await page.evaluate(async (all) => {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("my-fine-tune", { create: true });
    for (const [name, base64] of all) {
      const [folder = "", file = ""] = name.split("/");
      const handle = await (await root.getDirectoryHandle(folder, { create: true })).getFileHandle(file, {
        create: true,
      });
      const writable = await handle.createWritable();
      await writable.write(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
      await writable.close();
    }
  }, files);
  await fromDisk(page);
  await page.getByRole("button", { name: "Choose a model’s folder" }).click();
  await page.getByLabel(/^Keep a copy in this browser/).check();
  await page.getByRole("button", { name: "Open this model" }).click();
  await ready(page);
  await expect(page.getByRole("radio", { name: /^my-fine-tune/ })).toBeChecked();
  // the copy is what is opened: the folder itself is gone
  await page.evaluate(async () =>
    (await navigator.storage.getDirectory()).removeEntry("my-fine-tune", { recursive: true }),
  );
  await page.reload();
  await ready(page);
  await expect(page.getByRole("radio", { name: /^my-fine-tune/ })).toBeChecked();
});

test("what is none of ours is refused in words, and Pocket stays open", async ({ page }) => {
  await open(page);
  const xl = path.join(path.dirname(folder), "xl");
  mkdirSync(path.join(xl, "text_encoder_2"), { recursive: true });
  writeFileSync(path.join(xl, "text_encoder_2", "config.json"), "{}");
  await fromDisk(page);
  await page.getByLabel("A model’s folder").setInputFiles(xl);
  await expect(page.getByRole("alert")).toContainText("Stable Diffusion XL");
  await expect(page.getByRole("button", { name: "Open this model" })).toBeDisabled();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByLabel("A model’s file").setInputFiles({
    name: "old.safetensors",
    mimeType: "application/octet-stream",
    buffer: Buffer.from("PK\u0003\u0004 a pickle in its zip"),
  });
  await expect(page.getByRole("alert")).toContainText("pickle");
  await page.getByRole("radio", { name: /^Pocket/ }).click();
  await ready(page);
  await expect(page.getByRole("radio", { name: /^Pocket/ })).toBeChecked();
});
