/** @file The run without copies fills the outputs, and hides no real error. Where the first test fails, onnxruntime-node has learnt better. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { beforeAll, expect, test } from "vitest";
import { exp } from "../graph/functions.ts";
import { graphOf, input } from "../graph/ir.ts";
import { encodeOnnx } from "../graph/onnx/encode.ts";
import { ownOutputs, silenced, silentRun } from "./node-silent-run.ts";

let session: InferenceSession;
beforeAll(async () => {
  const x = input("x", { dtype: "float32", shape: [3] });
  session = await InferenceSession.create(silenced(encodeOnnx(graphOf({ y: exp(x) }), "program")));
});
const tensor = (...values: number[]) => new Tensor("float32", Float32Array.from(values), [values.length]);

test("the addon stops before it copies, and the outputs are filled", async () => {
  const [x, y] = [tensor(0, 1, 2), tensor(7, 7, 7)];
  await expect(session.run({ x }, { "spin.done": null, y })).rejects.toThrow(/Non tensor type/);
  y.data.fill(7 as never);
  await silentRun(session, { x }, { y });
  expect(Array.from(y.data as Float32Array, (v) => v.toFixed(4))).toEqual(["1.0000", "2.7183", "7.3891"]);
});

test("the program has its own outputs alone", () => {
  expect(session.outputMetadata.length).toBe(2);
  expect(ownOutputs(session.outputMetadata).map(({ name }) => name)).toEqual(["y"]);
});

test("what goes wrong is told", async () => {
  await expect(silentRun(session, { x: tensor(1, 2) }, { y: tensor(0, 0, 0) })).rejects.toThrow(/invalid dimensions/);
});
