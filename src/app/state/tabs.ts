/** @file Two tabs of one project: one trains, the other reads along and can take over. What the other did is taken in here. */
import { nodeName } from "../../lib/node-name.ts";
import type { ProjectState } from "../../studio/api.ts";
import { defaultPrompts } from "./compare-prompts.ts";
import { interruptedRun, pausedRun, storedPairs } from "./machine.ts";
import { nodeOf } from "./nodes.ts";
import { picturesOf } from "./run.ts";
import { isRunning } from "./selectors.ts";
import type { Current, Deps, StudioState } from "./studio-state.ts";

/** The project as it now is, as state; a run of our own goes on undisturbed. */
export async function adoptTree(
  project: ProjectState,
  get: () => StudioState,
  deps: Deps,
): Promise<Partial<StudioState>> {
  const { nodes, damaged, elsewhere } = project;
  const pairs = await changedPairs(project, get(), deps);
  const state = get();
  const { undoable, turnedAway } = state;
  const lost = nodeOf({ nodes }, undoable);
  const tree = {
    nodes,
    damaged,
    elsewhere,
    turnedAway: elsewhere ? turnedAway : null,
    undoable: lost?.deleted != null && lost.state !== "gone" ? undoable : null,
  };
  if (isRunning(state)) return tree;
  const theirs = elsewhere || state.elsewhere;
  if (theirs) deps.metrics.load(project.reports);
  const current = standing(state, project, theirs);
  if (state.current !== null && current?.opponents !== state.current.opponents)
    deps.pictures.drop(picturesOf(state.current));
  return { ...tree, ...pairs, current };
}

/** The run that is shown, as it stands after what another tab did. */
function standing({ current, next }: StudioState, { nodes }: ProjectState, theirs: boolean): Current | null {
  if (current === null) return theirs && next.parent === undefined ? interruptedRun(nodes) : null;
  if (current.node === null) return current;
  const node = nodeOf({ nodes }, current.node);
  if (node === undefined || node.state !== "begun" || node.deleted !== null) return null;
  if (current.phase === "paused" && node.step !== current.step) return pausedRun(node);
  return { ...current, name: nodeName(node) };
}

/** What they are, in whatever order. */
function print(
  pairs: readonly { readonly id: string; readonly caption: string; readonly sha256: string | undefined }[],
) {
  return JSON.stringify(pairs.map(({ id, caption, sha256 }) => `${id} ${sha256} ${caption.trim()}`).sort());
}

/** Pairs that another tab saved, unless there are edits here that were not. */
async function changedPairs(project: ProjectState, state: StudioState, deps: Deps): Promise<Partial<StudioState>> {
  const known = state.pairs.map(({ id, caption, picture }) => ({ id, caption, sha256: deps.pictures.heldAs(picture) }));
  if (state.unsaved || isRunning(state) || print(known) === print(project.pairs)) return {};
  const pairs = await storedPairs(project, deps);
  deps.pictures.drop(state.pairs.map(({ picture }) => picture));
  const { model } = state;
  const prompts = state.prompts.length > 0 || model === null ? state.prompts : defaultPrompts({ model, pairs });
  return { pairs, prompts, past: [], future: [], selected: pairs[0]?.id ?? null };
}
