/**
 * @file A GPU in software for the tests, in Node and in Chromium: Mesa's lavapipe where it can be set up (float16, and ten times
 * as fast), else SwiftShader, which every Chromium brings along, else the machine's own GPU, else none. It is set up once, in
 * .cache/lavapipe. `tsx e2e/lavapipe.ts` does so and prints what came of it; SPIN_GPU=swiftshader (or another kind) insists.
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { aptInstall, browserArgs, chromiumFolder, ensureChromium, findChromium } from "./browser.ts";
import { unpackMesa } from "./lavapipe/mesa.ts";

export type GpuKind = "lavapipe" | "swiftshader" | "hardware" | "none";

/** `env` belongs into the environment that the process starts with: the system's linker reads some of it before we can. */
export interface NodeGpu {
  readonly kind: GpuKind;
  readonly env: Readonly<Record<string, string>>;
  /** why it is not a better kind */
  readonly reason: string | null;
}

export interface BrowserGpu extends NodeGpu {
  readonly executablePath: string;
  readonly args: readonly string[];
}

const here = fileURLToPath(new URL("lavapipe/", import.meta.url));
const cache = fileURLToPath(new URL("../.cache/lavapipe/", import.meta.url));
const mesa = path.join(cache, "mesa");
const inCache = (name: string) => path.join(cache, name);

const webgpuArgs = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

function program(file: string, args: readonly string[], env: Readonly<Record<string, string>>): string {
  const command = ["--import", "tsx", path.join(here, file), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    env: { ...process.env, ...env },
    encoding: "utf8",
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`${file} failed: ${/^.*Error.*$/m.exec(stderr)?.[0] ?? stderr.slice(-300)}`);
  return stdout;
}

/** Where apt's driver was unpacked: its description for Vulkan's loader, and its library. */
function driver(): { readonly icd: string; readonly library: string; readonly libraries: string } {
  const libraries = path.join(mesa, "usr/lib", `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`);
  return { icd: inCache("lavapipe.json"), library: path.join(libraries, "libvulkan_lvp.so"), libraries };
}

/** Fetches the driver where it is not there yet; where that failed, not again within the hour. */
function setUpDriver(): void {
  const failure = inCache("failure.txt");
  if (!fs.existsSync(driver().library)) {
    const recent = fs.existsSync(failure) && Date.now() - fs.statSync(failure).mtimeMs < 3_600_000;
    if (recent) throw new Error(fs.readFileSync(failure, "utf8"));
    process.stderr.write("Fetching a software GPU for the tests into .cache/lavapipe.\n");
    try {
      unpackMesa(mesa);
    } catch (error) {
      fs.writeFileSync(failure, (error as Error).message);
      throw error;
    }
  }
  // written anew, as the project may have moved
  const icd = { file_format_version: "1.0.0", ICD: { api_version: "1.3.0", library_path: driver().library } };
  fs.writeFileSync(driver().icd, JSON.stringify(icd));
}

/** A folder with a libvulkan.so.1: the unpacked one, else Chromium's, alone in a folder of ours. */
function loader(): string {
  if (fs.existsSync(path.join(driver().libraries, "libvulkan.so.1"))) return driver().libraries;
  const chromium = findChromium();
  const folder = chromium && chromiumFolder(chromium);
  if (!folder) throw new Error("there is no Chromium whose Vulkan loader could be used");
  fs.mkdirSync(inCache("loader"), { recursive: true });
  fs.copyFileSync(path.join(folder, "libvulkan.so.1"), inCache("loader/libvulkan.so.1"));
  return inCache("loader");
}

function environment(icd: string, libraries: string): Record<string, string> {
  const inherited = process.env["LD_LIBRARY_PATH"]?.split(":").filter((folder) => folder && folder !== libraries) ?? [];
  return {
    VK_ICD_FILENAMES: icd,
    LD_LIBRARY_PATH: [libraries, ...inherited].join(":"),
    XDG_RUNTIME_DIR: process.env["XDG_RUNTIME_DIR"] ?? os.tmpdir(),
    MESA_SHADER_CACHE_DIR: inCache("shaders"),
  };
}

/** The first kind that works, with the reasons of those that did not. */
function firstOf<T extends NodeGpu>(attempts: Readonly<Record<Exclude<GpuKind, "none">, () => T>>, none: T): T {
  const reasons: string[] = [];
  for (const [kind, attempt] of Object.entries(attempts)) {
    try {
      if ((process.env["SPIN_GPU"] || kind) !== kind) throw new Error(`SPIN_GPU asks for ${process.env["SPIN_GPU"]}`);
      return { ...attempt(), reason: reasons.join("; ") || null };
    } catch (error) {
      reasons.push(`${kind}: ${(error as Error).message}`);
    }
  }
  return { ...none, reason: reasons.join("; ") };
}

/** Does `check` once for what `stamp` describes: browsers and drivers do not change by themselves. */
function once(stamp: string, described: unknown, check: () => void): void {
  const text = JSON.stringify(described);
  const file = inCache(stamp);
  if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === text) return;
  check();
  fs.writeFileSync(file, text);
}

/** For onnxruntime-node's `webgpu` provider. */
function findNodeGpu(): NodeGpu {
  fs.mkdirSync(cache, { recursive: true });
  const tried = (kind: GpuKind, env: Record<string, string>): NodeGpu => {
    once(`node-${kind}.json`, env, () => program("probe-node.ts", [], env));
    return { kind, env, reason: null };
  };
  return firstOf<NodeGpu>(
    {
      lavapipe: () => {
        setUpDriver();
        return tried("lavapipe", environment(driver().icd, loader()));
      },
      swiftshader: () => {
        const folder = chromiumFolder(ensureChromium());
        if (!folder) throw new Error("Chromium has no SwiftShader here");
        return tried("swiftshader", environment(path.join(folder, "vk_swiftshader_icd.json"), loader()));
      },
      hardware: () => tried("hardware", {}),
    },
    { kind: "none", env: {}, reason: null },
  );
}

/** A copy of the browser (hard links where the disk allows) in which SwiftShader's library is our shim. */
function copyChromium(folder: string): string {
  const copy = inCache("chromium");
  const binary = ["chromium", "chrome", "headless_shell", "chrome-headless-shell"].find((name) =>
    fs.existsSync(path.join(folder, name)),
  );
  if (!binary) throw new Error(`${folder} has no browser in it`);
  const shim = path.join(copy, "libvk_swiftshader.so");
  const { size, mtimeMs } = fs.statSync(path.join(folder, binary));
  const source = fs.readFileSync(path.join(here, "shim.c"), "utf8");
  once("chromium.json", [folder, size, mtimeMs, source, driver().library], () => {
    fs.rmSync(copy, { recursive: true, force: true });
    if (spawnSync("cp", ["-rlL", folder, copy]).status !== 0) {
      fs.rmSync(copy, { recursive: true, force: true });
      fs.cpSync(folder, copy, { recursive: true, dereference: true });
    }
    // these are links: remove them before writing, or the installed browser changes
    fs.rmSync(shim);
    fs.rmSync(path.join(copy, "vk_swiftshader_icd.json"));
    fs.copyFileSync(driver().icd, path.join(copy, "vk_swiftshader_icd.json"));
    const compile = () =>
      spawnSync("cc", ["-shared", "-fPIC", "-o", shim, path.join(here, "shim.c"), "-ldl"]).status === 0;
    if (!compile() && !(aptInstall("gcc", "libc6-dev") && compile()))
      throw new Error("there is no C compiler for the shim");
  });
  return path.join(copy, binary);
}

/** For Chromium. The adapter calls itself SwiftShader in either case. */
function findBrowserGpu(): BrowserGpu {
  const installed = ensureChromium();
  const folder = chromiumFolder(installed);
  fs.mkdirSync(cache, { recursive: true });
  const tried = (kind: GpuKind, executablePath: string, args: string[], env: Record<string, string>): BrowserGpu => {
    once(`browser-${kind}.json`, [executablePath, args, env], () => {
      const features = JSON.parse(program("probe-browser.ts", [executablePath, ...args], env)) as string[] | null;
      if (!features) throw new Error("Chromium got no WebGPU device");
      if (kind === "lavapipe" && !features.includes("shader-f16")) throw new Error("Chromium took another adapter");
    });
    return { kind, executablePath, args, env, reason: null };
  };
  return firstOf<BrowserGpu>(
    {
      lavapipe: () => {
        if (!folder) throw new Error("only a Chromium on Linux can be given another driver");
        setUpDriver();
        const { VK_ICD_FILENAMES: _, ...env } = environment(driver().icd, driver().libraries);
        const args = [...browserArgs(), ...webgpuArgs];
        return tried("lavapipe", copyChromium(folder), args, { ...env, SPIN_ICD: driver().library });
      },
      swiftshader: () => tried("swiftshader", installed, [...browserArgs(), ...webgpuArgs], {}),
      hardware: () => tried("hardware", installed, [...browserArgs(), "--enable-unsafe-webgpu"], {}),
    },
    { kind: "none", executablePath: installed, args: browserArgs(), env: {}, reason: null },
  );
}

/** What was found is passed on to the processes that this one starts. */
function known<T>(variable: string, find: () => T): T {
  const text = process.env[variable];
  if (text) return JSON.parse(text) as T;
  const found = find();
  process.env[variable] = JSON.stringify(found);
  return found;
}

export const nodeGpu = (): NodeGpu => known("SPIN_NODE_GPU", findNodeGpu);
export const browserGpu = (): BrowserGpu => known("SPIN_BROWSER_GPU", findBrowserGpu);

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  process.stdout.write(`${JSON.stringify({ node: nodeGpu(), browser: browserGpu() }, null, 2)}\n`);
