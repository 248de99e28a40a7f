/** @file The oracle's Python: a virtual environment with the versions of requirements.txt, made where it is not there yet. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const requirements = path.join(folder, "requirements.txt");

/** Exits with 1 and names what is missing or of another version. */
const asks = `
import sys, importlib.metadata as m
def of(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return "missing"
pins = [l.split("==") for l in open(sys.argv[1]).read().split() if "==" in l]
wrong = [f"{n} is {of(n)}, {v} wanted" for n, v in pins if of(n).split("+")[0] != v]
print("; ".join(wrong)); sys.exit(bool(wrong))
`;

export type Tell = (line: string) => void;

export interface Python {
  /**
   * A script of this folder with its arguments. Small models are fastest with one thread.
   * @returns what it printed. @throws with its last lines where it fails.
   */
  run(script: string, argv: readonly string[], threads?: number): Promise<string>;
}

function command(
  file: string,
  argv: readonly string[],
  tell: Tell,
  threads = 1,
): Promise<{ code: number; text: string }> {
  const env = { ...process.env, PYTHONUNBUFFERED: "1", OMP_NUM_THREADS: String(threads) };
  const child = spawn(file, argv, { env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      for (const line of part.split(/[\r\n]+/)) if (line.trim() !== "") tell(`  ${line}`);
    });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, text }));
  });
}

async function must(file: string, argv: readonly string[], tell: Tell, threads?: number): Promise<string> {
  const { code, text } = await command(file, argv, tell, threads);
  if (code !== 0) throw new Error(`${path.basename(file)} ${argv.join(" ")} ended with ${code}:\n${text.slice(-2000)}`);
  return text;
}

/** @throws where no Python 3 is found or a package cannot be installed. */
export async function openPython(venv: string, tell: Tell): Promise<Python> {
  const python = path.join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const silent = () => undefined;
  if (!existsSync(python)) {
    tell(`a virtual environment in ${venv}`);
    await must("python3", ["-m", "venv", venv], tell);
  }
  const { code, text } = await command(python, ["-c", asks, requirements], silent);
  if (code !== 0) {
    tell(`packages into ${venv}: ${text.trim()}`);
    await must(python, ["-m", "pip", "install", "--quiet", "-r", requirements], tell);
  }
  return { run: (script, argv, threads) => must(python, [path.join(folder, script), ...argv], tell, threads) };
}
