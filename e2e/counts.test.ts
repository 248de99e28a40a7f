/** @file What a step costs, in counts that no machine changes: programs, nodes, calls, kept tensors, bytes. A change here is a decision. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readTextConfig, readUNetConfig, readVaeConfig } from "../src/models/config.ts";
import { type CompileOptions, compile, type ModelConfigs } from "../src/plan/compile.ts";
import { loraTargets } from "../src/plan/targets.ts";
import { textEncoder, unet, vae } from "../src/pocket/config.ts";

const json = (part: string) =>
  JSON.parse(readFileSync(`${import.meta.dirname}/goldens/fullsize/${part}/config.json`, "utf8"));
const sd15: ModelConfigs = {
  unet: readUNetConfig(json("unet")),
  vae: readVaeConfig(json("vae")),
  text: readTextConfig(json("text_encoder")),
};
const pocket: ModelConfigs = {
  unet: readUNetConfig(unet),
  vae: readVaeConfig(vae),
  text: readTextConfig(textEncoder),
};

function counts(configs: ModelConfigs, options: Omit<CompileOptions, "tokens">) {
  const { set, programs } = compile(configs, { tokens: 77, ...options });
  const nodes = new Map(programs.map(({ name, spec }) => [name, spec.nodes]));
  const dispatched = (plan: string): number =>
    set.plans[plan]?.calls.reduce((sum, { program }) => sum + (nodes.get(program) ?? 0), 0) ?? 0;
  const MB = (bytes: number): number => Math.round(bytes / 1e6);
  return {
    programs: programs.length,
    calls: Object.fromEntries(Object.entries(set.plans).map(([name, { calls }]) => [name, calls.length])),
    nodes: { predict: dispatched("predict"), forward: dispatched("forward"), backward: dispatched("backward") },
    saved: Object.values(set.tensors).filter(({ kind }) => kind === "saved").length,
    MB: Object.fromEntries(Object.entries(set.bytes).map(([kind, bytes]) => [kind, MB(bytes)])),
  };
}

describe("counts", () => {
  it("of pocket, trained whole", () => {
    const options = { height: 16, width: 16, samples: 16, drawSamples: 8, cut: "whole", weights: "float32" } as const;
    expect(counts(pocket, { ...options, training: { kind: "full" } })).toMatchInlineSnapshot(`
      {
        "MB": {
          "average": 0,
          "gradients": 33,
          "moments": 0,
          "scratch": 66,
          "slots": 44,
          "trainable": 17,
          "weights": 1,
        },
        "calls": {
          "backward": 1,
          "decode": 1,
          "encodeImage": 1,
          "encodeText": 1,
          "errors": 1,
          "forward": 1,
          "predict": 1,
          "predictOne": 1,
        },
        "nodes": {
          "backward": 3830,
          "forward": 644,
          "predict": 641,
        },
        "programs": 7,
        "saved": 157,
      }
    `);
  });

  it("of SD-1.5 at 512 px, LoRA of rank 16 on attention, one pair in blocks", () => {
    const options = { height: 64, width: 64, samples: 2, cut: "block", weights: "float16" } as const;
    const training = { kind: "lora", targets: loraTargets("attention", 16) } as const;
    expect(counts(sd15, { ...options, training })).toMatchInlineSnapshot(`
      {
        "MB": {
          "average": 0,
          "gradients": 26,
          "moments": 0,
          "scratch": 1657,
          "slots": 745,
          "trainable": 13,
          "weights": 2057,
        },
        "calls": {
          "backward": 225,
          "decode": 21,
          "encodeImage": 17,
          "encodeText": 1,
          "errors": 48,
          "forward": 48,
          "predict": 47,
        },
        "nodes": {
          "backward": 12139,
          "forward": 2347,
          "predict": 2344,
        },
        "programs": 86,
        "saved": 0,
      }
    `);
  });
});
