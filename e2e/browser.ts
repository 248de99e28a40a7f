/**
 * @file The Chromium of the tests: $SPIN_CHROMIUM, else an installed one, else Debian's (as root), else Playwright's own.
 * Running `tsx e2e/browser.ts` prints its path, and installs one where there is none.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const names = ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"];
const places = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** A path may name a stub that only asks for an installation: what counts is that it says its version. */
const starts = (file: string) => spawnSync(file, ["--version"], { timeout: 30_000 }).status === 0;

function playwrightChromium(): string {
  const { chromium } = createRequire(import.meta.url)("@playwright/test") as typeof import("@playwright/test");
  return chromium.executablePath();
}

/** An installed Chromium, or null. */
export function findChromium(): string | null {
  const wanted = process.env["SPIN_CHROMIUM"];
  if (wanted) {
    if (!existsSync(wanted)) throw new Error(`SPIN_CHROMIUM names ${wanted}, and there is no such file.`);
    return wanted;
  }
  const folders = (process.env["PATH"] ?? "").split(path.delimiter).filter(Boolean);
  const onPath = names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return [...onPath, ...places, playwrightChromium()].find((file) => existsSync(file) && starts(file)) ?? null;
}

export const isRoot = () => process.getuid?.() === 0;

/** What /etc/os-release says of this system, or an empty record. */
export function system(): Readonly<Record<string, string>> {
  if (!existsSync("/etc/os-release")) return {};
  const lines = readFileSync("/etc/os-release", "utf8").matchAll(/^(\w+)="?([^"\n]*)"?$/gm);
  return Object.fromEntries([...lines].map(([, key = "", value = ""]) => [key, value]));
}

/** Installs Debian packages, quietly. False where that is not possible or did not work. */
export function aptInstall(...packages: string[]): boolean {
  if (!isRoot() || system()["ID"] !== "debian") return false;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...words: string[]) => spawnSync("apt-get", ["-q", ...words], { env, timeout: 900_000 }).status === 0;
  const install = () => apt("install", "-y", "--no-install-recommends", ...packages);
  apt("update"); // one source of several may be out of reach: what counts is whether the packages come
  return install();
}

/** Installs one where none is found. @throws Error when that is not possible either. */
export function ensureChromium(): string {
  const found = findChromium();
  if (found) return found;
  process.stderr.write("No Chromium is installed: installing one for the tests.\n");
  if (!aptInstall("chromium", "fonts-dejavu-core")) {
    const cli = createRequire(import.meta.url).resolve("@playwright/test/cli");
    const extra = isRoot() ? ["--with-deps"] : [];
    spawnSync(process.execPath, [cli, "install", ...extra, "chromium"], { stdio: "inherit", timeout: 900_000 });
  }
  const installed = findChromium();
  if (!installed) throw new Error("No Chromium could be installed. Install one, or name it in SPIN_CHROMIUM.");
  return installed;
}

/** The folder in which a browser keeps its libraries: a launcher script may stand elsewhere. Null on other systems than Linux. */
export function chromiumFolder(executable: string): string | null {
  const folders = [path.dirname(realpathSync(executable)), "/usr/lib/chromium", "/usr/lib64/chromium"];
  return folders.find((folder) => existsSync(path.join(folder, "libvk_swiftshader.so"))) ?? null;
}

/** What every test's browser is started with: no sandbox where there cannot be one, no small /dev/shm. */
export const browserArgs = (): string[] => [...(isRoot() ? ["--no-sandbox"] : []), "--disable-dev-shm-usage"];

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.stdout.write(`${ensureChromium()}\n`);
