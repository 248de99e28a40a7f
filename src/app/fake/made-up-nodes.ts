/** @file Nodes as the pretended engine makes them. */
import { StudioError } from "../../lib/errors.ts";
import { BASE, defaultName } from "../../lib/node-name.ts";
import type { NodeInfo, SpinSettings, TakeLorasRequest, TakenLoras } from "../../studio/api.ts";
import { PRESETS } from "./made-up.ts";

const LORA_BYTES = 9_500_000;

type Place = Pick<NodeInfo, "parent" | "opponent" | "iteration" | "name" | "settings">;

export function madeUpNode(place: Place, nodes: readonly NodeInfo[]): NodeInfo {
  const number = Math.max(0, ...nodes.map((node) => node.number)) + 1;
  const title = place.name ?? defaultName(place.iteration, nodes);
  return {
    ...place,
    id: `node-${number}`,
    number,
    name: title === `SPIN ${place.iteration}` ? null : title,
    createdAt: new Date().toISOString(),
    backend: null,
    state: "begun",
    step: 0,
    of: place.settings.steps,
    bytes: 0,
    deleted: null,
    brought: null,
  };
}

/** Any file whose name does not tell that it is something else. */
export function takeMadeUp({ loras, name }: TakeLorasRequest, nodes: readonly NodeInfo[]): TakenLoras {
  const files = loras.map(({ file: { path }, multiplier }) => ({ name: path.replace(/^.*\//, ""), multiplier }));
  const model = files.find((lora) => /checkpoint|model/.test(lora.name));
  if (model)
    throw new StudioError("lora", `${model.name}: The file is a whole model, and a LoRA adapter was expected.`);
  const title = name ?? files.map((lora) => lora.name.replace(/\.safetensors$/i, "")).join(" + ");
  const settings: SpinSettings = { ...(PRESETS[0]?.settings[0] as SpinSettings), train: "lora", rank: 16, steps: 0 };
  const node = madeUpNode({ parent: BASE, opponent: BASE, iteration: 0, name: title, settings }, nodes);
  const notes = files.length > 1 ? ["Several LoRAs are added up first, and a fresh one lies over their sum."] : [];
  return {
    node: {
      ...node,
      state: "kept",
      bytes: files.length * LORA_BYTES,
      brought: { loras: files, under: files.length > 1 },
    },
    notes,
  };
}
