/** @file `studio verify`'s checks on one backend of the page, in a worker as in the studio. */
import { wasmBackend } from "../../src/runtime/wasm.ts";
import { webgpuBackend } from "../../src/runtime/webgpu.ts";
import { nanoUNet, seededFolder } from "../../src/studio/seeded-model.ts";
import { type Verdict, verify } from "../../src/studio/verify.ts";

export type PageVerdicts = readonly Verdict[] | { readonly error: string };

async function verdicts(name: "wasm" | "webgpu"): Promise<readonly Verdict[]> {
  const backend = name === "wasm" ? wasmBackend() : await webgpuBackend();
  try {
    const found: Verdict[] = [];
    const options = {
      train: "lora",
      cut: "whole",
      weights: "float32",
      latents: [6, 6],
      tokens: 77,
      exact: true,
      reference: null,
    } as const;
    for await (const verdict of verify(backend, seededFolder(nanoUNet), options)) found.push(verdict);
    return found;
  } finally {
    await backend.dispose();
  }
}

addEventListener("message", ({ data }: MessageEvent<"wasm" | "webgpu">) => {
  void verdicts(data).then(
    (found) => postMessage(found),
    (error: unknown) => postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
