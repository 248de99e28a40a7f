/** @file `studio lora FILE`: a LoRA in any spelling, such as a run's adapter.safetensors, to the names that other programs read. */
import { loraModel } from "../../artifacts/lora-model.ts";
import type { Lora } from "../../artifacts/lora-names.ts";
import { readLora } from "../../artifacts/lora-read.ts";
import { kohyaFile, type LoraFile, peftFile } from "../../artifacts/lora-write.ts";
import { openSafetensors, writeSafetensors } from "../../artifacts/safetensors.ts";
import { command } from "../command.ts";
import { openFile, writeFileWhole } from "../files.ts";
import { configBeside, openModelFolder } from "../model-files.ts";
import { oneOf, refuse, required, text } from "../options.ts";

export const lora = command({
  name: "lora",
  summary: "Writes a LoRA in the names that A1111, ComfyUI and others read, or as diffusers saves it.",
  positional: { placeholder: "FILE", help: "a LoRA in PEFT's, diffusers' or kohya's names" },
  options: {
    model: required(text("DIR", "the model that it is for, in diffusers' folder layout")),
    out: required(text("FILE", "the LoRA that is written")),
    names: oneOf(["kohya", "diffusers"], "kohya: for A1111, ComfyUI and others; diffusers: as it saves them", "kohya"),
    dtype: oneOf(["float16", "float32"], "float16 is half as large, float32 exact", "float16"),
  },
  run: async ({ model, out, names, dtype }, path) => {
    if (path === "") refuse("lora needs a LoRA, and FILE was expected.");
    const folder = await openModelFolder(model, ["unet", "text_encoder"]);
    const file = await openSafetensors(await openFile(path), path);
    const read = await readLora(file, { config: await configBeside(path), model: loraModel(folder) });
    const stored = dtype === "float16" ? "F16" : "F32";
    const written =
      names === "kohya"
        ? kohyaFile(read, stored, told(read, file.metadata))
        : peftFile({ ...read, spelling: { prefix: "unet.", adapter: null } }, stored);
    await writeFileWhole(out, bytesOf(written));
    const [unet, textEncoder] = [read.modules.size, read.textEncoder.size];
    const counts = `${unet} modules of the UNet and ${textEncoder} of the text encoder`;
    return {
      json: { out, unet, text_encoder: textEncoder, left_out: read.leftOut },
      text: [...read.leftOut, `${out} holds ${counts}, in ${names === "kohya" ? "kohya's" : "diffusers'"} names.`].join(
        "\n",
      ),
    };
  },
});

const bytesOf = ({ tensors, metadata }: LoraFile): Uint8Array => writeSafetensors(tensors, metadata);

/** What the file told of its making, in kohya's words, and what is true of any. */
function told({ modules, textEncoder }: Lora, metadata: ReadonlyMap<string, string>): Record<string, string> {
  const kept = [...metadata].filter(([key]) => /^(ss_|modelspec\.)/.test(key));
  const [first] = [...modules.values(), ...textEncoder.values()];
  return {
    ...Object.fromEntries(kept),
    ss_network_module: "networks.lora",
    ss_network_dim: String(first?.rank),
    ss_network_alpha: String(first?.alpha),
  };
}
