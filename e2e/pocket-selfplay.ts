/**
 * @file Self-play on pocket, three times over: `tsx e2e/pocket-selfplay.ts`, the command behind the README's figures. For each
 * training seed the default preset's iterations, then base and iterations on 200 held-out prompts that chose no setting, from
 * equal seeds; docs/pocket-selfplay.json has the comparisons, docs/pocket-selfplay.png the pictures.
 *
 *   --seeds 0,1,2  --iterations 3  --pairs 256  --preset default  --count 200  --draw-steps 16
 *   --threads 1        of one process; as many processes run at once as the cores allow (--processes)
 *   --seed-only S      plays and draws one seed, in this process, and writes no report
 *   --evaluate-only    trains nothing: what is finished is drawn and told
 *   --set KEY=VALUE    another setting of every iteration, KEY=A,B,C of each
 *   --development      on the prompts to choose settings by
 *   --model, --out     the model's folder; where checkpoints and pictures are kept
 *
 * Stopped anywhere, the same command goes on. Whatever is not the README's own goes to the --out folder, not to docs.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { StudioError } from "../src/lib/errors.ts";
import { type Asked, asked } from "./selfplay/options.ts";
import { forecast, measure, openPlayer, picturesOf, play } from "./selfplay/player.ts";
import { writeReport } from "./selfplay/told.ts";

const argv = process.argv.slice(2);

/** One seed from where it stands to its last picture. */
async function single(options: Asked, seed: number): Promise<void> {
  const say = (line: string) => process.stderr.write(`seed ${seed}: ${line}\n`);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new StudioError("stopped", "Stopped; the same command goes on.")));
  const { model, close } = await openPlayer(options);
  const known = await play(model, { ...options, evaluateOnly: true }, seed, say, stop.signal);
  const missing = options.settings.length + 1 - known.length;
  if (missing > 0 && !options.evaluateOnly) {
    const cost = await measure(model, options);
    const { played, drawn } = forecast(cost, options);
    const minutes = (all: readonly number[]) => all.reduce((a, b) => a + b, 0).toFixed(1);
    say(
      `${cost.step.toFixed(2)} s a step, ${((60 * drawn) / options.prompts.length).toFixed(2)} s a picture: ` +
        `${missing} iterations and their pictures take about ${minutes([...played.slice(-missing), missing * drawn])} minutes`,
    );
  }
  const vectors = await play(model, options, seed, say, stop.signal);
  for (const vector of vectors) await picturesOf(model, vector, options, say, stop.signal);
  await close();
}

/** Every seed in its own process, a few at a time: one thread each uses the cores better than one process with more threads. */
async function all({ seeds, processes }: Asked): Promise<void> {
  const left = [...seeds];
  const lane = async (): Promise<void> => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
      const script = fileURLToPath(import.meta.url);
      const child = spawn(process.execPath, ["--import", "tsx", script, ...argv, "--seed-only", String(seed)], {
        stdio: "inherit",
      });
      const code = await new Promise((resolve) => child.once("close", resolve));
      if (code !== 0)
        throw new StudioError("seed", `Seed ${seed} ended with ${String(code)}; what is finished is kept.`);
    }
  };
  // a seed that fails does not end the others
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(processes, seeds.length) }, lane));
  for (const each of lanes) if (each.status === "rejected") throw each.reason;
}

try {
  const options = asked(argv);
  if (options.seedOnly !== null) await single(options, options.seedOnly);
  else {
    process.stderr.write(`${options.seeds.length} seeds, ${options.processes} at a time\n`);
    await all(options);
    await writeReport(options, argv);
  }
} catch (error) {
  if (!(error instanceof StudioError)) throw error;
  process.stderr.write(`${error.message} ${error.hint ?? ""}\n`);
  process.exitCode = 2;
}
