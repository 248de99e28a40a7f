import { expect, test } from "vitest";
import { nodeBackend } from "../runtime/node.ts";
import type { Backend } from "../runtime/backend.ts";
import { memoryKeyValue } from "../storage/key-value.ts";
import { Machine } from "./machine.ts";
import { measurePrecision } from "./precision.ts";

test("on the processor of Node a step repeats, and its logit is within a hundredth of float64's; measured once a day", async () => {
  const backend = nodeBackend({ threads: 1 });
  const machine = new Machine(memoryKeyValue(), {});
  const measured = await machine.precision(backend);
  expect(measured.repeats).toBe(true);
  expect(measured.logitNoise).toBeGreaterThan(0);
  expect(measured.logitNoise).toBeLessThan(0.01);
  expect(backend.ledger.live).toBe(0);
  await backend.dispose();
  expect(await machine.precision(backend), "of a backend that could not run any more").toEqual(measured);
});

test("a device whose sums come in another order each time is told apart", async () => {
  const backend = nodeBackend({ threads: 1 });
  const measured = await measurePrecision(unsteady(backend));
  expect(measured.repeats).toBe(false);
  await backend.dispose();
});

/** Every other time a number comes back with another rounding. */
function unsteady(backend: Backend): Backend {
  let reads = 0;
  const read: Backend["read"] = async (binding) => {
    const data = await backend.read(binding);
    if (reads++ % 2 === 1) data[0] = (data[0] as number) * (1 + 2 ** -20);
    return data;
  };
  return new Proxy(backend, {
    get: (target, name) => (name === "read" ? read : bound(target, Reflect.get(target, name, target))),
  });
}

const bound = (target: Backend, member: unknown): unknown =>
  typeof member === "function" ? (member.bind(target) as unknown) : member;
