/** @file A run that would go on elsewhere than it was begun: asked in a sentence, gone on with by choice, not asked where all is the same. */
import { expect, test } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import { grow, never, nodesOf, pairs, project } from "../../e2e/nano-studio.ts";
import type { Backend, BackendName } from "../runtime/backend.ts";
import { nodeBackend } from "../runtime/node.ts";
import { memoryKeyValue } from "../storage/key-value.ts";
import type { NodeRecord } from "../storage/nodes.ts";
import { Engine } from "./engine.ts";
import { backendOf, refuseOtherNumerics } from "./other-numerics.ts";
import { memoryTabs } from "./tabs.ts";

const numerics = {
  backend: "webgpu",
  device: "a card",
  cut: "whole",
  batch: 16,
  optimizationLevel: "basic",
  runtimeVersion: "1",
};
const node = { iteration: 2, name: null, numerics } as unknown as NodeRecord;
const said = (now: Partial<typeof numerics>): string => {
  try {
    refuseOtherNumerics(node, { ...numerics, ...now });
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

test("the sentence names the two backends, the two devices, or another version", () => {
  expect(said({ backend: "wasm", device: "a core" })).toBe(
    "SPIN 2 was begun on WebGPU; going on with the processor gives slightly different numbers.",
  );
  expect(said({ device: "another card" })).toBe(
    "SPIN 2 was begun on another device (a card); going on with this one (another card) gives slightly different numbers.",
  );
  expect(said({ runtimeVersion: "2" })).toContain("was begun by another version of the studio; going on with this one");
  expect(said({})).toBe("");
  expect(backendOf(node)).toBe("webgpu");
  expect(backendOf({})).toBeNull();
});

test("a run is asked about before anything of it changes, goes on by choice, and is then at home there", async () => {
  const store = memoryKeyValue();
  const named = (name: BackendName) => async (): Promise<Backend> =>
    Object.defineProperty(nodeBackend({ threads: 1 }), "name", { value: name });
  const started = async (backend: "webgpu" | "wasm", at: number): Promise<Engine> => {
    const engine: Engine = new Engine({
      store,
      backends: { webgpu: named("webgpu"), wasm: named("wasm") },
      files: nanoModel,
      emit: (event) => {
        if (event.kind === "step" && event.report.step === at) void engine.handle("pause", {}, never);
      },
      tabs: memoryTabs()(),
    });
    await engine.handle("open", { backend, model: "nano" }, never);
    return engine;
  };
  const request = async (engine: Engine) => ({ project, node: (await nodesOf(engine))[0]?.id ?? "", saveEvery: 2 });
  const spin = async (engine: Engine, anyNumerics = false) =>
    engine.handle("spin", { ...(await request(engine)), anyNumerics }, never);

  const first = await started("webgpu", 1);
  await first.handle("setPairs", { project, pairs }, never);
  const { backend } = await grow(first, "base");
  expect(backend).toBeNull();
  expect(await spin(first)).toBe("paused");
  await first.dispose();

  const second = await started("wasm", 2);
  await expect(spin(second)).rejects.toMatchObject({
    code: "other-numerics",
    message: "SPIN 1 was begun on WebGPU; going on with the processor gives slightly different numbers.",
  });
  expect((await nodesOf(second))[0]).toMatchObject({ backend: "webgpu", step: 1, state: "begun" });
  expect(await spin(second, true)).toBe("paused");
  expect((await nodesOf(second))[0]).toMatchObject({ backend: "wasm", step: 2 });
  await second.dispose();

  const third = await started("wasm", 9);
  expect(await spin(third)).toBe("kept");
  await third.dispose();
}, 120_000);
