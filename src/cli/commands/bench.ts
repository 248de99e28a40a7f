/** @file `studio bench`: how long the studio's work takes on this machine, beside PyTorch where a Python has it. */
import { bench as measure, type Outcome } from "../../studio/bench.ts";
import { benchModels, settingsOf } from "../../studio/bench-models.ts";
import { backendOption, openBackend } from "../backends.ts";
import { command } from "../command.ts";
import { flag, integer, oneOf } from "../options.ts";
import { size, table } from "../table.ts";
import { findTorch } from "../torch.ts";

export const bench = command({
  name: "bench",
  summary: "Times a UNet forward, a SPIN step and a picture, beside PyTorch where SPIN_PYTHON or python3 has it.",
  options: {
    backend: backendOption,
    model: oneOf(benchModels, "what is measured, with weights by rule; sd15 takes minutes and 10 GB", "pocket"),
    full: flag("both models, and SD-1.5's picture too: an hour on two cores"),
    threads: integer("of the CPU, on both sides", { min: 1, max: 256 }, 2),
  },
  run: async ({ backend: name, model, full, threads }, _, { progress }) => {
    const rival = findTorch(threads);
    const outcomes: Outcome[] = [];
    let description = "";
    for (const setting of (full ? benchModels : [model]).flatMap((id) => settingsOf(id, id === "pocket" || full))) {
      progress(`${setting.model}, ${setting.train}: ${setting.works.join(", ")}`);
      const backend = await openBackend(name, threads);
      description = backend.description;
      try {
        outcomes.push(await measure(backend, setting, rival));
      } finally {
        await backend.dispose();
      }
    }
    const torch = rival?.description ?? null;
    const json = { backend: name, description, torch, results: outcomes.flatMap(timings), memory: outcomes.map(bytes) };
    return { json, text: describe(description, torch, outcomes) };
  },
});

function timings({ setting, timings: all }: Outcome) {
  const { model, train, pairs } = setting;
  return all.map(({ work, rows, seconds, outside, rival }) => ({
    model,
    train,
    work,
    rows,
    seconds,
    pairsPerSecond: work === "step" ? pairs / seconds : null,
    outside,
    torchSeconds: rival,
    ratio: rival === null ? null : seconds / rival,
  }));
}

function bytes({ setting: { model, train }, predicted, measured, disagreement }: Outcome) {
  return { model, train, predicted, measured, disagreement };
}

const words = {
  forward: "UNet forward",
  errors: "UNet forward, errors",
  step: "SPIN step",
  picture: "picture, 50 steps",
} as const;

function describe(description: string, torch: string | null, outcomes: readonly Outcome[]): string {
  const ms = (seconds: number): string => (1000 * seconds).toPrecision(4);
  const rows = outcomes
    .flatMap(timings)
    .map((t) => [
      `${t.model}, ${t.train}`,
      words[t.work],
      t.rows,
      ms(t.seconds),
      t.pairsPerSecond?.toPrecision(3) ?? "",
      `${(100 * t.outside).toFixed(1)} %`,
      ...(t.torchSeconds === null || t.ratio === null ? [] : [ms(t.torchSeconds), t.ratio.toFixed(2)]),
    ]);
  const head = [
    "model",
    "work",
    "rows",
    "ms",
    "pairs/s",
    "outside",
    ...(torch === null ? [] : ["PyTorch ms", "ratio"]),
  ];
  const memory = outcomes.map(({ setting, predicted, measured, disagreement }) => {
    const off = `${(100 * (measured / predicted - 1)).toFixed(1)} %`;
    const agreed = disagreement === null ? "" : `; errors within ${disagreement.toExponential(1)} of PyTorch's`;
    return `${setting.model}, ${setting.train}: ${size(predicted)} of buffers predicted, ${size(measured)} measured (${off})${agreed}`;
  });
  const beside = torch ?? "no PyTorch beside it: SPIN_PYTHON names a Python with torch, diffusers and peft";
  return [description, beside, "", table(head, rows), "", ...memory].join("\n");
}
