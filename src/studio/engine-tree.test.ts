/** @file The tree as the page uses it: branches, pauses and pictures in the middle of a run, deletion, damage, a second tab. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  draw,
  forgetDrawings,
  grow,
  never,
  nodesOf,
  pairs,
  project,
  setPairs,
  spin,
  started,
  trained,
  waiting,
  weightsOf,
} from "../../e2e/nano-studio.ts";
import { parseSafetensors } from "../artifacts/safetensors.ts";
import { listCheckpoints, loadNewest } from "../storage/checkpoints.ts";
import { type KeyValue, memoryKeyValue } from "../storage/key-value.ts";
import type { NodeId, PageEvent, StepReport } from "./api.ts";
import type { Engine } from "./engine.ts";
import { memoryTabs } from "./tabs.ts";

const ask = (engine: Engine, name: "deleteNode" | "restoreNode" | "keepNode", node: NodeId) =>
  engine.handle(name, { project, node }, never);
const purge = (engine: Engine) => engine.handle("purge", { project, node: null }, never);
const pause = (engine: Engine) => engine.handle("pause", {}, never);

describe("a tree", () => {
  const store = memoryKeyValue();
  const events: PageEvent[] = [];
  let engine: Engine;
  let [one, two]: NodeId[] = [];
  const reportsOf = async (node: NodeId): Promise<readonly StepReport[]> =>
    (await engine.handle("project", { project }, never)).reports[node] ?? [];
  const newest = (node: NodeId) => listCheckpoints(store, project).then((all) => all.findLast((e) => e.node === node));
  /** Flips a bit of a node's newest checkpoint. */
  const spoil = async (node: NodeId): Promise<void> => {
    const key = `part/${project}/${(await newest(node))?.uuid}/0`;
    const bytes = (await store.get(key)) as Uint8Array;
    bytes[500] = (bytes[500] as number) ^ 1;
    await store.setMany([[key, bytes]]);
  };

  beforeAll(async () => {
    engine = await started(store, (event) => events.push(event));
    await setPairs(engine);
    one = await trained(engine, "base");
    two = await trained(engine, one);
  }, 120_000);
  afterAll(() => engine.dispose());

  it("branches: the same settings give the same bytes, others do not, and the names tell them apart", async () => {
    const [same, other] = [await trained(engine, "base"), await trained(engine, "base", "base", { seed: 8 })];
    expect(await weightsOf(store, same)).toEqual(await weightsOf(store, one as string));
    expect(await weightsOf(store, other)).not.toEqual(await weightsOf(store, one as string));
    const nodes = await nodesOf(engine);
    expect(nodes.map(({ name, iteration, number }) => [name, iteration, number])).toEqual([
      [null, 1, 1],
      [null, 2, 2],
      ["SPIN 1 b", 1, 3],
      ["SPIN 1 c", 1, 4],
    ]);
  });

  it("plays against another than its parent, and starts as its parent's copy", async () => {
    const { id } = await grow(engine, two as string, "base");
    expect(await draw(engine, id)).toEqual({ ...(await draw(engine, two as string)), step: 0 });
    expect(await spin(engine, id)).toBe("kept");
    const [first] = await reportsOf(id);
    expect(first?.errorWinner).not.toBe(first?.errorWinnerOpponent);
    // the opponent's pictures are drawn by the base, as those of the first node were
    const drawn = (node: NodeId | undefined) =>
      events.flatMap((e) => (e.kind === "picture" && e.node === node ? [e.picture.rgba] : []));
    expect(drawn(id)[0]).not.toEqual(drawn(two)[0]);
    expect((await nodesOf(engine)).at(-1)).toMatchObject({
      parent: two,
      opponent: "base",
      iteration: 3,
      state: "kept",
    });
  });

  it("is renamed, deleted and restored; a purge spares what an unfinished node needs", async () => {
    const rename = (node: NodeId, name: string | null) =>
      engine.handle("renameNode", { project, node, name }, never).then((node) => node.name);
    expect(await rename(two as string, "  Warm\u202e \n light ")).toBe("Warm light");
    expect(await rename(two as string, null)).toBeNull();
    const parent = await trained(engine, one as string, one, { seed: 3 });
    const { id: child } = await grow(engine, parent);
    const weights = await weightsOf(store, parent);
    await ask(engine, "deleteNode", parent);
    await expect(grow(engine, parent)).rejects.toThrow("The opponent was deleted.");
    await ask(engine, "restoreNode", parent);
    expect(await weightsOf(store, parent)).toEqual(weights);
    await ask(engine, "deleteNode", parent);
    expect(await purge(engine)).toEqual({ freed: 0 });
    expect(await spin(engine, child)).toBe("kept");
    expect((await purge(engine)).freed).toBeGreaterThan(100_000);
    expect((await nodesOf(engine)).find(({ id }) => id === parent)).toMatchObject({ state: "gone", bytes: 0 });
    await expect(ask(engine, "restoreNode", parent)).rejects.toThrow("was deleted for good");
    // each checkpoint is a whole vector: the child does not need its parent
    expect((await draw(engine, child)).step).toBe(4);
  });

  it("never changes a finished node's weights, over which others may lie", async () => {
    const node = one as string;
    const [weights, before] = [await weightsOf(store, node), await newest(node)];
    for (const anyNumerics of [false, true])
      await expect(engine.handle("spin", { project, node, saveEvery: 2, anyNumerics }, never)).rejects.toThrow(
        "SPIN 1 is finished already.",
      );
    await expect(ask(engine, "keepNode", node)).rejects.toThrow("SPIN 1 is finished already.");
    await ask(engine, "deleteNode", node);
    await expect(spin(engine, node)).rejects.toThrow("SPIN 1 is finished already.");
    await ask(engine, "restoreNode", node);
    expect(await newest(node)).toEqual(before);
    expect(await weightsOf(store, node)).toEqual(weights);
  });

  it("takes pixels ahead of the pairs that name them", async () => {
    const other = "q";
    const pixels = pairs.map(({ rgba }) => rgba);
    const hashes = await engine.handle("putPixels", { project: other, pixels }, never);
    const named = pairs.map(({ id, caption, side }, at) => ({ id, caption, side, sha256: hashes[at] ?? "" }));
    expect((await engine.handle("project", { project: other }, never)).pairs).toEqual([]);
    await engine.handle("setPairs", { project: other, pairs: named }, never);
    expect(await engine.handle("pairPictures", { project: other }, never)).toMatchObject(pairs);
  });

  it("tells a damaged checkpoint, and trains a finished one again from its parent", async () => {
    const expected = await weightsOf(store, two as string);
    await spoil(two as string);
    await forgetDrawings(store);
    const sentence =
      "The checkpoint of SPIN 2 at step 4 cannot be used: a part of weights.safetensors has changed (its sha256 differs). It has no other checkpoint.";
    await expect(draw(engine, two as string)).rejects.toThrow(sentence);
    expect(events.filter((e) => e.kind === "damaged")).toEqual([{ kind: "damaged", node: two, sentence }]);
    const state = await engine.handle("project", { project }, never);
    expect(state.damaged).toEqual([sentence]);
    expect(state.nodes[1]).toMatchObject({ state: "begun", step: 0 });
    expect(await spin(engine, two as string)).toBe("kept");
    expect(await weightsOf(store, two as string)).toEqual(expected);
  });

  it("goes on from the step before where the newest is damaged", async () => {
    const { id } = await grow(engine, "base", "base", { steps: 6 });
    const first = await started(store, (event, self) => {
      if (event.kind === "step" && event.report.step === 4) void pause(self);
    });
    expect(await spin(first, id)).toBe("paused");
    await first.dispose();
    await spoil(id);
    events.length = 0;
    expect((await draw(engine, id)).step).toBe(2);
    expect(await spin(engine, id)).toBe("kept");
    const steps = events.flatMap((e) => (e.kind === "step" ? [e.report.step] : []));
    expect(steps).toEqual([3, 4, 5, 6]);
    expect(await weightsOf(store, id)).toEqual(
      await weightsOf(store, await trained(engine, "base", "base", { steps: 6 })),
    );
  });
});

describe("a run", () => {
  const store = memoryKeyValue();
  let expected: Uint8Array;
  beforeAll(async () => {
    const engine = await started(store);
    await setPairs(engine);
    expected = await weightsOf(store, await trained(engine, "base"));
    await engine.dispose();
  }, 120_000);

  async function fresh(onEvent: (event: PageEvent, engine: Engine) => void = () => {}, tabs = memoryTabs()()) {
    const own = memoryKeyValue();
    const engine = await started(own, onEvent, tabs);
    await setPairs(engine);
    return { own, engine, node: (await grow(engine, "base")).id };
  }

  it("draws whatever is asked between any two of its events, and ends in the same bytes", async () => {
    const drawings: ReturnType<typeof draw>[] = [];
    let at: NodeId = "";
    const { own, engine, node } = await fresh((event, self) => {
      if (event.kind === "stage") drawings.push(draw(self, at), draw(self, "base"));
    });
    at = node;
    expect(await spin(engine, node)).toBe("kept");
    expect(await weightsOf(own, node)).toEqual(expected);
    const drawn = await Promise.all(drawings);
    // before the first step and between later ones, each as it was reached
    const steps = [...new Set(drawn.map(({ step }) => step))];
    expect(steps.length).toBeGreaterThan(2);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    const base = drawn.filter((_, i) => i % 2 === 1);
    for (const { pictures } of base) expect(pictures).toEqual(base[0]?.pictures);
    // live weights are those that are kept
    expect(await draw(engine, node)).toEqual(drawn.at(-2));
    expect(drawn.at(-2)?.pictures).not.toEqual(base[0]?.pictures);
    await engine.dispose();
  }, 120_000);

  it("waits with all that it has loaded when it is paused, draws from where it stands, and goes on", async () => {
    let seen: PageEvent[] = [];
    const { own, engine, node } = await fresh((event, self) => {
      seen.push(event);
      if (event.kind === "step" && event.report.step % 3 === 1 && seen.length > 2) void pause(self);
    });
    expect(await spin(engine, node)).toBe("paused");
    expect((await nodesOf(engine))[0]).toMatchObject({ state: "begun", step: 1 });
    const first = await draw(engine, node);
    expect(first.step).toBe(1);
    await forgetDrawings(own);
    expect(await draw(engine, "base")).not.toEqual(first);
    expect(await draw(engine, node)).toEqual(first);
    seen = [];
    expect(await spin(engine, node)).toBe("kept");
    expect(seen.some((e) => e.kind === "picture" || (e.kind === "stage" && e.stage !== "train"))).toBe(false);
    expect(await weightsOf(own, node)).toEqual(expected);
    await engine.dispose();
  }, 120_000);

  it("does not go on over what changed while it was paused", async () => {
    const { own, engine, node } = await fresh((event, self) => {
      if (event.kind === "step" && event.report.step === 1) void pause(self);
    });
    expect(await spin(engine, node)).toBe("paused");
    await ask(engine, "deleteNode", node);
    await expect(spin(engine, node)).rejects.toThrow("SPIN 1 is deleted already.");
    await ask(engine, "restoreNode", node);
    await engine.handle("setPairs", { project, pairs: pairs.slice(0, 2) }, never);
    await expect(spin(engine, node)).rejects.toThrow("SPIN 1 was begun with other pairs.");
    await setPairs(engine);
    // another engine takes a step further: this one must not fall back to its own
    const other = await started(own, (event, self) => {
      if (event.kind === "step" && event.report.step === 2) void pause(self);
    });
    expect(await spin(other, node)).toBe("paused");
    await other.dispose();
    expect(await spin(engine, node)).toBe("kept");
    expect(await weightsOf(own, node)).toEqual(expected);
    await engine.dispose();
  }, 120_000);

  it("can be stopped and kept where it stands, and others grow from there", async () => {
    const { engine, node } = await fresh((event, self) => {
      if (event.kind === "step" && event.report.step === 3) void pause(self);
    });
    await expect(ask(engine, "keepNode", node)).rejects.toThrow("SPIN 1 has no saved step yet");
    expect(await spin(engine, node)).toBe("paused");
    const paused = await draw(engine, node);
    expect(await ask(engine, "keepNode", node)).toMatchObject({ state: "kept", step: 3, of: 4 });
    expect(await draw(engine, node)).toEqual(paused);
    await expect(spin(engine, node)).rejects.toThrow("SPIN 1 is finished already.");
    expect((await grow(engine, node)).iteration).toBe(2);
    await engine.dispose();
  }, 120_000);

  it("with an average of its weights is kept as that, stopped or finished, and goes on with the weights themselves", async () => {
    const own = memoryKeyValue();
    const engine: Engine = await started(own, (event) => {
      if (event.kind === "step" && event.report.step === 3 && pausing) void pause(engine);
    });
    let pausing = true;
    await setPairs(engine);
    const grown = async (emaDecay?: number) => (await grow(engine, "base", "base", emaDecay ? { emaDecay } : {})).id;
    const tensorsOf = async (node: NodeId, what: string) => {
      const entry = (await listCheckpoints(own, project)).findLast((each) => each.node === node);
      const { loaded } = await loadNewest(own, project, ({ uuid }) => uuid === entry?.uuid);
      return parseSafetensors(loaded?.files.get(`${what}.safetensors`) as Uint8Array).tensors;
    };
    const average = await grown(0.3);
    expect(await spin(engine, average)).toBe("paused");
    const moments = await tensorsOf(average, "optimizer");
    await ask(engine, "keepNode", average);
    const kept = await tensorsOf(average, "weights");
    for (const [name, { data }] of kept) expect(data).toEqual(moments.get(`ema/${name}`)?.data);

    const finished = await grown(0.3);
    await spin(engine, finished);
    const before = await tensorsOf(finished, "weights");
    expect(before).not.toEqual(kept); // the policy itself is what is saved until the end
    pausing = false;
    expect(await spin(engine, finished)).toBe("kept");
    const plain = await grown();
    expect(await spin(engine, plain)).toBe("kept");
    expect(await tensorsOf(finished, "weights")).not.toEqual(await tensorsOf(plain, "weights"));
    const steps = async (node: NodeId) =>
      ((await engine.handle("project", { project }, never)).reports[node] ?? []).map(({ loss }) => loss);
    expect(await steps(finished)).toEqual(await steps(plain));
    await engine.dispose();
  }, 120_000);

  it("is not deleted under way, and answers what concerns the tree meanwhile", async () => {
    const answers: Promise<unknown>[] = [];
    const { own, engine, node } = await fresh((event, self) => {
      if (event.kind !== "step" || event.report.step !== 1) return;
      answers.push(
        ask(self, "deleteNode", event.node).catch((error: Error) => error.message),
        self.handle("renameNode", { project, node: event.node, name: "Blue" }, never).then(({ name }) => name),
        nodesOf(self).then(([first]) => first?.state),
      );
    });
    expect(await spin(engine, node)).toBe("kept");
    expect(await Promise.all(answers)).toEqual(["This node is being trained.", "Blue", "begun"]);
    expect((await nodesOf(engine))[0]).toMatchObject({ name: "Blue", state: "kept" });
    expect(await weightsOf(own, node)).toEqual(expected);
    await engine.dispose();
  }, 120_000);
});

describe("two tabs", () => {
  it("a tab that opens leaves alone what another, still open, has deleted and may take back", async () => {
    const tabs = memoryTabs();
    const store = memoryKeyValue();
    const boot = (engine: Engine) => engine.handle("purge", { project, node: null, ifAlone: true }, never);
    const tab = tabs();
    const first = await started(store, () => {}, tab);
    await setPairs(first);
    const { id } = await grow(first, "base");
    await ask(first, "deleteNode", id);
    const second = await started(store, () => {}, tabs());
    await boot(second);
    expect(await ask(first, "restoreNode", id)).toMatchObject({ id, deleted: null });
    await ask(first, "deleteNode", id);
    tab.close();
    await boot(second);
    expect(await nodesOf(second)).toEqual([]);
    await first.dispose();
    await second.dispose();
  });

  it("one trains, the other reads, is told of changes, and takes over without a further write of the first", async () => {
    const open = memoryTabs();
    const inner = memoryKeyValue();
    let taken = false;
    let late = 0;
    /** Counts what the first tab writes after it was robbed. */
    const counted: KeyValue = {
      ...inner,
      setMany: async (...write) => {
        if (taken) late++;
        await inner.setMany(...write);
      },
    };
    const heard: PageEvent[] = [];
    const second = await started(inner, (event) => heard.push(event), open());
    // the first stands between two of its steps meanwhile
    let robbery = Promise.resolve();
    const first = await started(
      counted,
      (event) => {
        if (event.kind === "step" && event.report.step === 3) robbery = robbed();
      },
      open(),
      waiting(() => robbery),
    );
    await setPairs(first);
    const { id } = await grow(first, "base");
    async function robbed(): Promise<void> {
      expect(await second.handle("project", { project }, never)).toMatchObject({ elsewhere: true });
      await expect(setPairs(second)).rejects.toMatchObject({ code: "busy" });
      await expect(spin(second, id)).rejects.toMatchObject({ code: "busy" });
      expect((await draw(second, id)).step).toBe(2);
      const state = await second.handle("takeOver", { project }, never);
      taken = true;
      expect(state).toMatchObject({ elsewhere: false, nodes: [{ id, step: 2 }] });
    }
    const outcome = await spin(first, id).catch((error: unknown) => error);
    await robbery;
    expect(outcome).toMatchObject({ code: "taken-over", message: "Another tab has taken over." });
    expect(late).toBe(0);
    expect(heard.some((e) => e.kind === "changed" && e.project === project)).toBe(true);
    taken = false;
    expect(await spin(second, id)).toBe("kept");
    expect(await weightsOf(inner, id)).toEqual(await weightsOf(inner, await trained(second, "base")));
    await first.dispose();
    await second.dispose();
  }, 120_000);
});
