/** @file A model of a person's own: picked, looked at, shaped to this computer's memory, opened; and the way back to Pocket. */
import type { Examined, OwnModel, SourceFile } from "../../studio/api.ts";
import { type LastModel, reach, remember } from "../own-model/last-model.ts";
import { bytesOf, dropCopy, keepCopy, type ModelHandle, titleOf } from "../own-model/model-files.ts";
import { messageOf, problemFrom } from "../problem.ts";
import { isRunning } from "./selectors.ts";
import type { Slice } from "./studio-state.ts";

export interface Picked {
  readonly own: OwnModel;
  readonly handle: ModelHandle | null;
  /** names it among those that were downloaded from the hub; null: it lies on the disk */
  readonly download: string | null;
  readonly bytes: number;
  /** in the shape that was looked at last; null: it was not yet, or is none of ours */
  readonly examined: Examined | null;
  readonly looking: boolean;
  /** why it cannot be opened as it is */
  readonly refused: string | null;
  /** copy it into the browser's storage before it is opened */
  readonly keep: boolean;
  /** bytes that are copied; null: not under way */
  readonly copying: number | null;
}

export interface OwnModelSlice {
  readonly picked: Picked | null;
  /** Looks at a model that was picked; the one that is open stays. */
  pickModel(files: readonly SourceFile[], handle: ModelHandle | null, download?: string): Promise<void>;
  shapeModel(part: { readonly resolution?: number | null; readonly memory?: number | null }): Promise<void>;
  setKeepCopy(keep: boolean): void;
  unpick(): void;
  /** Opens the picked model in place of the one that is open, with its own project. */
  openPicked(): Promise<void>;
  /** Opens the model of the last visit again; the browser may ask for its files. */
  reopen(): Promise<void>;
  usePocket(): Promise<void>;
}

export const createOwnModel: Slice<OwnModelSlice> = (set, get, deps) => {
  /** What goes on belongs to this model's project. */
  const isBusy = (): boolean => isRunning(get()) || get().reading !== null;

  const examine = async (picked: Picked): Promise<void> => {
    set({ picked: { ...picked, looking: true, refused: null } });
    const still = (): boolean => get().picked?.own === picked.own;
    try {
      const examined = await deps.studio.call("examine", { model: picked.own });
      const refused = examined.lora.fits
        ? null
        : "A step takes more memory than may be used: choose smaller pictures, or allow more.";
      if (still()) set({ picked: { ...picked, examined, looking: false, refused } });
    } catch (error) {
      const { message, hint } = messageOf(error);
      const refused = hint === null ? message : `${message} ${hint}`;
      if (still()) set({ picked: { ...picked, looking: false, refused } });
    }
  };

  /** @throws DOMException where the storage is full */
  const copied = (picked: Picked, copy: string): Promise<ModelHandle> =>
    keepCopy(copy, picked.own.files, (copying) => set({ picked: { ...picked, copying } }));

  return {
    picked: null,

    async pickModel(files, handle, download) {
      if (files.length === 0 || isBusy()) return;
      // one that is picked again keeps the shape that it had
      const shape = deps.source.kind === "away" ? deps.source.last : { resolution: null, memory: null };
      const own = { files, title: titleOf(files), resolution: shape.resolution, memory: shape.memory };
      const nothing = { examined: null, looking: false, refused: null, keep: false, copying: null };
      await examine({ own, handle, download: download ?? null, bytes: bytesOf(files), ...nothing });
    },

    async shapeModel(part) {
      const { picked } = get();
      if (picked !== null) await examine({ ...picked, own: { ...picked.own, ...part } });
    },

    setKeepCopy: (keep) => set(({ picked }) => ({ picked: picked && { ...picked, keep } })),
    unpick: () => set({ picked: null }),

    async openPicked() {
      const { picked, preflight } = get();
      if (picked?.examined == null || picked.looking || picked.refused !== null) return;
      if (preflight === null || isBusy()) return;
      get().stopDrawing();
      set({ machine: "opening", problem: null });
      const { own, keep, download } = picked;
      const copy = keep ? crypto.randomUUID() : null;
      try {
        const handle = copy === null ? picked.handle : await copied(picked, copy);
        const backend = picked.examined.large ? "webgpu" : preflight.chosen;
        const model = await deps.studio.call("open", { backend, model: own });
        const { title, resolution, memory } = own;
        const kept: LastModel = { id: model.id, title, resolution, memory, handle, copy };
        const last = download === null ? kept : { ...kept, download };
        await remember(deps.studio, last, true);
        // one is remembered, so one copy is kept
        const before = deps.source.last?.copy ?? null;
        if (before !== null) await dropCopy(before);
        deps.enter({ kind: "own", own, last }, { preflight: { ...preflight, chosen: backend }, model });
      } catch (error) {
        if (copy !== null) await dropCopy(copy);
        const problem = problemFrom(error, {
          what: `${picked.own.title} could not be opened.`,
          safe: "Your projects and every saved step are safe.",
          remedy: { kind: "look-again", label: "Back to the model before" },
        });
        set({ machine: "failed", problem, picked: { ...picked, copying: null } });
      }
    },

    async reopen() {
      const { last } = deps.source;
      if (last === null || isBusy()) return;
      const reached = await reach(last, true);
      if (reached.kind === "away" && deps.source.kind === "away") return;
      await remember(deps.studio, last, true);
      deps.enter(reached, null);
    },

    async usePocket() {
      if (isBusy()) return;
      const { last } = deps.source;
      if (last !== null) await remember(deps.studio, last, false);
      deps.enter({ kind: "pocket", last }, null);
    },
  };
};
