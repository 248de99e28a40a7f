/** @file Pictures in the middle of a run: the strip of fixed seeds, samples asked for, a prompt tried while it waits. */
import type { NodeId, PageEvent, Picture } from "../../studio/api.ts";
import { sampleShare } from "../expected.ts";
import { filmEvery } from "../film.ts";
import { CLOSE, isAbort, problemFrom } from "../problem.ts";
import { drawSettings, withCell } from "./compare.ts";
import { FIRST_SEED } from "./compare-prompts.ts";
import { nodeOf } from "./nodes.ts";
import { cellKey, goodPairs, isRunning } from "./selectors.ts";
import type { Current, Deps, Prompt, Sample, SamplesSlice, Slice, StudioState } from "./studio-state.ts";

/** Prompts that are drawn again and again as a run goes on: the first of the grid's. */
const SHOWN = 4;

export function samplePrompts({ prompts }: Pick<StudioState, "prompts">): readonly Prompt[] {
  return prompts.slice(0, SHOWN);
}

export const createSamples: Slice<SamplesSlice> = (set, get, deps) => {
  let stop: AbortController | null = null;

  const draw = async (node: NodeId, prompts: readonly Prompt[]): Promise<readonly Picture[]> => {
    const { model } = get();
    if (model === null || prompts.length === 0) return [];
    stop = new AbortController();
    const request = {
      project: deps.project,
      node,
      prompts: prompts.map(({ text }) => text),
      seeds: prompts.map(({ seed }) => seed),
      ...drawSettings(model),
    };
    return (await deps.studio.call("draw", request, stop.signal)).pictures;
  };

  /** One drawing at a time; one that was stopped says nothing. */
  const busy = async (work: () => Promise<void>, onFault: () => void = () => undefined): Promise<void> => {
    if (get().sampling) return;
    set({ sampling: true });
    try {
      await work();
    } catch (error) {
      if (isAbort(error)) return;
      onFault();
      const what = "The samples could not be drawn.";
      set({ problem: problemFrom(error, { what, safe: "The run and what it saved are safe.", remedy: CLOSE }) });
    } finally {
      stop = null;
      set({ sampling: false });
    }
  };

  return {
    sampling: false,
    filming: null,
    trial: null,

    setFilming: (filming) => set({ filming }),
    stopSampling: () => stop?.abort(),

    async sampleNow() {
      const node = get().current?.node ?? null;
      // they come as events, with their step
      if (node !== null) await busy(async () => void (await draw(node, samplePrompts(get()))));
    },

    async film() {
      const { current, sampling } = get();
      if (
        !isFilming(get()) ||
        sampling ||
        current?.node == null ||
        current.phase !== "running" ||
        current.stage !== "train"
      )
        return;
      const start = missingStart(get(), current);
      if (start === null && !due(current)) return;
      const node = current.node;
      await busy(
        async () => {
          if (start === null) return void (await draw(node, samplePrompts(get())));
          for (const picture of await draw(start.node, start.prompts))
            set((state) => withCell(state, start.node, picture, deps));
        },
        () => set({ filming: false }), // or it would fail again at every step
      );
    },

    async tryPrompt(text) {
      const { current } = get();
      const wanted = text.trim();
      if (current?.node == null || isRunning(get()) || wanted === "") return;
      const { node, opponent, step } = current;
      const prompt = { text: wanted, seed: FIRST_SEED };
      dropTrial(get(), deps);
      set({ trial: { ...prompt, step, player: null, opponent: null } });
      await busy(async () => {
        for (const [side, id] of [
          ["player", node],
          ["opponent", opponent],
        ] as const) {
          const [picture] = await draw(id, [prompt]);
          if (picture === undefined) continue;
          const kept = deps.pictures.keep(picture);
          set(({ trial }) => ({ trial: trial && { ...trial, [side]: kept } }));
        }
      });
      set(({ trial }) => ({ trial: trial?.player == null ? null : trial }));
    },
  };
};

/** Of a large model's iteration, above which samples wait to be asked for. */
const MOST_SHARE = 0.1;

/** Whether samples are drawn as the run goes on: as a person chose, else unless they cost a large model too much. */
export function isFilming(state: StudioState): boolean {
  const { filming, model, current } = state;
  if (filming !== null) return filming;
  if (model === null || current === null || !model.large) return true;
  const [pairs, prompts] = [goodPairs(state).length, samplePrompts(state).length];
  const task = { settings: current.settings, pairs, prompts, drawSteps: drawSettings(model).steps };
  return sampleShare(task) <= MOST_SHARE;
}

/** What a trial kept of pictures goes when it is replaced or its run goes on. */
export function dropTrial({ trial }: Pick<StudioState, "trial">, { pictures }: Deps): void {
  if (trial !== null) pictures.drop([trial.player, trial.opponent].filter((id) => id !== null));
}

/** Of the models that a run starts from and plays against, the first that lacks pictures in the strip. */
function missingStart(state: StudioState, run: Current): { node: NodeId; prompts: readonly Prompt[] } | null {
  const parent = nodeOf(state, run.node)?.parent ?? run.opponent;
  for (const node of new Set([parent, run.opponent])) {
    const prompts = samplePrompts(state).filter((prompt) => state.cells[cellKey(node, prompt)] === undefined);
    if (prompts.length > 0) return { node, prompts };
  }
  return null;
}

/** Asked one step ahead: the answer comes after the step that runs now. */
function due({ step, settings, samples }: Current): boolean {
  const every = filmEvery(settings.steps);
  const mark = Math.floor((step + 1) / every) * every;
  return mark > 0 && mark < settings.steps && !samples.some((sample) => sample.step >= mark - 1);
}

/** A drawing of the run's own, where it was asked for. */
export function onSampleEvent(event: PageEvent, state: StudioState, deps: Deps): Partial<StudioState> {
  const { current } = state;
  if (event.kind !== "drawn" || !state.sampling || current === null || event.node !== current.node) return {};
  return isRunning(state) ? withSample(current, event.step, event.index, event.picture, deps) : {};
}

/** The strip with one more picture; drawn again at the same step, it takes the old one's place. */
export function withSample(
  current: Current,
  step: number,
  index: number,
  { prompt, seed, ...pixels }: Picture,
  deps: Deps,
): Partial<StudioState> {
  const again = (sample: Sample): boolean => sample.step === step && sample.index === index;
  deps.pictures.drop(current.samples.filter(again).map(({ picture }) => picture));
  const sample = { step, index, prompt, seed, picture: deps.pictures.keep(pixels) };
  return { current: { ...current, samples: [...current.samples.filter((old) => !again(old)), sample] } };
}
