/** @file The check that runs plans: two adapters, a saved tensor in a slot, and accumulators that change places. */
import type { TensorSpec, PlanSet } from "../plan/types.ts";
import type { Bench } from "./conformance-bench.ts";
import { Executor } from "./executor.ts";
import { close, equal, float32, refuses } from "./expect.ts";

const five = float32(5);
const tensor = (kind: TensorSpec["kind"], slot?: string): TensorSpec => ({ ...five, kind, ...(slot ? { slot } : {}) });

/** sum = x + theta, product = x * theta; then g' = g + seed * product, and g' becomes g. */
export const smallSet: PlanSet = {
  tensors: {
    x: tensor("input", "a"),
    bias: tensor("weight"),
    theta: tensor("trainable"),
    seed: { ...float32(), kind: "input", slot: "c" },
    shifted: tensor("scratch", "c"),
    unused: tensor("scratch", "d"),
    sum: tensor("output", "d"),
    product: tensor("saved", "b"),
    g: tensor("gradient"),
    gNext: tensor("gradient"),
  },
  slots: { a: 20, b: 20, c: 32, d: 20 },
  programs: {
    two: program("two", { a: five, b: five }, { sum: five, product: five }),
    again: program("two", { a: five, b: five }, { sum: five, product: five }),
    accumulate: program("accumulate", { total: five, g: five, scale: float32() }, { next: five }),
  },
  plans: {
    forward: {
      inputs: ["x"],
      outputs: ["sum"],
      calls: [
        { program: "two", inputs: { a: "x", b: "bias" }, outputs: { sum: "shifted", product: "unused" } },
        { program: "again", inputs: { a: "shifted", b: "theta" }, outputs: { sum: "sum", product: "product" } },
      ],
      swaps: [],
    },
    backward: {
      inputs: ["seed"],
      outputs: [],
      calls: [
        { program: "accumulate", inputs: { total: "g", g: "product", scale: "seed" }, outputs: { next: "gNext" } },
      ],
      swaps: [["g", "gNext"]],
    },
  },
  layout: [{ name: "theta", shape: [5], offset: 0, group: "all" }],
  groups: { all: { tensor: "g", offset: 0, length: 5 } },
  bytes: { weights: 20, trainable: 20, gradients: 40, moments: 0, average: 0, slots: 92, scratch: 0 },
};

function program(hash: string, inputs: PlanSet["programs"][string]["inputs"], outputs: typeof inputs) {
  return { hash, inputs, outputs, nodes: 2, scratchBytes: 20, constantBytes: 0 };
}

export async function checkExecutor({ backend, programs }: Bench): Promise<void> {
  const before = backend.ledger.live;
  const loads: string[] = [];
  const executor = new Executor(backend, smallSet, (_, { hash }) => {
    loads.push(hash);
    return programs(hash);
  });
  const x = Float32Array.of(1, 2, 3, 4, 5);
  await refuses(() => executor.run("forward", { x }, "policy"), /weight "bias".*never loaded|adapter "policy"/);
  await executor.loadWeight("bias", Float32Array.of(1, 1, 1, 1, 1));
  for (const id of ["policy", "opponent"]) executor.createAdapter(id);
  await executor.writeAdapter("policy", Float32Array.of(1, 2, 3, 4, 5));
  await executor.writeAdapter("opponent", Float32Array.of(-1, -1, -1, -1, -1));

  // (x + 1) + theta, and (x + 1) * theta is kept
  await executor.run("forward", { x }, "opponent");
  close(await executor.read("sum"), Float32Array.of(1, 2, 3, 4, 5), 0);
  await executor.run("forward", { x }, "policy");
  close(await executor.read("sum"), Float32Array.of(3, 5, 7, 9, 11), 0);
  for (const seed of [2, -0.5]) await executor.run("backward", { seed: Float32Array.of(seed) });
  close(await executor.gradients(), Float32Array.of(3, 9, 18, 30, 45), 0);
  close(await executor.gradients(), new Float32Array(5), 0);
  // The accumulators have changed places twice and were cleared: a third time starts from zero.
  await executor.run("backward", { seed: Float32Array.of(1) });
  close(await executor.gradients(), Float32Array.of(2, 6, 12, 20, 30), 0);
  close(await executor.readAdapter("opponent"), Float32Array.of(-1, -1, -1, -1, -1), 0);

  equal(loads.join(), "two,accumulate", "programs loaded, equal ones once");
  await refuses(() => executor.run("forward", {}, "policy"), /was not given its input "x"/);
  await refuses(
    () => executor.run("forward", { x: new Float32Array(4) }, "policy"),
    /is 5 of float32, but was given 4/,
  );
  await refuses(() => executor.run("forward", { x, seed: x }, "policy"), /has no input "seed"/);
  await refuses(() => executor.run("forward", { x }), /the adapter of this plan/);
  await refuses(() => executor.loadWeight("bias", new Float32Array(4)), /expected 5 of float32/, "weight");
  executor.freeAdapter("opponent");
  await refuses(() => executor.run("forward", { x }, "opponent"), /adapter "opponent" is missing/);
  await executor.dispose();
  equal(backend.ledger.live, before, "live bytes after dispose");
}
