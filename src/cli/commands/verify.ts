/** @file `studio verify`: the engine checked on this machine, with a nano model or with one's own. */
import { cutFor } from "../../studio/cut.ts";
import { readUNetConfig } from "../../models/config.ts";
import { nanoUNet, seededFolder } from "../../studio/seeded-model.ts";
import { type Verdict, verify as check } from "../../studio/verify.ts";
import { backendOption, openBackend, withBackend } from "../backends.ts";
import { command } from "../command.ts";
import { openModelFolder } from "../model-files.ts";
import { integer, oneOf, refuse, text } from "../options.ts";
import { compileOptions } from "../shared-options.ts";
import { table } from "../table.ts";

/** Large enough for every layer to matter, small enough to wait for. */
const MOST_LATENTS = 16;
const FACTOR = 8;

export const verify = command({
  name: "verify",
  summary:
    "Checks the engine on this machine: loss at the start, gradient, agreement, repeatability, noise of the logit.",
  options: {
    model: text("DIR", "the model; without it a nano one with weights by rule, judged by a float64 interpreter"),
    resolution: integer(`side in pixels; the model's own, at most ${MOST_LATENTS * FACTOR}, by default`, {
      min: 1,
      max: 4096,
    }),
    train: oneOf(["full", "lora"], "what is trained", "lora"),
    ...compileOptions,
    backend: backendOption,
  },
  run: async ({ model, resolution, train, cut, weights, backend: name }, _, { progress }) => {
    const folder = model === undefined ? seededFolder(nanoUNet) : await openModelFolder(model, ["unet"]);
    const config = readUNetConfig(folder.configs.unet ?? {});
    const { sample_size } = config;
    if (resolution !== undefined && resolution % FACTOR !== 0)
      refuse(`--resolution is ${resolution}, and a multiple of ${FACTOR} was expected.`);
    const side = resolution === undefined ? Math.min(sample_size, MOST_LATENTS) : resolution / FACTOR;
    const reference = name === "node" ? null : await openBackend("node");
    const verdicts: Verdict[] = [];
    const options = {
      train,
      cut: cutFor(cut, config),
      weights,
      latents: [side, side] as const,
      tokens: 77,
      exact: model === undefined,
      reference,
    };
    try {
      const description = await withBackend(name, async (backend) => {
        progress(backend.description);
        for await (const verdict of check(backend, folder, options)) verdicts.push(verdict);
        return backend.description;
      });
      const ok = verdicts.every((verdict) => verdict.ok);
      return {
        ok,
        json: { backend: name, description, ok, checks: verdicts },
        text: told(verdicts),
      };
    } finally {
      await reference?.dispose();
    }
  },
});

function told(verdicts: readonly Verdict[]): string {
  const digits = (value: number) => (value === 0 ? "0" : value.toExponential(1));
  const rows = verdicts.map(({ ok, name, measured, allowed, what }) => {
    return [ok ? "ok" : "FAIL", name, digits(measured), digits(allowed), what];
  });
  const passed = verdicts.filter(({ ok }) => ok).length;
  const sum = `${passed} passed, ${verdicts.length - passed} failed`;
  return `${table(["", "check", "measured", "allowed", "what"], rows)}\n\n${sum}`;
}
