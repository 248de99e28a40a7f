/** @file A Chromium of one test's own, with a profile that outlives it: it can be killed as a crash or the power button kills it. */
import { type ChildProcess, spawn } from "node:child_process";
import { type BrowserContext, chromium } from "@playwright/test";
import { browserArgs, ensureChromium } from "../browser.ts";

export interface OwnBrowser {
  readonly context: BrowserContext;
  /** SIGKILL to the browser and all its processes; resolves when it is gone. */
  kill(): Promise<void>;
}

/** `profile`: a folder. */
export async function launchOwn(profile: string): Promise<OwnBrowser> {
  const quiet = ["--headless=new", "--no-first-run", "--no-default-browser-check", "--disable-background-networking"];
  const where = [`--user-data-dir=${profile}`, "--remote-debugging-port=0", "about:blank"];
  // a process group of its own, to be killed as one
  const process_ = spawn(ensureChromium(), [...browserArgs(), ...quiet, ...where], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const gone = new Promise<void>((resolve) => process_.once("exit", () => resolve()));
  const kill = async (): Promise<void> => {
    if (process_.exitCode === null && process_.signalCode === null) process.kill(-(process_.pid as number), "SIGKILL");
    await gone;
  };
  try {
    const browser = await chromium.connectOverCDP(await addressOf(process_));
    return { context: browser.contexts()[0] as BrowserContext, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

/** What Chromium says on its error output when it can be driven. */
function addressOf(browser: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    browser.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, address] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
      if (address) resolve(address);
    });
    browser.once("exit", () => reject(new Error(`Chromium ended before it could be driven:\n${said}`)));
  });
}
