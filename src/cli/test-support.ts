/** @file Runs commands as the shell would, in this process; and the rule by which gradients agree. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type FileTensor, parseSafetensors, toFloat32, writeSafetensors } from "../artifacts/safetensors.ts";
import { commands } from "./commands.ts";
import { main } from "./router.ts";

export const goldens = fileURLToPath(new URL("../../e2e/goldens/models", import.meta.url));

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function studio(...argv: readonly string[]): Promise<Ran> {
  let [stdout, stderr] = ["", ""];
  const code = await main(argv, commands, {
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
  });
  return { code, stdout, stderr };
}

/** What `--json` printed. @throws with stderr where the command failed. */
export async function studioJson(...argv: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await studio(...argv, "--json");
  if (code !== 0) throw new Error(`studio ${argv.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** A folder for what a test writes, and how to be rid of it. */
export function scratch(): { readonly path: (name: string) => string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "spin-cli-"));
  return { path: (name) => join(folder, name), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export type Tensors = Map<string, FileTensor>;

export const readTensors = (path: string): Tensors => parseSafetensors(new Uint8Array(readFileSync(path))).tensors;
export const writeTensors = (path: string, tensors: Tensors): void => writeFileSync(path, writeSafetensors(tensors));

const norm = (values: Iterable<number>): number =>
  Math.sqrt(Array.from(values, (v) => v * v).reduce((a, b) => a + b, 0));

/** The largest |difference| / max(|expected|, 1e-5 |all|) over the gradients, and which one it is. */
export function worstGradient(got: Tensors, expected: Tensors, values: readonly string[]): readonly [number, string] {
  const names = [...expected.keys()].filter((name) => !values.includes(name));
  const data = (tensors: Tensors, name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`no gradient for ${name}`);
    return toFloat32(tensor);
  };
  const all = norm(names.map((name) => norm(data(expected, name))));
  return names
    .map((name) => {
      const [a, b] = [data(got, name), data(expected, name)];
      const difference = norm(a.map((v, i) => v - (b[i] as number)));
      return [difference / Math.max(norm(b), 1e-5 * all), name] as const;
    })
    .reduce((worst, one) => (one[0] > worst[0] ? one : worst), [0, "none"] as const);
}
