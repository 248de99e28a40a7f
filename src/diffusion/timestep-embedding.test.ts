import { expect, test } from "vitest";
import golden from "../../e2e/goldens/diffusion/embedding.json" with { type: "json" };
import { maxAbs } from "./max-abs.ts";
import { timestepEmbedding } from "./timestep-embedding.ts";

test("embeddings equal diffusers', but where torch's exp is not correctly rounded", () => {
  for (const { dim, flipSinToCos, downscaleFreqShift, t, emb } of golden.cases) {
    const got = timestepEmbedding(t, dim, { flipSinToCos, downscaleFreqShift });
    // Two frequencies of 160 are one unit in the last place off in torch, which t = 999 makes an angle of 6e-5.
    expect(maxAbs(got, emb)).toBeLessThan(7e-5);
    const off = emb.filter((value, i) => Math.abs(value - (got[i] as number)) > 1.2e-7);
    expect(off.length / emb.length).toBeLessThan(0.01);
  }
});
