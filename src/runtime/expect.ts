/** @file The few expectations of the conformance checks, which run where there is no test runner. */
import type { TensorData, TensorType } from "../lib/tensor.ts";

export const float32 = (...shape: number[]): TensorType => ({ dtype: "float32", shape });

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`);
}

/** Same class and length, and every element within `tolerance` of max(1, |expected|); 0 means the same bits. */
export function close(actual: TensorData, expected: TensorData, tolerance: number): void {
  equal(actual.constructor, expected.constructor, "array type");
  equal(actual.length, expected.length, "length");
  const bits = (data: TensorData) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (tolerance === 0) {
    const [a, b] = [bits(actual), bits(expected)];
    const at = a.findIndex((byte, i) => byte !== b[i]);
    if (at >= 0) {
      const i = Math.floor(at / actual.BYTES_PER_ELEMENT);
      throw new Error(`element ${i}: expected exactly ${String(expected[i])}, got ${String(actual[i])}`);
    }
    return;
  }
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [Number(actual[i]), Number(expected[i])];
    if (!(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b))))
      throw new Error(`element ${i}: expected ${b}, got ${a}`);
  }
}

/** The call must fail, with this message (and code). */
export async function refuses(call: () => Promise<unknown>, message: RegExp, code?: string): Promise<void> {
  const error = await call().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error(`expected a refusal ${String(message)}, but the call succeeded`);
  if (!message.test(error.message)) throw new Error(`expected a refusal ${String(message)}, got: ${error.message}`);
  if (code !== undefined) equal((error as { code?: unknown }).code, code, "error code");
}
