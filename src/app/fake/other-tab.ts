/** @file A pretending engine whose project another tab trains, or whose storage is damaged: `?fake=elsewhere`, `?fake=damaged`. */
import { createListeners } from "../../lib/listeners.ts";
import { BASE } from "../../lib/node-name.ts";
import type { CallName, Calls, PageEvent, ProjectState, Studio } from "../../studio/api.ts";
import { fakeOptions, type FakeOptions } from "./fake-options.ts";
import { createFakeStudio } from "./fake-studio.ts";
import { losingDevice } from "./lost-device.ts";

const PAIRS = 48;
const WRITES: ReadonlySet<CallName> = new Set<CallName>([
  "setPairs",
  "putPixels",
  "grow",
  "spin",
  "keepNode",
  "renameNode",
  "deleteNode",
  "restoreNode",
  "purge",
  "forget",
]);

export function pretendStudio(words: string, memory: FakeOptions["memory"]): Studio {
  const list = words.split(",");
  const studio = createFakeStudio(fakeOptions(words, memory));
  if (list.includes("damaged")) return damaged(studio);
  if (list.includes("lost")) return losingDevice(studio, 1);
  if (list.includes("lost-again")) return losingDevice(studio, 2);
  return list.includes("elsewhere") ? elsewhere(studio) : studio;
}

function damaged(studio: Studio): Studio {
  const sentence =
    "The checkpoint of SPIN 1 at step 50 cannot be used: a part of model.safetensors has changed (its sha256 differs).";
  return {
    ...studio,
    async call(name, params, signal) {
      const result = await studio.call(name, params, signal);
      return name === "project" ? ({ ...(result as ProjectState), damaged: [sentence] } as typeof result) : result;
    },
  };
}

/** The engine behind is the other tab: it trains, and of its events only "changed" comes here. */
function elsewhere(theirs: Studio): Studio {
  const { tell, on: onEvent } = createListeners<PageEvent>();
  let holds = true;
  let running: Promise<unknown> = Promise.resolve();
  theirs.onEvent((event) => {
    if (!holds) tell(event);
    else if (event.kind === "saved") tell({ kind: "changed", project: "studio" });
  });

  const begin = async (project: string): Promise<void> => {
    const { nodes } = await theirs.call("project", { project });
    if (nodes.length > 0) return;
    await theirs.call("setPairs", { project, pairs: await theirs.call("samplePairs", { count: PAIRS }) });
    const { presets } = await theirs.call("open", { backend: "wasm", model: "pocket" });
    const settings = presets[0]?.settings[0];
    if (settings === undefined) throw new Error("internal: no preset");
    await theirs.call("grow", { project, parent: BASE, opponent: BASE, name: null, settings });
  };
  /** From its newest saved step on, until this tab takes over. */
  const train = async (project: string): Promise<void> => {
    const node = (await theirs.call("project", { project })).nodes.find(({ state }) => state === "begun");
    if (node === undefined) return;
    running = theirs
      .call("spin", { project, node: node.id, saveEvery: 10 })
      .finally(() => {
        holds = false;
        tell({ kind: "changed", project });
      })
      .catch(() => undefined);
  };
  const ready = begin("studio");

  return {
    async call<N extends CallName>(
      name: N,
      params: Calls[N]["params"],
      signal?: AbortSignal,
    ): Promise<Calls[N]["result"]> {
      await ready;
      if (name === "takeOver") {
        await theirs.call("pause", {});
        await running;
        return theirs.call("project", { project: "studio" }) as Promise<Calls[N]["result"]>;
      }
      if (holds && WRITES.has(name)) {
        throw Object.assign(new Error("SPIN Studio is training in another tab."), {
          code: "busy",
          hint: "Go on there, or take over here.",
        });
      }
      const result = await theirs.call(name, params, signal);
      // its run holds the engine, so it begins when this page has opened the model
      if (name === "open" && holds) await train("studio");
      return name === "project" ? ({ ...(result as ProjectState), elsewhere: holds } as typeof result) : result;
    },
    onEvent,
  };
}
