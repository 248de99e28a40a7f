import { expect, test } from "vitest";
import { textEncoder, unet, vae } from "./config.ts";
import { SIDE } from "./render.ts";

test("the parts fit each other: text width, latent channels and sides, groups and heads that divide", () => {
  expect(unet.cross_attention_dim).toBe(textEncoder.hidden_size);
  expect(unet.in_channels).toBe(vae.latent_channels);
  expect(vae.sample_size).toBe(SIDE);
  expect(unet.sample_size).toBe(SIDE / 2 ** (vae.block_out_channels.length - 1));
  for (const width of unet.block_out_channels) {
    expect(width % unet.norm_num_groups).toBe(0);
    expect(width % unet.attention_head_dim).toBe(0);
  }
  for (const width of vae.block_out_channels) expect(width % vae.norm_num_groups).toBe(0);
});
