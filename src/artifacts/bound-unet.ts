/**
 * @file The UNet as one ONNX file without weights of its own: its initializers are ranges of bytes in safetensors files. Inputs and
 * output are called as in diffusers' and Optimum's exports: `sample` [N, 4, h, w], `timestep` [1], `encoder_hidden_states`
 * [N, T, D] -> `out_sample`. Arithmetic is float32, whichever type the weights have.
 */
import { graphOf } from "../graph/ir.ts";
import { encodeOnnx, type ExternalData, type Prelude } from "../graph/onnx/encode.ts";
import { lowerAttention } from "../graph/passes/attention.ts";
import { storeHalf } from "../graph/passes/cast.ts";
import { simplify } from "../graph/simplify.ts";
import { assert, required, StudioError } from "../lib/errors.ts";
import { readUNetConfig, type UNetConfig } from "../models/config.ts";
import { compose } from "../models/segment.ts";
import { unet } from "../models/unet.ts";
import type { JsonObject } from "./json-object.ts";
import type { ModelTensor, TensorPlace } from "./model-folder.ts";

export interface BoundSize {
  /** rows; a picture with guidance is two */
  readonly batch: number;
  /** of the latents */
  readonly height: number;
  readonly width: number;
  readonly tokens: number;
}

/** `locate`: a file's path from the ONNX file's folder, within it, for readers refuse any other. @throws StudioError `bind` for weights that ONNX cannot read where they lie. */
export function boundUNet(
  config: JsonObject,
  size: BoundSize,
  tensors: ReadonlyMap<string, Pick<ModelTensor, "place">>,
  locate: (path: string) => string,
): Uint8Array {
  const read = readUNetConfig(config);
  const network = unet(read, size);
  const out_sample = required(compose(network)[network.output], "the UNet's output");
  const placed = new Map([...tensors].map(([name, { place }]) => [name, checked(name, place)]));
  const halves = storeHalf({ out_sample }, (name) => placed.get(name)?.dtype === "F16");
  const external = new Map(
    [...placed].map(([name, { path, offset, bytes }]): [string, ExternalData] => {
      return [name, { location: locate(path), offset, length: bytes }];
    }),
  );
  const prelude = timestepNodes(read, size.batch);
  return encodeOnnx(graphOf(simplify(lowerAttention(halves))), "unet", { external, prelude });
}

function checked(name: string, place: TensorPlace | undefined): TensorPlace {
  if (place?.dtype === "F16" || place?.dtype === "F32") return place;
  throw new StudioError(
    "bind",
    place
      ? `${place.path} stores "${name}" as ${place.dtype}, and only F16 and F32 can be read where they lie.`
      : "The model is not in safetensors files, and ONNX can point into those alone.",
    "`studio export --as onnx` writes the weights anew.",
  );
}

/** `timestep_proj` [N, c] from `timestep` [1]: get_timestep_embedding in diffusers' models/embeddings.py. */
function timestepNodes({ block_out_channels, flip_sin_to_cos, freq_shift }: UNetConfig, batch: number): Prelude {
  const [channels = 0] = block_out_channels;
  assert(channels % 2 === 0, `${channels} channels of the timestep have no halves`);
  const half = channels / 2;
  const floats = Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10000) * i) / (half - freq_shift)));
  const halves = flip_sin_to_cos ? ["timestep.cos", "timestep.sin"] : ["timestep.sin", "timestep.cos"];
  return {
    inputs: { timestep: { dtype: "float32", shape: [1] } },
    nodes: [
      { node: { type: "Mul", extra: [{ floats }] }, inputs: ["timestep"], output: "timestep.angles" },
      { node: { type: "Cos" }, inputs: ["timestep.angles"], output: "timestep.cos" },
      { node: { type: "Sin" }, inputs: ["timestep.angles"], output: "timestep.sin" },
      { node: { type: "Concat", attributes: { axis: { int: 0 } } }, inputs: halves, output: "timestep.embedded" },
      {
        node: { type: "Expand", extra: [{ ints: [batch, channels] }] },
        inputs: ["timestep.embedded"],
        output: "timestep_proj",
      },
    ],
  };
}
