import { describe, expect, test } from "vitest";
import { kohyaMetadata, loraFileName } from "./lora-file.ts";
import type { NodeRecord } from "../storage/nodes.ts";

const node: NodeRecord = {
  id: "n",
  parent: "base",
  opponent: "base",
  iteration: 2,
  number: 3,
  name: null,
  settings: { train: "lora", rank: 16, learningRate: 1e-4, seed: 7 },
  pairs: null,
  createdAt: "2026-01-01T00:00:00.000Z",
  deleted: null,
  gone: false,
};

describe("a file's name", () => {
  const name = (project: string, given: string | null) =>
    loraFileName({ node: { ...node, name: given }, project, step: 200 }, 16);
  test.each([
    ["studio", null, "studio_spin2_r16_s200.safetensors"],
    ["My Project!", "Wärm / light ", "my-project_wa-rm-light_r16_s200.safetensors"],
    ["../etc", "..\\nul", "etc_nul_r16_s200.safetensors"],
    ["作品", "光", "studio_spin2_r16_s200.safetensors"],
  ])("of %j and %j is %s", (project, given, expected) => expect(name(project, given)).toBe(expected));
  test("has at most 120 characters, and keeps its end", () => {
    const long = name("studio", "light ".repeat(40));
    expect(long).toHaveLength(120);
    expect(long).toMatch(/^studio_light-light.*_r16_s200\.safetensors$/);
  });
});

describe("metadata", () => {
  const now = new Date("2026-02-03T04:05:06.000Z");
  const choices = (unet: object, vae?: object) =>
    ({ configs: { unet, ...(vae ? { vae } : {}) }, rank: 16, alpha: 8, height: 64 }) as unknown as Parameters<
      typeof kohyaMetadata
    >[0];
  const sd15 = { cross_attention_dim: 768, _name_or_path: "../models/stable-diffusion-v1-5" };

  test("tell the run and the model, all as text", () => {
    expect(kohyaMetadata(choices(sd15, { block_out_channels: [1, 2, 3, 4] }), { node, step: 200 }, now)).toEqual({
      ss_network_module: "networks.lora",
      ss_network_dim: "16",
      ss_network_alpha: "8",
      ss_sd_model_name: "stable-diffusion-v1-5",
      ss_base_model_version: "sd_v1",
      ss_steps: "200",
      ss_seed: "7",
      ss_learning_rate: "0.0001",
      ss_training_comment: "SPIN iteration 2",
      "modelspec.sai_model_spec": "1.0.1",
      "modelspec.architecture": "stable-diffusion-v1/lora",
      "modelspec.implementation": "diffusers",
      "modelspec.title": "SPIN 2",
      "modelspec.resolution": "512x512",
      "modelspec.date": "2026-02-03T04:05:06.000Z",
      "modelspec.prediction_type": "epsilon",
    });
  });

  test("of a model of another width do not call it SD 1.x, and name nothing that is not known", () => {
    const told = kohyaMetadata(choices({ cross_attention_dim: 64 }), { node: { ...node, settings: {} }, step: 1 }, now);
    for (const key of ["ss_base_model_version", "modelspec.architecture", "ss_sd_model_name", "ss_seed"])
      expect(told).not.toHaveProperty([key]);
  });
});
