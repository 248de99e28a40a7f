/** @file The backends that the command line has, by name. Runtimes are loaded only when they are asked for. */
import { StudioError } from "../lib/errors.ts";
import type { Backend, BackendName } from "../runtime/backend.ts";
import type { Option } from "./options.ts";
import { refuse } from "./options.ts";

type NodeBackendName = Extract<BackendName, "node" | "node-webgpu">;

const open: { readonly [B in NodeBackendName]: (threads: number) => Promise<Backend> } = {
  node: async (threads) => (await import("../runtime/node.ts")).nodeBackend({ threads }),
  "node-webgpu": async () => (await import("../runtime/node-webgpu.ts")).nodeWebgpuBackend(),
};

const names = Object.keys(open).join("|");

/** `--backend` */
export const backendOption: Option<NodeBackendName> = {
  placeholder: names,
  help: "what computes (node)",
  required: false,
  read: (option, given = "node") => {
    if (Object.hasOwn(open, given)) return given as NodeBackendName;
    if (given === "webgpu" || given === "wasm")
      throw new StudioError("backend", `The backend ${given} lives in the page, and ${names} was expected here.`);
    return refuse(`--${option} is "${given}", and ${names} was expected.`);
  },
};

export function openBackend(name: NodeBackendName, threads = 2): Promise<Backend> {
  return open[name](threads);
}

/** The backend is given back whatever happens. */
export async function withBackend<T>(name: NodeBackendName, work: (backend: Backend) => Promise<T>): Promise<T> {
  const backend = await openBackend(name);
  try {
    return await work(backend);
  } finally {
    await backend.dispose();
  }
}
