import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readTextConfig, readUNetConfig, readVaeConfig } from "../models/config.ts";
import { expectedTensors } from "./expected-tensors.ts";
import type { JsonObject } from "./json-object.ts";
import { configOf } from "./ldm-config.ts";
import { type LdmNames, ldmPrefix, ldmShape, textNames, unetNames, vaeNames } from "./ldm-names.ts";
import { type Component, openModel } from "./model-folder.ts";
import { bytesAccess } from "./random-access.ts";

/** LDM's module, diffusers', the shape of the weight in diffusers, whether there is a bias; by e2e/oracle/single_file.py. */
type Row = readonly [ldm: string, diffusers: string, shape: readonly number[], bias: 0 | 1];

const parse = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../e2e/goldens/${path}`, import.meta.url), "utf8"));
const golden = parse("models/single-file/names.json") as Record<Component, readonly Row[]>;
const config = (component: Component) => parse(`fullsize/${component}/config.json`) as JsonObject;
const vae = readVaeConfig(config("vae"));
const names: { readonly [C in Component]: LdmNames } = {
  unet: unetNames(readUNetConfig(config("unet"))),
  vae: vaeNames({ levels: vae.block_out_channels.length, layers_per_block: vae.layers_per_block }),
  text_encoder: textNames,
};

/** Every tensor of SD-1.5: LDM's name, diffusers' name, shape in diffusers. */
const tensors = (component: Component) =>
  golden[component].flatMap(([ldm, diffusers, shape, bias]) => [
    [`${ldm}.weight`, `${diffusers}.weight`, shape] as const,
    ...(bias ? [[`${ldm}.bias`, `${diffusers}.bias`, shape.slice(0, 1)] as const] : []),
  ]);

describe.each(["unet", "vae", "text_encoder"] as const)("SD-1.5's %s", (component) => {
  const all = tensors(component);

  test("has the names that diffusers' own converter gives, both ways", () => {
    const { toDiffusers, toLdm } = names[component];
    expect(all.map(([ldm]) => toDiffusers(ldm))).toEqual(all.map(([, diffusers]) => diffusers));
    expect(all.map(([, diffusers]) => toLdm(diffusers))).toEqual(all.map(([ldm]) => ldm));
  });

  test("has the tensors that its configuration asks for", () => {
    const expected = expectedTensors(component, config(component));
    expect(expected).toEqual(new Map(all.map(([, name, shape]) => [name, shape] as const)));
  });

  test("has its configuration in its shapes", () => {
    const shapes = new Map(all.map(([ldm, , shape]) => [ldm, ldmShape(ldm, shape)]));
    const derived = configOf[component](shapes);
    const asked = config(component);
    const told = Object.fromEntries(Object.keys(derived).map((key) => [key, asked[key]]));
    const levels = { layers_per_block: [2, 2, 2, 2], transformer_layers_per_block: [1, 1, 1, 1] };
    expect(derived).toEqual(component === "unet" ? { ...told, ...levels } : told);
    const read = { unet: readUNetConfig, vae: readVaeConfig, text_encoder: readTextConfig }[component];
    expect(read(derived)).toEqual(read(asked));
  });
});

test("SD-1.5 in one file of float16, with averages of everything, is opened from its header alone", async () => {
  const entries: string[] = [];
  let end = 0;
  const add = (name: string, shape: readonly number[]) => {
    const begin = end;
    end += 2 * shape.reduce((a, b) => a * b, 1);
    entries.push(`"${name}":${JSON.stringify({ dtype: "F16", shape, data_offsets: [begin, end] })}`);
  };
  for (const component of ["unet", "vae", "text_encoder"] as const) {
    for (const [ldm, , shape] of tensors(component)) {
      add(ldmPrefix[component] + ldm, ldmShape(ldm, shape));
      if (component === "unet") add(`model_ema.diffusion_model${ldm.replaceAll(".", "")}`, shape);
    }
  }
  const text = new TextEncoder().encode(`{${entries.join(",")}}`);
  const header = new Uint8Array(8 + text.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(text.length), true);
  header.set(text, 8);
  const source = { size: header.length + end, read: bytesAccess(header).read };
  const model = await openModel({ list: async () => ["v1-5.safetensors"], open: async () => source });
  expect(source.size).toBeGreaterThan(3.8e9);
  expect(model.notes).toEqual([]);
  for (const component of ["unet", "vae", "text_encoder"] as const) {
    const shapes = [...(model.tensors[component] ?? [])].map(([name, { shape }]) => [name, shape] as const);
    expect(new Map(shapes)).toEqual(expectedTensors(component, config(component)));
  }
});

test("every name of a component is another one in the other spelling", () => {
  for (const component of ["unet", "vae", "text_encoder"] as const) {
    const all = tensors(component);
    expect(new Set(all.map(([ldm]) => ldm)).size).toBe(all.length);
  }
  expect([tensors("unet").length, tensors("vae").length, tensors("text_encoder").length]).toEqual([686, 248, 196]);
});

test("a name that no module has is null, and so is a module alone", () => {
  const { toDiffusers, toLdm } = names.unet;
  expect([toDiffusers("input_blocks.99.0.in_layers.0.weight"), toDiffusers("label_emb.0.0.weight")]).toEqual([
    null,
    null,
  ]);
  expect([toDiffusers("out.0"), toLdm("down_blocks.0"), toLdm("")]).toEqual([null, null, null]);
});

test("levels of different depth, and an upsampler where nothing attends", () => {
  const { toDiffusers, toLdm } = unetNames({
    layers_per_block: [1, 3],
    down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
    up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
  });
  expect(toDiffusers("input_blocks.2.0.op.weight")).toBe("down_blocks.0.downsamplers.0.conv.weight");
  expect(toDiffusers("input_blocks.5.0.in_layers.2.bias")).toBe("down_blocks.1.resnets.2.conv1.bias");
  expect(toDiffusers("output_blocks.3.1.conv.weight")).toBe("up_blocks.0.upsamplers.0.conv.weight");
  expect(toLdm("up_blocks.1.attentions.1.proj_in.weight")).toBe("output_blocks.5.1.proj_in.weight");
});

test("the autoencoder's attention is written as convolutions of 1x1", () => {
  expect(ldmShape("decoder.mid.attn_1.q.weight", [8, 8])).toEqual([8, 8, 1, 1]);
  expect(ldmShape("decoder.mid.attn_1.q.bias", [8])).toEqual([8]);
  expect(ldmShape("decoder.mid.attn_1.norm.weight", [8])).toEqual([8]);
  expect(ldmShape("decoder.mid.block_1.conv1.weight", [8, 8, 3, 3])).toEqual([8, 8, 3, 3]);
});
