/** @file Settings from the page's store to the engine's numbers: each one that is not plain training changes what it says, and only that. */
import { expect, test } from "vitest";
import { createMetrics } from "../src/app/metrics.ts";
import { createPictures } from "../src/app/pictures.ts";
import { createStudioStore } from "../src/app/state/store.ts";
import { parseSafetensors } from "../src/artifacts/safetensors.ts";
import { nodeBackend } from "../src/runtime/node.ts";
import { memoryKeyValue } from "../src/storage/key-value.ts";
import type { PageEvent, SpinSettings, Studio } from "../src/studio/api.ts";
import { Engine } from "../src/studio/engine.ts";
import { memoryTabs } from "../src/studio/tabs.ts";
import { nanoModel } from "./nano-model.ts";
import { never, pairs, project } from "./nano-studio.ts";

/** What the engine did after a person typed these into the panel. */
async function run(typed: Partial<Record<"usedPairs" | "probeEvery" | "rank", string>>, set: Partial<SpinSettings>) {
  const events: PageEvent[] = [];
  const listeners = new Set<(event: PageEvent) => void>();
  const store = memoryKeyValue();
  const engine = new Engine({
    store,
    backends: { node: async () => nodeBackend({ threads: 1 }) },
    files: nanoModel,
    emit: (event) => {
      events.push(event);
      for (const listener of listeners) listener(event);
    },
    tabs: memoryTabs()(),
  });
  await engine.handle("setPairs", { project, pairs }, never);
  const studio: Studio = {
    call: (name, params, signal) => engine.handle(name, params, signal ?? never),
    onEvent: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const page = createStudioStore({
    studio,
    project,
    source: { kind: "pocket", last: null },
    opened: null,
    enter: () => undefined,
    pictures: createPictures(),
    metrics: createMetrics(),
    now: () => Date.now(),
    force: "node",
    go: () => undefined,
  });
  await page.getState().boot();
  page.getState().setFilming(false);
  page
    .getState()
    .setSetting({ steps: 4, pairsPerStep: 2, opponentSteps: 2, warmupSteps: 0, learningRate: 1e-3, ...set });
  for (const [key, text] of Object.entries(typed)) page.getState().setNumber(key as keyof typeof typed, text);
  await page.getState().spin();
  const [node] = page.getState().nodes;
  expect(node?.state).toBe("kept");
  const rank = await engine.handle("exportNode", { project, node: node?.id ?? "", what: "lora" }, never).then(
    ({ bytes }) =>
      [...parseSafetensors(bytes).tensors].find(([name]) => name.endsWith(".lora_down.weight"))?.[1].shape[0] ?? null,
    () => null,
  );
  await engine.dispose();
  const steps = events.flatMap((event) => (event.kind === "step" ? [event.report] : []));
  return {
    drawn: events.flatMap((event) => (event.kind === "picture" ? [event.index] : [])),
    probed: events.flatMap((event) => (event.kind === "probe" ? [event.report.step] : [])),
    scales: steps.map(({ safeguard }) => safeguard),
    losses: steps.map(({ loss }) => loss),
    rank,
  };
}

test("used pairs, probe, safeguard, whole or LoRA: the engine does what was typed", async () => {
  const plain = await run({ usedPairs: "0", probeEvery: "0" }, { safeguard: 0 });
  expect(plain).toMatchObject({ drawn: [0, 1, 2], probed: [], scales: [null, null, null, null], rank: null });

  const fewer = await run({ usedPairs: "2", probeEvery: "0" }, { safeguard: 0 });
  expect(fewer).toMatchObject({ drawn: [0, 1], probed: [], scales: plain.scales });
  expect(fewer.losses).not.toEqual(plain.losses);

  const probed = await run({ usedPairs: "0", probeEvery: "3" }, { safeguard: 0 });
  expect(probed).toEqual({ ...plain, probed: [0, 3, 4] });

  const guarded = await run({ usedPairs: "0", probeEvery: "0" }, { safeguard: 0.05 });
  expect(guarded.scales.every((scale) => scale !== null && scale <= 1)).toBe(true);
  expect(Math.min(...guarded.scales.map(Number))).toBeLessThan(1);
  expect(guarded).toMatchObject({ drawn: plain.drawn, probed: [] });
  expect(guarded.losses).not.toEqual(plain.losses);

  const lora = await run({ usedPairs: "0", probeEvery: "0", rank: "3" }, { safeguard: 0, train: "lora" });
  expect(lora).toMatchObject({ drawn: plain.drawn, probed: [], scales: plain.scales, rank: 3 });
  expect(lora.losses[0]).toBe(plain.losses[0]);
  expect(lora.losses).not.toEqual(plain.losses);
}, 480_000);
