/** @file The scene in a real Chromium: a server, a page with one worker, and what came of it. */
import { chromium } from "@playwright/test";
import { browserGpu, type GpuKind } from "../lavapipe.ts";
import { beta, folder } from "./files.ts";
import type { Measured } from "./measure.ts";
import { readOutcome } from "./outcome-file.ts";
import type { Outcome } from "./scene.ts";
import { serve } from "./serve.ts";

export interface InBrowser extends Measured {
  readonly gpu: GpuKind;
  readonly browser: string;
  readonly outcome: Outcome;
  /** bytes that came from the server */
  readonly fetched: number;
}

/** @throws Error when there is no WebGPU adapter, or when the worker failed. */
export async function playInBrowser(tell: (line: string) => void): Promise<InBrowser> {
  const { kind, executablePath, args, env, reason } = browserGpu();
  if (kind === "none") throw new Error(`Chromium has no WebGPU adapter here: ${reason}.`);
  const served = await serve(folder);
  const browser = await chromium.launch({
    executablePath,
    // compiling a kernel in software takes longer than the watchdog waits
    args: [...args, "--disable-gpu-watchdog"],
    env: { ...(process.env as Record<string, string>), ...env },
  });
  try {
    const page = await browser.newPage();
    page.on("console", (message) => {
      if (message.type() !== "debug") tell(message.text());
    });
    await page.goto(served.url);
    await page.waitForFunction(() => "playInWorker" in globalThis);
    const crash = new Promise<never>((_, reject) => page.on("crash", () => reject(new Error("The page crashed."))));
    const measured = await Promise.race([page.evaluate((given) => globalThis.playInWorker(given), beta), crash]);
    const outcome = readOutcome(await served.outcome);
    return { ...measured, gpu: kind, browser: browser.version(), outcome, fetched: served.sent() };
  } finally {
    await browser.close();
    await served.close();
  }
}
