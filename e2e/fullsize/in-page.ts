/**
 * @file The studio's own page with the full-size folder, as a person has it: picked, opened, pairs, an iteration of two steps, its
 * file. Each stage is measured: seconds, bytes on the device, the tab's memory, stalls of the main thread.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "@playwright/test";
import { build, preview } from "vite";
import { browserGpu, type GpuKind } from "../lavapipe.ts";
import { type LongTasks, longTasks } from "../page/long-tasks.ts";
import { beforeWorker, droppedFiles, setNumbers } from "../page/nano-page.ts";
import { folder } from "./files.ts";
import { MemoryWatch, type ProcessMemory } from "./process-memory.ts";

export const SIDE = 64;

/** Of the studio's worker; bytes. */
export interface Metered {
  /** on the device since the stage before */
  readonly peak: number;
  readonly live: number;
  readonly kernels: number;
  readonly heap: number;
}

export interface Stage {
  readonly stage: string;
  readonly seconds: number;
  readonly worker: Metered;
  readonly processes: ProcessMemory | null;
  readonly tasks: LongTasks;
}

export interface InPage {
  readonly browser: string;
  readonly gpu: GpuKind;
  readonly stages: readonly Stage[];
  /** what the page says that a step takes, before anything is loaded */
  readonly promised: string;
  /** bytes of the LoRA's file */
  readonly file: number;
}

const PATIENCE_MS = 3 * 3_600_000;
const meter = fileURLToPath(new URL("page-meter.js", import.meta.url));

/** @throws Error when there is no WebGPU adapter, or where the page shows a problem. */
export async function runInPage(tell: (line: string) => void): Promise<InPage> {
  const { kind, executablePath, args, env, reason } = browserGpu();
  if (kind === "none") throw new Error(`Chromium has no WebGPU adapter here: ${reason}.`);
  await build({ logLevel: "error" });
  const server = await preview({ preview: { host: "127.0.0.1", port: 0 } });
  const browser = await chromium.launch({
    executablePath,
    // compiling a kernel in software takes longer than the watchdog waits
    args: [...args, "--disable-gpu-watchdog"],
    env: { ...(process.env as Record<string, string>), ...env },
  });
  try {
    return {
      gpu: kind,
      browser: browser.version(),
      ...(await walk(browser, server.resolvedUrls?.local[0] ?? "", tell)),
    };
  } finally {
    await browser.close();
    await server.close();
  }
}

async function walk(browser: Browser, address: string, tell: (line: string) => void) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(PATIENCE_MS);
  const script = readFileSync(meter, "utf8");
  await beforeWorker(context, () => script);
  // the pickers of the browser's own windows cannot be driven; without them the page takes its own inputs
  await context.addInitScript(() => {
    Object.assign(globalThis, { showDirectoryPicker: undefined, showOpenFilePicker: undefined });
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => tell(`the page threw: ${error.message}`));
  const stages: Stage[] = [];
  const memory = new MemoryWatch();
  const stage = async (name: string, act: () => Promise<void>): Promise<void> => {
    memory.take();
    const start = performance.now();
    const tasks = await longTasks(browser, page, act);
    const seconds = (performance.now() - start) / 1000;
    const done = { stage: name, seconds, tasks, worker: await askWorker(page), processes: memory.take() };
    stages.push(done);
    tell(JSON.stringify(done));
  };
  try {
    await page.goto(address);
    await seen(page, page.getByText(/weights, ready/));
    await page.getByRole("radio", { name: /^Stable Diffusion 1.5 from disk/ }).click();
    await stage("pick and look", () => pick(page));
    const promised = (await page.getByRole("listitem").filter({ hasText: "LoRA" }).innerText()).replace(/\s+/g, " ");
    tell(promised);
    await stage("open", () => open(page));
    await stage("a pair", () => bring(page));
    await setNumbers(page, { Steps: 2, "Pairs a step": 1, "Opponent’s steps": 1, "Probe every": 0 });
    await stage("an iteration of two steps", () => iterate(page));
    let file = 0;
    await stage("export", async () => {
      file = await exportLora(page);
    });
    return { stages, promised, file };
  } finally {
    memory.stop();
  }
}

/** Waits for what is wanted. @throws Error with what the page says where it shows a problem instead. */
async function seen(page: Page, wanted: ReturnType<Page["getByText"]>): Promise<void> {
  const alert = page.getByRole("alert");
  await wanted.or(alert).first().waitFor();
  if (await alert.first().isVisible()) throw new Error(`The page shows a problem: ${await alert.first().innerText()}`);
}

function askWorker(page: Page): Promise<Metered> {
  return page.evaluate(
    () =>
      new Promise<Metered>((resolve) => {
        const channel = new BroadcastChannel("meter");
        channel.onmessage = ({ data }: MessageEvent<Metered>) => {
          channel.close();
          resolve(data);
        };
        channel.postMessage("tell");
      }),
  );
}

async function pick(page: Page): Promise<void> {
  await page.getByLabel("A model’s folder").setInputFiles(path.join(folder, "model"));
  const side = page.getByLabel("Picture size");
  await side.fill(String(SIDE));
  await side.press("Enter");
  await page.getByText("Looking at it").waitFor({ state: "hidden" });
  await seen(page, page.getByText(/ GB, 1 pair at a time/));
}

async function open(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Open this model" }).click();
  await page.getByText("Opening it").waitFor({ state: "hidden" });
  await seen(page, page.getByText(/weights, ready/));
}

async function bring(page: Page): Promise<void> {
  await page.getByLabel("Choose pictures and captions").setInputFiles(droppedFiles().slice(0, 2));
  await page.getByLabel("Caption of pair 1", { exact: true }).waitFor();
  await page.getByRole("link", { name: /^Iterate/ }).click();
}

async function iterate(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await seen(page, page.getByRole("button", { name: "Start SPIN 2" }));
}

async function exportLora(page: Page): Promise<number> {
  await page.getByRole("button", { name: "Actions of SPIN 1" }).click();
  await page.getByRole("menuitem", { name: "Export…" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "LoRA for A1111, ComfyUI and others" }).click();
  return readFileSync(await (await download).path()).length;
}
