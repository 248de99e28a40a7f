/** @file The model of a person’s own that was opened last: the next visit begins with it, or offers it beside Pocket. */
import type { OwnModel, Studio } from "../../studio/api.ts";
import { filesBehind, mayRead, type ModelHandle } from "./model-files.ts";

const POCKET_PROJECT = "studio";
/** not a project's: which one is opened hangs on it, and a project's notes go into its file */
const NOTE = { project: "page", name: "model" };

/** Known at once, so that whoever never had a model of his own waits for nothing. */
const MARK = "spin-studio.model";

/** A person's model while its files are out of reach. */
export interface LastModel extends Omit<OwnModel, "files"> {
  /** the model's, and its project's */
  readonly id: string;
  /** null: the browser kept none, so it must be picked again */
  readonly handle: ModelHandle | null;
  /** names the copy of its files in this browser's storage; null: there is none */
  readonly copy: string | null;
  /** names what was downloaded of it from the hub; it stays when another model is opened */
  readonly download?: string;
}

/** What a workbench is about; each model has a project of its own. */
export type ModelSource =
  | { readonly kind: "pocket"; readonly last: LastModel | null }
  | { readonly kind: "own"; readonly last: LastModel; readonly own: OwnModel }
  | { readonly kind: "away"; readonly last: LastModel };

export const projectOf = (source: ModelSource): string => (source.kind === "pocket" ? POCKET_PROJECT : source.last.id);

interface Note {
  readonly last: LastModel;
  /** rather than Pocket */
  readonly current: boolean;
}

export function ownModel({ title, resolution, memory }: LastModel, files: OwnModel["files"]): OwnModel {
  return { title, resolution, memory, files };
}

export async function remember(studio: Studio, last: LastModel, current: boolean): Promise<void> {
  await studio.call("writeNote", { ...NOTE, value: { last, current } satisfies Note });
  try {
    globalThis.localStorage?.setItem(MARK, last.title);
  } catch {
    // a browser may refuse it: then the next visit begins with Pocket
  }
}

function isMarked(): boolean {
  try {
    return globalThis.localStorage?.getItem(MARK) != null;
  } catch {
    return false;
  }
}

/** @param ask the browser may ask the person for the files, who must have just clicked */
export async function reach(last: LastModel, ask: boolean): Promise<ModelSource> {
  const { handle } = last;
  try {
    if (handle !== null && (await mayRead(handle, ask)))
      return { kind: "own", last, own: ownModel(last, await filesBehind(handle)) };
  } catch {
    // it was moved, or is no model's folder any more: whoever picks it again is told
  }
  return { kind: "away", last };
}

/** What the last visit ended with; where that cannot be told, Pocket. */
export async function recall(studio: Studio): Promise<ModelSource> {
  const note = isMarked() ? await studio.call("readNote", NOTE).catch(() => null) : null;
  if (!isNote(note)) return { kind: "pocket", last: null };
  const { last, current } = note;
  return current ? reach(last, false) : { kind: "pocket", last };
}

function isNote(note: unknown): note is Note {
  if (typeof note !== "object" || note === null) return false;
  const { last, current } = note as Partial<Note>;
  return typeof current === "boolean" && typeof last?.id === "string" && typeof last.title === "string";
}
