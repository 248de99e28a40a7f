/** @file A device that is lost in the middle of a run: the engine on a new one goes on from the last saved step, to the same bytes. */
import { expect, test } from "vitest";
import { nanoModel } from "../../e2e/nano-model.ts";
import { never, pairs, project, settings, trained, setPairs, started, weightsOf } from "../../e2e/nano-studio.ts";
import { StudioError } from "../lib/errors.ts";
import type { Backend } from "../runtime/backend.ts";
import { nodeBackend } from "../runtime/node.ts";
import { type KeyValue, memoryKeyValue } from "../storage/key-value.ts";
import type { PageEvent } from "./api.ts";
import { Engine } from "./engine.ts";
import { lasting } from "./lasting.ts";
import { memoryTabs } from "./tabs.ts";

/** A device that answers so many runs and reads; after that all is as on a lost one. */
function mortal(life: number): Backend {
  const backend = nodeBackend({ threads: 1 });
  const { run, read } = backend;
  const alive = (): void => {
    if (life-- <= 0) throw new StudioError("device-lost", "The graphics device was lost: pulled.");
  };
  const dying: Pick<Backend, "run" | "read"> = {
    run: async (...call) => {
      alive();
      return run.apply(backend, call);
    },
    read: async (...call) => {
      alive();
      return read.apply(backend, call);
    },
  };
  return Object.assign(backend, dying);
}

/** As in the page, but the workers are engines here: each gets a device of its own. */
function studioOf(store: KeyValue, lives: readonly number[], now: () => number) {
  const tabs = memoryTabs();
  const engines: Engine[] = [];
  const studio = lasting(() => {
    const listeners: ((event: PageEvent) => void)[] = [];
    const life = lives[engines.length] ?? Infinity;
    const engine = new Engine({
      store,
      backends: { node: async () => mortal(life) },
      files: nanoModel,
      emit: (event) => {
        for (const listener of listeners) listener(event);
      },
      tabs: tabs(),
    });
    engines.push(engine);
    return {
      call: (name, params, signal = never) => engine.handle(name, params, signal),
      onEvent: (listener) => () => listeners.push(listener) > 0,
      retire: () => undefined,
    };
  }, now);
  return { studio, engines };
}

test("lost while it draws or trains, once or twice, a run ends in the bytes of an undisturbed one", async () => {
  const calm = memoryKeyValue();
  const engine = await started(calm);
  await setPairs(engine);
  const expected = await weightsOf(calm, await trained(engine, "base"));
  await engine.dispose();

  for (const lives of [[40], [75], [30, 55]]) {
    const store = memoryKeyValue();
    // every loss is a first one: waiting is lasting.test.ts's business
    let time = 0;
    const { studio, engines } = studioOf(store, lives, () => (time += 200_000));
    await studio.call("open", { backend: "node", model: "nano" });
    await studio.call("setPairs", { project, pairs });
    const asked = { project, parent: "base", opponent: "base", name: null, settings };
    const { id } = await studio.call("grow", asked);
    expect(await studio.call("spin", { project, node: id, saveEvery: 2 })).toBe("kept");
    expect(engines, `lost after ${lives.join(", ")}`).toHaveLength(lives.length + 1);
    expect(await weightsOf(store, id), `lost after ${lives.join(", ")}`).toEqual(expected);
    for (const each of engines) await each.dispose();
  }
}, 300_000);
