/** @file A picture is drawn once: then it is there, after a reload too, for as long as what drew it is the same. */
import { beforeEach, describe, expect, it } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import { draw, drawRequest, grow, never, nodesOf, project, setPairs, spin, waiting } from "../../e2e/nano-studio.ts";
import type { FileSystem } from "../artifacts/model-folder.ts";
import { bytesAccess, readWhole } from "../artifacts/random-access.ts";
import { StudioError } from "../lib/errors.ts";
import { listCheckpoints } from "../storage/checkpoints.ts";
import { type KeyValue, memoryKeyValue } from "../storage/key-value.ts";
import type { NodeId, PageEvent } from "./api.ts";
import { Engine } from "./engine.ts";
import { memoryTabs, type Tabs } from "./tabs.ts";

/** Programs that ran, and what they wait for. */
let runs = 0;
let gate: Promise<void> = Promise.resolve();
let events: PageEvent[] = [];
beforeEach(() => {
  gate = Promise.resolve();
  events = [];
});

interface Other {
  readonly files?: () => FileSystem;
  readonly tabs?: Tabs;
  readonly onEvent?: (event: PageEvent, engine: Engine) => void;
}

async function opened(store: KeyValue, { files = nanoModel, tabs = memoryTabs()(), onEvent }: Other = {}) {
  const counted = waiting(async () => {
    await gate;
    runs++;
  });
  const emit = (event: PageEvent): void => {
    events.push(event);
    onEvent?.(event, engine);
  };
  const engine: Engine = new Engine({ store, backends: { node: async () => counted }, files, emit, tabs });
  await engine.handle("open", { backend: "node", model: "nano" }, never);
  return engine;
}

/** What `work` gives, how many programs it ran, and what was told as drawn. */
async function watched<T>(work: () => Promise<T>) {
  const [before, from] = [runs, events.length];
  const result = await work();
  const told = events.slice(from).filter((event) => event.kind === "drawn");
  return { result, ran: runs - before, told };
}

const one = (engine: Engine, node: NodeId, prompt: string, seed: number) =>
  engine.handle("draw", { ...drawRequest, node, prompts: [prompt], seeds: [seed] }, never);

const recall = (engine: Engine, node: NodeId, prompts = drawRequest.prompts) =>
  engine.handle("recall", { ...drawRequest, node, prompts }, never);

describe("pictures that were drawn before", () => {
  it("come without a run of the model, the same bytes and events, in a new engine too", async () => {
    const store = memoryKeyValue();
    const engine = await opened(store);
    await setPairs(engine);
    const { id: begun } = await grow(engine, "base");
    const { id: kept } = await grow(engine, "base", "base", { steps: 1 });
    await spin(engine, kept);
    const nodes = ["base", begun, kept];
    const each = async (from: Engine) => {
      const all = [];
      for (const node of nodes) all.push(await watched(() => draw(from, node)));
      return all;
    };
    const first = await each(engine);
    expect(first.map(({ result }) => result.step)).toEqual([0, 0, 1]);
    expect(first.every(({ ran }) => ran > 0)).toBe(true);
    const known = first.map((one) => ({ ...one, ran: 0 }));
    expect(await each(engine)).toEqual(known);
    await engine.dispose();
    const later = await opened(store);
    expect(await each(later)).toEqual(known);
    await later.dispose();
  });

  it("are missing where something else is asked: only that is drawn, and told at its place", async () => {
    const engine = await opened(memoryKeyValue());
    await one(engine, "base", "a bat", 2);
    const whole = await watched(() => draw(engine, "base"));
    expect(whole.told.map(({ index }) => index)).toEqual([1, 0]);
    expect(whole.result.pictures.map(({ prompt, seed }) => [prompt, seed])).toEqual([
      ["a cat", 1],
      ["a bat", 2],
    ]);
    const fresh = await opened(memoryKeyValue());
    expect((await draw(fresh, "base")).pictures).toEqual(whole.result.pictures);
    for (const change of [{ steps: 3 }, { guidance: 2 }, { negativePrompt: "owl" }, { seeds: [3, 4] }]) {
      const request = { ...drawRequest, node: "base", ...change };
      const other = await watched(() => engine.handle("draw", request, never));
      expect([change, other.ran]).not.toEqual([change, 0]);
      expect(other.told).toHaveLength(2);
    }
    await engine.dispose();
    await fresh.dispose();
  });

  it("are another model's where it has taken the place of the old one", async () => {
    const store = memoryKeyValue();
    const engine = await opened(store);
    const before = await draw(engine, "base");
    await engine.dispose();
    /** One number of the UNet differs. */
    const retrained = (): FileSystem => {
      const inner = nanoModel();
      const open = async (path: string) => {
        const bytes = await readWhole(await inner.open(path));
        if (path === "unet/diffusion_pytorch_model.safetensors") bytes.fill(64, -1);
        return bytesAccess(bytes);
      };
      return { ...inner, open };
    };
    const later = await opened(store, { files: retrained });
    const after = await watched(() => draw(later, "base"));
    expect(after.ran).toBeGreaterThan(0);
    expect(after.result.pictures).not.toEqual(before.pictures);
    await later.dispose();
    const back = await opened(store);
    expect(await watched(() => draw(back, "base"))).toMatchObject({ result: before, ran: 0 });
    await back.dispose();
  });

  it("are of the step that is saved, and not of one that is damaged", async () => {
    const store = memoryKeyValue();
    const engine = await opened(store, {
      onEvent: (event, self) => {
        if (event.kind === "step" && event.report.step === 3) void self.handle("pause", {}, never);
      },
    });
    await setPairs(engine);
    const { id } = await grow(engine, "base");
    const start = await draw(engine, id);
    await spin(engine, id);
    const paused = await draw(engine, id);
    expect(paused.step).toBe(3);
    expect(paused.pictures).not.toEqual(start.pictures);
    expect((await watched(() => draw(engine, id))).ran).toBe(0);
    const key = `part/${project}/${(await listCheckpoints(store, project)).at(-1)?.uuid}/0`;
    const bytes = (await store.get(key)) as Uint8Array;
    bytes[500] = (bytes[500] as number) ^ 1;
    await store.setMany([[key, bytes]]);
    await engine.dispose();
    // nobody has read it yet: found when what is missing is to be drawn
    const later = await opened(store);
    const request = { ...drawRequest, node: id, prompts: ["a cat", "an owl"] };
    const mixed = await later.handle("draw", request, never);
    expect(events.some(({ kind }) => kind === "damaged")).toBe(true);
    expect(mixed.step).toBe(2);
    expect(mixed.pictures[0]).not.toEqual(paused.pictures[0]);
    expect((await draw(later, id)).pictures[0]).toEqual(mixed.pictures[0]);
    await later.dispose();
  });

  it("are answered while a run has the device to itself", async () => {
    const store = memoryKeyValue();
    const answers: unknown[] = [];
    const engine = await opened(store, {
      onEvent: (event, self) => {
        if (event.kind !== "step" || event.report.step !== 2) return;
        // nothing runs before it is answered
        gate = draw(self, "base").then((drawn) => void answers.push(drawn));
      },
    });
    await setPairs(engine);
    const known = await draw(engine, "base");
    const { id } = await grow(engine, "base");
    expect(await spin(engine, id)).toBe("kept");
    expect(answers).toEqual([known]);
    await engine.dispose();
  });

  it("can be asked for alone: the others are not drawn, and no event tells of them", async () => {
    const store = memoryKeyValue();
    const engine = await opened(store);
    const { pictures } = await draw(engine, "base");
    const asked = await watched(() => recall(engine, "base", ["an owl", "a bat"]));
    expect(asked).toEqual({ result: [null, pictures[1]], ran: 0, told: [] });
    await setPairs(engine);
    const { id } = await grow(engine, "base");
    expect(await recall(engine, id)).toEqual([null, null]);
    expect(await recall(engine, "gone")).toEqual([null, null]);
    await engine.dispose();
    await expect(recall(engine, "base")).rejects.toMatchObject({ code: "no-model" });
    const later = await opened(store);
    expect(await recall(later, "base")).toEqual(pictures);
    await later.dispose();
  });

  it("can be asked for alone while a run has the device to itself; of the node that trains there are none", async () => {
    const answers: unknown[] = [];
    let id: NodeId = "";
    const engine = await opened(memoryKeyValue(), {
      onEvent: (event, self) => {
        if (event.kind !== "step" || event.report.step !== 2) return;
        // nothing runs before they are answered
        gate = Promise.all([recall(self, "base"), recall(self, id)]).then((both) => void answers.push(...both));
      },
    });
    await setPairs(engine);
    const { pictures } = await draw(engine, "base");
    ({ id } = await grow(engine, "base"));
    // of its start, which it has left
    await draw(engine, id);
    expect(await spin(engine, id)).toBe("kept");
    expect(answers).toEqual([pictures, [null, null]]);
    await engine.dispose();
  });

  it("are not needed: a full disk, or another tab that writes, fails no drawing", async () => {
    const inner = memoryKeyValue();
    const full: KeyValue = { ...inner, setMany: () => Promise.reject(new StudioError("quota", "full")) };
    const engine = await opened(full);
    const first = await draw(engine, "base");
    expect(await watched(() => draw(engine, "base"))).toMatchObject({ result: first });
    expect(await inner.keys()).toEqual([]);
    await engine.dispose();

    const tabs = memoryTabs();
    const late = await opened(inner, { tabs: tabs() });
    const other = tabs();
    let written: readonly string[] = [];
    await other.alone(`spin-studio/${project}`, "if free", async () => {
      expect(await draw(late, "base")).toEqual(first);
      written = await inner.keys();
    });
    expect(written).toEqual([]);
    await late.dispose();
  });

  it("go with their node", async () => {
    const store = memoryKeyValue();
    const engine = await opened(store);
    const { id } = await grow(engine, "base");
    for (const node of ["base", id]) await draw(engine, node);
    const drawn = async (node: NodeId) =>
      (await store.keys()).filter((key) => key.startsWith(`drawing/${project}/${node}/`)).length;
    expect([await drawn("base"), await drawn(id)]).toEqual([2, 2]);
    await engine.handle("deleteNode", { project, node: id }, never);
    await engine.handle("purge", { project, node: id }, never);
    expect(await nodesOf(engine)).toEqual([]);
    expect([await drawn("base"), await drawn(id)]).toEqual([2, 0]);
    await engine.dispose();
  });
});
