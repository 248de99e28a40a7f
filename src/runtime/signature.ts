/**
 * @file What a program takes and gives, and whether a run fits it. onnxruntime does not notice a GPU buffer that is too
 * small, nor one that is input and output at once, so both are checked here.
 */
import type { InferenceSession } from "onnxruntime-web";
import { assert, StudioError } from "../lib/errors.ts";
import type { DType, TensorType } from "../lib/tensor.ts";
import { byteSize, bytesPerElement, sameShape, showType } from "../lib/tensor.ts";
import type { Binding, DeviceBuffer } from "./backend.ts";

export interface Signature {
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
}

/** @throws StudioError `program` when a port has a type that the studio does not use, or a dimension that is not static. */
export function signatureOf(
  program: string,
  session: Pick<InferenceSession, "inputMetadata" | "outputMetadata">,
): Signature {
  const ports = (metadata: readonly InferenceSession.ValueMetadata[]): Map<string, TensorType> =>
    new Map(metadata.map((value) => [value.name, typeOf(program, value)]));
  return { inputs: ports(session.inputMetadata), outputs: ports(session.outputMetadata) };
}

function typeOf(program: string, value: InferenceSession.ValueMetadata): TensorType {
  const shape = value.isTensor ? value.shape.filter((dim) => typeof dim === "number") : [];
  if (!value.isTensor || !(value.type in bytesPerElement) || shape.length < value.shape.length)
    throw new StudioError(
      "program",
      `The program "${program}" has the port "${value.name}" of another kind than a static tensor of ${Object.keys(bytesPerElement).join(", ")}.`,
    );
  return { dtype: value.type as DType, shape };
}

type Bindings = Readonly<Record<string, Binding>>;

/** Every port is given, nothing else is, the types are equal, and each buffer holds its tensor. */
export function checkBindings(
  program: string,
  side: "input" | "output",
  expected: ReadonlyMap<string, TensorType>,
  given: Bindings,
): void {
  for (const port of Object.keys(given)) assert(expected.has(port), `program "${program}" has no ${side} "${port}"`);
  for (const [port, type] of expected) {
    const binding = given[port];
    assert(binding, `program "${program}" was not given its ${side} "${port}"`);
    assert(
      binding.type.dtype === type.dtype && sameShape(binding.type.shape, type.shape),
      `${side} "${port}" of program "${program}" is ${showType(type)}, but was given ${showType(binding.type)}`,
    );
    assert(
      byteSize(type) <= binding.buffer.bytes,
      `${side} "${port}" of program "${program}" needs ${byteSize(type)} bytes, but "${binding.buffer.label}" has ${binding.buffer.bytes}`,
    );
  }
}

/** A buffer that is written is bound to that one port and to no other. */
export function refuseAliases(program: string, inputs: Bindings, outputs: Bindings): void {
  const users = new Map<DeviceBuffer, string>(Object.entries(inputs).map(([port, { buffer }]) => [buffer, port]));
  for (const [port, { buffer }] of Object.entries(outputs)) {
    const other = users.get(buffer);
    assert(
      other === undefined,
      `program "${program}" would write its output "${port}" into "${buffer.label}", which is also its "${other}"`,
    );
    users.set(buffer, port);
  }
}
