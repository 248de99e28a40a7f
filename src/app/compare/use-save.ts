/** @file Pictures out: one PNG, all of them in a zip, or the grid with its labels; each says how it was made. */
import { useState } from "react";
import type { ModelInfo, NodeId } from "../../studio/api.ts";
import { CLOSE, problemFrom } from "../problem.ts";
import { fileName, saveFile } from "../save-file.ts";
import { columnsOf, drawSettings, rowsOf } from "../state/compare.ts";
import { useWorkbench } from "../state/context.tsx";
import { nameOf } from "../state/nodes.ts";
import { cellKey } from "../state/selectors.ts";
import type { Prompt, StudioState } from "../state/studio-state.ts";
import type { ExportedGrid, ExportedPicture, ExportJob } from "./export.ts";
import { type Recipe, SAMPLER } from "./parameters.ts";

/** "DDIM, 20 steps, guidance 3" */
export function drawnWith(model: ModelInfo): string {
  const { steps, guidance } = drawSettings(model);
  return `${SAMPLER}, ${steps} steps, guidance ${guidance}`;
}

export interface Save {
  readonly saving: boolean;
  saveOne(node: NodeId, prompt: Prompt): void;
  saveAll(): void;
  saveGrid(): void;
}

export function useSave(): Save {
  const { store, pictures } = useWorkbench();
  const [saving, setSaving] = useState(false);

  const save = async (name: string, type: string, job: ExportJob): Promise<void> => {
    setSaving(true);
    try {
      const { runExport } = await import("./export.ts");
      saveFile(name, type, await runExport(job));
    } catch (error) {
      const what = "The picture could not be saved.";
      store.getState().setProblem(problemFrom(error, { what, safe: "Nothing here was changed.", remedy: CLOSE }));
    } finally {
      setSaving(false);
    }
  };

  const pictureOf = (state: StudioState, node: NodeId, prompt: Prompt): ExportedPicture | null => {
    const pixels = pictures.get(state.cells[cellKey(node, prompt)] ?? "");
    const recipe = recipeOf(state, nameOf(state, node), prompt);
    if (pixels === undefined || recipe === null) return null;
    return { name: nameOfPicture(state, node, prompt), pixels, recipe };
  };

  return {
    saving,
    saveOne(node, prompt) {
      const picture = pictureOf(store.getState(), node, prompt);
      if (picture !== null) void save(picture.name, "image/png", { kind: "pictures", pictures: [picture] });
    },
    saveAll() {
      const state = store.getState();
      const all = rowsOf(state).flatMap((row, at) =>
        columnsOf(state).map((node) => {
          const picture = pictureOf(state, node, row);
          // rows may begin with the same words
          return picture && { ...picture, name: `${String(at + 1).padStart(2, "0")}-${picture.name}` };
        }),
      );
      const there = all.filter((picture) => picture !== null);
      const [one] = there;
      if (one === undefined) return;
      const job: ExportJob = { kind: "pictures", pictures: there };
      if (there.length === 1) void save(one.name, "image/png", job);
      else void save(fileName([state.model?.id ?? "", "pictures"], "zip"), "application/zip", job);
    },
    saveGrid() {
      const state = store.getState();
      const [rows, nodes] = [rowsOf(state), columnsOf(state)];
      const columns = nodes.map((node) => nameOf(state, node));
      const [first] = rows;
      const recipe = first && recipeOf(state, columns[0] ?? "", first);
      if (!recipe) return;
      const cells = rows.flatMap((row) =>
        nodes.map((node) => pictures.get(state.cells[cellKey(node, row)] ?? "") ?? null),
      );
      const axes = {
        Script: "X/Y/Z plot",
        "X Type": "Checkpoint name",
        "X Values": columns.join(", "),
        "Y Type": "Prompt",
        "Y Values": rows.map(({ text }) => JSON.stringify(text)).join(", "),
      };
      const grid: ExportedGrid = { columns, rows, cells, side: recipe.side, recipe: { ...recipe, more: axes } };
      void save(fileName([state.model?.id ?? "", "grid"], "png"), "image/png", { kind: "grid", grid });
    },
  };
}

function recipeOf({ model }: StudioState, name: string, { text, seed }: Prompt): Recipe | null {
  if (model === null) return null;
  return { ...drawSettings(model), prompt: text, seed, side: model.resolution, model: `${model.id} ${name}` };
}

function nameOfPicture(state: StudioState, node: NodeId, { text, seed }: Prompt): string {
  const words = [state.model?.id ?? "", nameOf(state, node), `seed ${seed}`, text.slice(0, 40)];
  return fileName(words, "png");
}
