import { expect, test } from "vitest";
import golden from "../../e2e/goldens/diffusion/ema.json" with { type: "json" };
import { average, emaDecayAt } from "./ema.ts";

test.each(golden.cases)("12 updates have the bits of diffusers' EMAModel, decay $decay", (c) => {
  const ema = Float32Array.from(c.start);
  c.vectors.forEach((vector, i) => {
    const decay = emaDecayAt(i + 1, c.decay);
    expect(decay).toBeCloseTo(c.decays[i] as number, 15);
    average(ema, Float32Array.from(vector), decay);
    expect(ema).toEqual(Float32Array.from(c.averages[i] as number[]));
  });
});
