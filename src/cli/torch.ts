/** @file PyTorch as the bench's rival: a Python process that holds one model and answers, a line for a line, how long each work took. */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { StudioError } from "../lib/errors.ts";
import type { Rival, RivalModel } from "../studio/bench.ts";
import type { Setting, Work } from "../studio/bench-models.ts";

const script = fileURLToPath(new URL("../../e2e/oracle/bench.py", import.meta.url));
const asks = "import torch, diffusers, peft; print(f'PyTorch {torch.__version__}, diffusers {diffusers.__version__}')";

/** SPIN_PYTHON, else `python3`, where torch, diffusers and peft can be imported; null where they cannot. */
export function findTorch(threads: number): Rival | null {
  const python = process.env.SPIN_PYTHON ?? "python3";
  const { status, stdout } = spawnSync(python, ["-c", asks], { encoding: "utf8" });
  if (status !== 0) return null;
  return {
    description: `${stdout.trim()}, eager fp32, ${threads} threads`,
    open: (setting) => openModel(python, threads, setting),
  };
}

async function openModel(python: string, threads: number, setting: Setting): Promise<RivalModel> {
  const child = spawn(python, [script, String(threads)], { stdio: ["pipe", "pipe", "pipe"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
  child.stdin.on("error", () => undefined); // a process that is gone is told by its silence
  const ask = async (line: string): Promise<unknown> => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await lines.next();
    if (done) {
      const last = complaints.trim().split("\n").at(-1) ?? "";
      throw new StudioError("torch", `PyTorch could not do the work of the bench: ${last}.`);
    }
    return JSON.parse(value);
  };
  await ask(JSON.stringify(setting));
  return {
    time: async (work: Work) => (await ask(work)) as number,
    errors: async () => (await ask("values")) as readonly number[],
    resident: async () => (await ask("resident")) as number,
    close: async () => {
      const gone = new Promise((resolve) => child.once("close", resolve));
      child.stdin.end();
      await gone;
    },
  };
}
