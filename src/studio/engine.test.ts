/** @file The studio as the page uses it, on a nano model in Node: pairs in, iterations, pictures, and a run that is stopped anywhere. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import {
  draw,
  forgetDrawings,
  grow,
  never,
  nodesOf,
  project,
  setPairs,
  side,
  spin,
  started,
  trained,
  weightsOf,
} from "../../e2e/nano-studio.ts";
import { nodeBackend } from "../runtime/node.ts";
import { listCheckpoints } from "../storage/checkpoints.ts";
import { memoryKeyValue } from "../storage/key-value.ts";
import type { NodeId, PageEvent } from "./api.ts";
import { Engine } from "./engine.ts";
import { memoryTabs } from "./tabs.ts";

describe("the studio", () => {
  const store = memoryKeyValue();
  const events: PageEvent[] = [];
  let engine: Engine;
  let [one, two]: NodeId[] = [];
  beforeAll(async () => {
    engine = await started(store, (event) => events.push(event));
    await setPairs(engine);
    one = await trained(engine, "base");
    two = await trained(engine, one);
  });
  afterAll(() => engine.dispose());

  it("starts every iteration at exactly ln 2 and moves", () => {
    const steps = events.flatMap((e) => (e.kind === "step" ? [e.report] : []));
    expect(steps).toHaveLength(8);
    for (const first of [steps[0], steps[4]]) expect(first?.loss).toBe(Math.LN2);
    expect(steps[3]?.loss).not.toBe(Math.LN2);
    expect(steps[0]?.errorWinner).toBe(steps[0]?.errorWinnerOpponent);
  });

  it("tells what is on the device when a model is opened, and whenever that has changed", () => {
    const told = events.flatMap((e) => (e.kind === "memory" ? [e.bytes] : []));
    expect(events[0]).toEqual({ kind: "memory", bytes: told[0] });
    expect(told.length).toBeGreaterThan(1);
    expect(told.filter((bytes, at) => bytes <= 0 || bytes === told[at - 1])).toEqual([]);
  });

  it("draws the opponent's pictures once a pair and node", () => {
    const drawn = events.flatMap((e) => (e.kind === "picture" ? [`${e.node === one ? 1 : 2}/${e.index}`] : []));
    expect(drawn).toEqual(["1/0", "1/1", "1/2", "2/0", "2/1", "2/2"]);
  });

  it("knows after a reload what was kept, with every report", async () => {
    const state = await engine.handle("project", { project }, never);
    expect(state.nodes).toMatchObject([
      { id: one, parent: "base", opponent: "base", iteration: 1, number: 1, state: "kept", step: 4, of: 4 },
      { id: two, parent: one, opponent: one, iteration: 2, number: 2, state: "kept", step: 4, of: 4 },
    ]);
    expect(state.nodes[0]?.bytes).toBeGreaterThan(100_000);
    expect(state.reports[two as string]).toHaveLength(4);
    expect(state.pairs).toHaveLength(3);
    expect(state).toMatchObject({ damaged: [], elsewhere: false });
  });

  it("draws base and nodes with equal seeds, each the same picture again", async () => {
    const [base, second] = [await draw(engine, "base"), await draw(engine, two as string)];
    await forgetDrawings(store);
    const again = await draw(engine, "base");
    expect(base.pictures[0]?.rgba).toHaveLength(side * side * 4);
    expect(again).toEqual(base);
    expect(second.step).toBe(4);
    expect(second.pictures[0]?.rgba).not.toEqual(base.pictures[0]?.rgba);
  });

  it("ends in the same bytes when it is paused after any event and goes on in a new engine", async () => {
    const expected = await weightsOf(store, two as string);
    const total = events.filter((e) => "node" in e && e.node === one && e.kind !== "saved").length;
    for (let stopAt = 1; stopAt < total; stopAt += 4) {
      const other = memoryKeyValue();
      let count = 0;
      const first = await started(other, (event, self) => {
        if ("node" in event && event.kind !== "saved" && ++count === stopAt) void self.handle("pause", {}, never);
      });
      await setPairs(first);
      const { id } = await grow(first, "base");
      await spin(first, id);
      await first.dispose();
      const second = await started(other);
      if (!(await listCheckpoints(other, project)).some((e) => e.complete)) await spin(second, id);
      expect(await weightsOf(other, await trained(second, id)), `paused at event ${stopAt}`).toEqual(expected);
      await second.dispose();
    }
  }, 300_000);

  it("measures a backend once, says why it was chosen, and tries one that failed again at the next start", async () => {
    const [made, other] = [{ good: 0, bad: 0 }, memoryKeyValue()];
    const backends = {
      node: async () => {
        made.good++;
        return nodeBackend({ threads: 1 });
      },
      "node-webgpu": async () => {
        made.bad++;
        throw new Error("no adapter");
      },
    };
    const ask = (force: "node" | null) =>
      new Engine({ store: other, backends, files: nanoModel, emit: () => {}, tabs: memoryTabs()() }).handle(
        "preflight",
        { force },
        never,
      );
    const first = await ask(null);
    expect(first).toMatchObject({
      chosen: "node",
      reason: "The GPU (Node) is not available here, so the processor (Node) does the work.",
    });
    expect(first.measured.map((m) => m.problem)).toEqual([null, "no adapter"]);
    expect(await ask("node")).toMatchObject({ chosen: "node", reason: "You chose the processor (Node)." });
    await ask(null);
    expect(made).toEqual({ good: 1, bad: 2 });
  });

  it("says what is missing when a node has no checkpoint", async () => {
    await expect(draw(engine, "nobody")).rejects.toThrow("The node is not in the project.");
    await expect(spin(engine, one as string)).rejects.toThrow("SPIN 1 is finished already.");
    const { id } = await grow(engine, one as string);
    await expect(grow(engine, id)).rejects.toThrow("SPIN 2 b is not finished, and a finished opponent was expected.");
    await engine.handle("deleteNode", { project, node: id }, never);
    await engine.handle("purge", { project, node: id }, never);
    expect(await nodesOf(engine)).toHaveLength(2);
  });
});
