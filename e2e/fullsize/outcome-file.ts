/** @file An outcome as one safetensors file: how it comes out of the browser, and what is kept of the last run. */
import { parseSafetensors, toFloat32, writeSafetensors } from "../../src/artifacts/safetensors.ts";
import type { Outcome } from "./scene.ts";

const [value, gradient] = ["value/", "gradient/"];

export function writeOutcome({ values, gradients, ...rest }: Outcome): Uint8Array<ArrayBuffer> {
  const tensor = (data: Float32Array) => ({ dtype: "F32", shape: [data.length], data }) as const;
  const tensors = [
    ...Object.entries(values).map(([name, data]) => [value + name, tensor(data)] as const),
    ...[...gradients].map(([name, data]) => [gradient + name, tensor(data)] as const),
  ];
  return writeSafetensors(new Map(tensors), { rest: JSON.stringify(rest) });
}

export function readOutcome(bytes: Uint8Array): Outcome {
  const { tensors, metadata } = parseSafetensors(bytes, "The outcome");
  const below = (prefix: string) =>
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), toFloat32(tensor)] as const] : [],
    );
  const rest = JSON.parse(metadata.get("rest") ?? "") as Omit<Outcome, "values" | "gradients">;
  return { ...rest, values: Object.fromEntries(below(value)), gradients: new Map(below(gradient)) };
}
