/** @file What a file is that is no safetensors file, from its first bytes: names do not tell. */

interface Format {
  readonly begins: readonly number[] | string;
  readonly words: string;
  readonly hint: string;
}

const pickle = {
  words: "a pickle (a .ckpt, .pt or .bin of PyTorch, whatever its name is), which can run code when it is read",
  hint: "Nothing of it was run. Take the model's .safetensors file instead, or convert it where you trust it.",
};

const formats: readonly Format[] = [
  { begins: "PK\x03\x04", ...pickle },
  { begins: [0x80, 0x02], ...pickle },
  { begins: [0x80, 0x03], ...pickle },
  { begins: [0x80, 0x04], ...pickle },
  { begins: [0x80, 0x05], ...pickle },
  {
    begins: "GGUF",
    words: "a GGUF file, whose weights are quantized",
    hint: "Take the model's .safetensors file instead.",
  },
  {
    begins: "version https://git-lfs",
    words: "a pointer of Git LFS, not the file that it stands for",
    hint: "Fetch the file itself: git lfs pull, or download it.",
  },
  { begins: "<!", words: "a web page", hint: "The address gave a page instead of the file: download it again." },
  { begins: "<html", words: "a web page", hint: "The address gave a page instead of the file: download it again." },
];

/** As many of the first bytes as are needed to tell. */
export const tellingBytes = 24;

export function foreignFile(first: Uint8Array): Pick<Format, "words" | "hint"> | null {
  const matches = ({ begins }: Format): boolean =>
    first.length >= begins.length &&
    [...begins].every((unit, i) => first[i] === (typeof unit === "string" ? unit.charCodeAt(0) : unit));
  return formats.find(matches) ?? null;
}
