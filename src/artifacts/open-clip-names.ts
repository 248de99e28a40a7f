/**
 * @file CLIP's tensors under transformers' names, from a file that has those or open_clip's (which are OpenAI's own). There q, k and v
 * are one matrix, and the projections stand transposed. Names: open_clip `model.py`, `transformer.py`.
 */
import type { TensorData } from "../lib/tensor.ts";
import { sizeOf } from "../lib/tensor.ts";
import type { ModelTensor, ModelTensors } from "./model-folder.ts";

/** open_clip's name -> transformers', for what is the same tensor under another name. Beginnings, tried in order. */
const renamed: readonly (readonly [openClip: string, transformers: string])[] = [
  ["visual.class_embedding", "vision_model.embeddings.class_embedding"],
  ["visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"],
  ["visual.conv1.", "vision_model.embeddings.patch_embedding."],
  ["visual.ln_pre.", "vision_model.pre_layrnorm."],
  ["visual.ln_post.", "vision_model.post_layernorm."],
  ["visual.transformer.resblocks.", "vision_model.encoder.layers."],
  ["transformer.resblocks.", "text_model.encoder.layers."],
  ["token_embedding.", "text_model.embeddings.token_embedding."],
  ["positional_embedding", "text_model.embeddings.position_embedding.weight"],
  ["ln_final.", "text_model.final_layer_norm."],
  ["logit_scale", "logit_scale"],
];

/** The same within a layer, after its number. */
const inLayer: readonly (readonly [openClip: string, transformers: string])[] = [
  ["ln_1.", "layer_norm1."],
  ["ln_2.", "layer_norm2."],
  ["attn.out_proj.", "self_attn.out_proj."],
  ["mlp.c_fc.", "mlp.fc1."],
  ["mlp.c_proj.", "mlp.fc2."],
];

/** x W here, W x there. */
const transposed: Readonly<Record<string, string>> = {
  "visual.proj": "visual_projection.weight",
  text_projection: "text_projection.weight",
};

const fused = /^(.+\.layers\.\d+\.)attn\.in_proj_(weight|bias)$/;
const layer = /^(.+\.layers\.\d+\.)(.+)$/;

/** @returns as they are where they have transformers' names already; what is not CLIP's keeps its name. */
export function clipTensors(stored: ModelTensors): ModelTensors {
  if (!stored.has("visual.class_embedding")) return stored;
  const found = new Map<string, ModelTensor>();
  for (const [name, tensor] of stored) {
    const turned = transposed[name];
    const parts = fused.exec(nameOf(name));
    if (turned !== undefined) found.set(turned, transposeOf(tensor));
    else if (!parts) found.set(nameOf(name), tensor);
    else
      for (const [i, part] of ["q", "k", "v"].entries())
        found.set(`${parts[1]}self_attn.${part}_proj.${parts[2]}`, thirdOf(tensor, i));
  }
  return found;
}

function nameOf(openClip: string): string {
  const outer = swapped(openClip, renamed);
  const [, prefix, rest = ""] = layer.exec(outer) ?? [];
  return prefix === undefined ? outer : prefix + swapped(rest, inLayer);
}

function swapped(name: string, table: typeof renamed): string {
  const row = table.find(([from]) => name.startsWith(from));
  return row ? row[1] + name.slice(row[0].length) : name;
}

/** Rows `i` thirds down. */
function thirdOf({ dtype, shape, read }: ModelTensor, i: number): ModelTensor {
  const third = [(shape[0] ?? 0) / 3, ...shape.slice(1)];
  const length = sizeOf(third);
  return { dtype, shape: third, read: async () => (await read()).slice(i * length, (i + 1) * length) };
}

function transposeOf({ dtype, shape, read }: ModelTensor): ModelTensor {
  const [rows = 0, columns = 0] = shape;
  const turn = <T extends Float32Array | Uint16Array>(data: T): T => {
    const out = data.slice() as T;
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c] as number;
    return out;
  };
  const turned = async (): Promise<TensorData> => turn((await read()) as Float32Array | Uint16Array);
  return { dtype, shape: [columns, rows], read: turned };
}
