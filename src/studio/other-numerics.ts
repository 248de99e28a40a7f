/** @file A run goes on in the same bits only where it was begun: elsewhere a person is asked first. */
import { type Numerics, numericsDifferences } from "../artifacts/checkpoint.ts";
import { StudioError } from "../lib/errors.ts";
import { nodeName } from "../lib/node-name.ts";
import type { BackendName } from "../runtime/backend.ts";
import type { NodeRecord } from "../storage/nodes.ts";

const names: { readonly [B in BackendName]: string } = {
  webgpu: "WebGPU",
  wasm: "the processor",
  node: "the processor (Node)",
  "node-webgpu": "the GPU (Node)",
};
const nameOf = (backend: string): string => (Object.hasOwn(names, backend) ? names[backend as BackendName] : backend);

/** On which it was begun, or last gone on with by choice; null: it was not begun yet. */
export function backendOf({ numerics }: Pick<NodeRecord, "numerics">): BackendName | null {
  const backend = numerics?.["backend"];
  return typeof backend === "string" && Object.hasOwn(names, backend) ? (backend as BackendName) : null;
}

/** Null: it was not begun yet, or nobody knows. */
export function differences(
  { numerics }: Pick<NodeRecord, "numerics">,
  now: Numerics,
): readonly (keyof Numerics)[] | null {
  return numerics ? numericsDifferences(numerics as unknown as Numerics, now) : null;
}

/** @throws StudioError `other-numerics` */
export function refuseOtherNumerics(node: NodeRecord, now: Numerics): void {
  const before = node.numerics as unknown as Numerics;
  const [first] = differences(node, now) ?? [];
  if (first === undefined) return;
  const [begun, here] =
    first === "backend"
      ? [`on ${nameOf(before.backend)}`, `with ${nameOf(now.backend)}`]
      : first === "device"
        ? [`on another device (${before.device})`, `with this one (${now.device})`]
        : ["by another version of the studio", "with this one"];
  throw new StudioError(
    "other-numerics",
    `${nodeName(node)} was begun ${begun}; going on ${here} gives slightly different numbers.`,
    "What it has saved is safe either way.",
  );
}
