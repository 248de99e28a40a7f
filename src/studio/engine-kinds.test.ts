/** @file Whole weights and LoRAs in one tree: each node is trained and drawn as its settings say, and is exported as what it is. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  draw,
  forgetDrawings,
  grow,
  never,
  nodesOf,
  project,
  setPairs,
  spin,
  started,
  trained,
} from "../../e2e/nano-studio.ts";
import { nanoModel } from "../../e2e/nano-model.ts";
import { loraModel } from "../artifacts/lora-model.ts";
import { readLora } from "../artifacts/lora-read.ts";
import { openModel } from "../artifacts/model-folder.ts";
import { bytesAccess } from "../artifacts/random-access.ts";
import { openSafetensors, parseSafetensors } from "../artifacts/safetensors.ts";
import { fromFloat16Array, toFloat16Array } from "../lib/float16.ts";
import { listCheckpoints, loadNewest } from "../storage/checkpoints.ts";
import { type KeyValue, memoryKeyValue } from "../storage/key-value.ts";
import type { NodeId, PageEvent, StepReport } from "./api.ts";
import type { Engine } from "./engine.ts";

const lora = { train: "lora", rank: 2, learningRate: 1e-2 } as const;
const chain = [{}, lora, lora, { ...lora, rank: 1 }, {}] as const;

async function files(store: KeyValue, node: NodeId): Promise<ReadonlyMap<string, Uint8Array>> {
  const { loaded } = await loadNewest(store, project, (entry) => entry.node === node && entry.complete);
  return loaded?.files ?? new Map();
}
const reportsOf = async (engine: Engine, node: NodeId): Promise<readonly StepReport[]> =>
  (await engine.handle("project", { project }, never)).reports[node] ?? [];

describe("a tree of both kinds", () => {
  const store = memoryKeyValue();
  let engine: Engine;
  /** full, LoRA over it, the same LoRA further, a LoRA of another rank, full again */
  const nodes: NodeId[] = [];
  beforeAll(async () => {
    engine = await started(store);
    await setPairs(engine);
    for (const change of chain) {
      const parent: NodeId = nodes.at(-1) ?? "base";
      nodes.push(await trained(engine, parent, parent, change));
    }
  }, 300_000);
  afterAll(() => engine.dispose());
  const node = (at: number): NodeId => nodes[at] as NodeId;

  it("starts each at exactly ln 2 from its parent, whatever that is, and moves", async () => {
    for (const id of nodes) {
      const [first, , , last] = await reportsOf(engine, id);
      expect(first?.loss).toBe(Math.LN2);
      expect(first?.errorWinner).toBe(first?.errorWinnerOpponent);
      expect(last?.loss).not.toBe(Math.LN2);
    }
  });

  it("keeps of a LoRA its factors, in the rank that was asked for", async () => {
    const kept = await Promise.all(nodes.map((id) => files(store, id)));
    const names = kept.map((each) => [...each.keys()].filter((name) => name !== "state.json"));
    const [weights, adapter] = [["weights.safetensors"], ["adapter.safetensors"]];
    expect(names).toEqual([weights, adapter, adapter, adapter, weights]);
    const rank = (at: number): unknown => {
      const { tensors } = parseSafetensors(kept[at]?.get("adapter.safetensors") as Uint8Array);
      return [...tensors].find(([name]) => name.endsWith("lora_A.weight"))?.[1].shape[0];
    };
    expect([1, 2, 3].map(rank)).toEqual([2, 2, 1]);
    // the second goes on with the first one's factors, the third has new ones
    const size = (at: number) => kept[at]?.get("adapter.safetensors")?.length ?? 0;
    expect(size(1)).toBe(size(2));
    expect(size(1)).toBeLessThan((kept[0]?.get("weights.safetensors")?.length ?? 0) / 4);
  });

  it("draws every node as its parent's copy before its first step, and otherwise after", async () => {
    const drawn: Awaited<ReturnType<typeof draw>>[] = [];
    for (const id of ["base", ...nodes]) drawn.push(await draw(engine, id));
    for (const [at, change] of chain.entries()) {
      const { id } = await grow(engine, at === 0 ? "base" : node(at - 1), "base", change);
      const start = await draw(engine, id);
      const [before, after] = [drawn[at]?.pictures[0]?.rgba, drawn[at + 1]?.pictures[0]?.rgba];
      const apart = (start.pictures[0]?.rgba ?? []).map((value, i) => Math.abs(value - (before?.[i] ?? 0)));
      // whole weights and LoRAs round differently
      expect(Math.max(...apart), `node ${at}`).toBeLessThanOrEqual(1);
      expect(after).not.toEqual(before);
      await engine.handle("deleteNode", { project, node: id }, never);
    }
    await forgetDrawings(store);
    for (const [at, id] of ["base", ...nodes].entries()) expect(await draw(engine, id)).toEqual(drawn[at]);
  }, 120_000);

  it("plays against either kind, whichever it is itself", async () => {
    for (const change of [{}, lora])
      for (const opponent of ["base", node(0), node(1), node(3)]) {
        const id = await trained(engine, node(1), opponent, { ...change, steps: 1 });
        const [first] = await reportsOf(engine, id);
        const same = opponent === node(1);
        expect(first?.loss === Math.LN2, `${JSON.stringify(change)} against ${opponent}`).toBe(same);
      }
  }, 120_000);

  it("ends in the same bytes in an engine that knows nothing, and when it is paused and drawn from between", async () => {
    const other = memoryKeyValue();
    const events: PageEvent[] = [];
    const drawings: Promise<unknown>[] = [];
    let first = await started(other, (event, self) => {
      events.push(event);
      if (event.kind !== "step") return;
      for (const id of ["base", event.node]) drawings.push(draw(self, id));
      if (event.report.step === 3) void self.handle("pause", {}, never);
    });
    await setPairs(first);
    const copies: NodeId[] = [];
    for (const change of chain.slice(0, 3)) {
      const { id } = await grow(first, copies.at(-1) ?? "base", copies.at(-1) ?? "base", change);
      expect(await spin(first, id)).toBe("paused");
      await first.dispose();
      first = await started(other, (event, self) => {
        if (event.kind === "step" && event.report.step === 3) void self.handle("pause", {}, never);
      });
      expect(await spin(first, id)).toBe("kept");
      copies.push(id);
    }
    await Promise.all(drawings);
    for (const [at, id] of copies.entries()) {
      const numbers = async (from: KeyValue, of: NodeId) =>
        [...(await files(from, of))].filter(([name]) => name !== "state.json");
      expect(await numbers(other, id), `node ${at}`).toEqual(await numbers(store, node(at)));
    }
    await first.dispose();
  }, 300_000);

  it("exports a LoRA as one, and whole weights as such, and says which is which", async () => {
    const take = (id: NodeId, what: "lora" | "lora-diffusers" | "weights") =>
      engine.handle("exportNode", { project, node: id, what }, never);
    const model = loraModel(await openModel(nanoModel(), ["unet"]));
    const open = async (what: "lora" | "lora-diffusers") => {
      const { name, bytes } = await take(node(2), what);
      return { name, lora: await readLora(await openSafetensors(bytesAccess(bytes)), { model }) };
    };
    const kohya = await open("lora");
    expect(kohya.name).toBe("p_spin3_r2_s4.safetensors");
    const { name: diffusers, lora: back } = await open("lora-diffusers");
    expect(diffusers).toBe("pytorch_lora_weights.safetensors");
    const half = (data: Float32Array) => fromFloat16Array(toFloat16Array(data));
    const rounded = [...back.modules].map(([module, { a, b }]) => [module, half(a.data), half(b.data)] as const);
    expect([...kohya.lora.modules].map(([module, { a, b }]) => [module, a.data, b.data])).toEqual(rounded);
    expect(back.spelling).toEqual({ prefix: "unet.", adapter: null });
    expect([...back.modules.values()].every(({ rank, alpha }) => rank === 2 && alpha === 2)).toBe(true);
    expect([...back.modules.keys()].some((name) => name.endsWith("attn2.to_out.0"))).toBe(true);
    const whole = await take(node(4), "weights");
    expect(parseSafetensors(whole.bytes).tensors.has("conv_in.weight")).toBe(true);
    await expect(take(node(2), "weights")).rejects.toThrow("SPIN 3 was trained as a LoRA");
    await expect(take(node(4), "lora")).rejects.toThrow("SPIN 5 was trained whole");
    const { id } = await grow(engine, node(2), node(2), lora);
    await expect(take(id, "lora")).rejects.toThrow("has no saved step yet, so there is nothing to export.");
  });

  it("keeps for a LoRA what it lies over, deleted or not, and frees it with the last one", async () => {
    const own = memoryKeyValue();
    const small = await started(own);
    await setPairs(small);
    const ground = await trained(small, "base", "base", { steps: 1 });
    const over = await trained(small, ground, "base", { ...lora, steps: 1 });
    const further = await trained(small, over, "base", { ...lora, steps: 1 });
    const drop = (id: NodeId) => small.handle("deleteNode", { project, node: id }, never);
    const purge = () => small.handle("purge", { project, node: null }, never);
    const expected = await draw(small, further);
    await drop(ground);
    await drop(over);
    expect((await purge()).freed).toBeGreaterThan(0);
    const left = new Set((await listCheckpoints(own, project)).map((entry) => entry.node));
    expect(left).toEqual(new Set([ground, further]));
    await small.dispose();
    await forgetDrawings(own);
    const later = await started(own);
    expect(await draw(later, further)).toEqual(expected);
    await later.handle("deleteNode", { project, node: further }, never);
    expect((await later.handle("purge", { project, node: null }, never)).freed).toBeGreaterThan(0);
    expect(await nodesOf(later)).toEqual([]);
    await later.dispose();
  }, 120_000);
});
