/** @file LayerNormalization over the limit gives the same three outputs as elementwise operators; below it nothing changes. */
import { describe, expect, it } from "vitest";
import { interpret } from "../interpret.ts";
import { emitAll, graphOf, input } from "../ir.ts";
import { random } from "../test-support.ts";
import { verify } from "../verify.ts";
import { lowerLargeNormalization } from "./normalization.ts";

const type = { dtype: "float32", shape: [3, 4, 10] } as const;
const row = { dtype: "float32", shape: [10] } as const;
const bytes = 3 * 4 * 10 * 4;

function outputs() {
  const [y, mean, inverse] = emitAll(
    "LayerNormalization",
    [input("x", type), input("scale", row), input("bias", row)],
    { epsilon: 1e-5 },
  );
  return { y, mean, inverse } as Record<string, NonNullable<typeof y>>;
}

describe("normalization over the binding limit", () => {
  it("is refused by the verifier as it stands, and passes it when written out, with the same values", () => {
    const u = random(3);
    const fill = (n: number): Float64Array => new Float64Array(n).map(() => u());
    const feeds = { x: fill(120), scale: fill(10), bias: fill(10) };
    const [before, after] = [graphOf(outputs()), graphOf(lowerLargeNormalization(outputs(), bytes - 1))];
    expect(() => verify(before, { maxBindingBytes: bytes - 1 })).toThrow(/LayerNormalization/);
    verify(after, { maxBindingBytes: bytes - 1 });
    const [a, b] = [interpret(before, feeds), interpret(after, feeds)];
    for (const name of ["y", "mean", "inverse"]) {
      const worst = Math.max(...(a[name]?.data ?? []).map((v, i) => Math.abs(v - (b[name]?.data[i] ?? NaN))));
      expect({ name, same: worst < 1e-12 }).toEqual({ name, same: true });
    }
  });

  it("stays as it is at the limit", () => {
    expect(graphOf(lowerLargeNormalization(outputs(), bytes)).nodes.map((n) => n.op)).toEqual(["LayerNormalization"]);
  });
});
