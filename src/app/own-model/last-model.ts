/** @file Which model a person worked with last, so that the next visit begins with it. */
import type { OwnModel, Studio } from "../../studio/api.ts";
import { filesBehind, mayRead, type ModelHandle } from "./model-files.ts";

const POCKET_PROJECT = "studio";
/** not a project's: which one is opened hangs on it, and a project's notes go into its file */
const NOTE = { project: "page", name: "model" };

/** Known at once, so that a visit with Pocket waits for nothing. */
const MARK = "spin-studio.model";

/** A person's model while its files are out of reach. */
export interface LastModel extends Omit<OwnModel, "files"> {
  /** the model's, and its project's */
  readonly id: string;
  /** null: the browser kept none, so it must be picked again */
  readonly handle: ModelHandle | null;
  /** its files lie in this browser's storage too, so many bytes */
  readonly copied: number;
}

/** What a workbench is about; each model has a project of its own. */
export type ModelSource =
  | { readonly kind: "pocket" }
  | { readonly kind: "own"; readonly last: LastModel; readonly own: OwnModel }
  | { readonly kind: "away"; readonly last: LastModel };

export const projectOf = (source: ModelSource): string => (source.kind === "pocket" ? POCKET_PROJECT : source.last.id);

export function ownModel({ title, resolution, memory }: LastModel, files: OwnModel["files"]): OwnModel {
  return { title, resolution, memory, files };
}

/** null: Pocket. */
export async function remember(studio: Studio, last: LastModel | null): Promise<void> {
  await studio.call("writeNote", { ...NOTE, value: last });
  try {
    if (last === null) globalThis.localStorage?.removeItem(MARK);
    else globalThis.localStorage?.setItem(MARK, last.title);
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
  if (handle === null || !(await mayRead(handle, ask))) return { kind: "away", last };
  return { kind: "own", last, own: ownModel(last, await filesBehind(handle)) };
}

/** What the last visit ended with; where that cannot be told, Pocket. */
export async function recall(studio: Studio): Promise<ModelSource> {
  if (!isMarked()) return { kind: "pocket" };
  const note = await studio.call("readNote", NOTE).catch(() => null);
  if (!isLastModel(note)) return { kind: "pocket" };
  return reach(note, false).catch(() => ({ kind: "away", last: note }));
}

function isLastModel(note: unknown): note is LastModel {
  if (typeof note !== "object" || note === null) return false;
  const { id, title, copied, handle } = note as Partial<LastModel>;
  return typeof id === "string" && typeof title === "string" && typeof copied === "number" && handle !== undefined;
}
