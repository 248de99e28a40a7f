/** @file Parameters as their readers see them: parsed here by A1111's own expression. */
import { expect, test } from "vitest";
import { parametersText, type Recipe } from "./parameters.ts";

const recipe: Recipe = {
  prompt: "a red circle",
  negativePrompt: "",
  steps: 20,
  guidance: 3,
  seed: 42,
  side: 64,
  model: "pocket SPIN 1",
};

/** `re_param` and the walk of `parse_generation_parameters`. */
function parse(text: string): Record<string, string> {
  const lines = text.trim().split("\n");
  const last = lines.pop() ?? "";
  const found: Record<string, string> = { prompt: "" };
  let into = "prompt";
  for (const line of lines) {
    const negative = line.startsWith("Negative prompt:");
    if (negative) into = "negative";
    found[into] = `${found[into] ?? ""}${found[into] ? "\n" : ""}${negative ? line.slice(16).trim() : line}`;
  }
  for (const [, name = "", value = ""] of last.matchAll(/\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/g))
    found[name] = value.startsWith('"') ? (JSON.parse(value) as string) : value;
  return found;
}

test("the text is the one that readers expect", () => {
  expect(parametersText(recipe)).toBe(
    "a red circle\nSteps: 20, Sampler: DDIM, CFG scale: 3, Seed: 42, Size: 64x64, Model: pocket SPIN 1, Version: SPIN Studio",
  );
});

test("a negative prompt, and values with commas, quotes and colons come back as they were", () => {
  const model = 'pocket "bold", half: 2';
  const told = parse(parametersText({ ...recipe, prompt: "two\nlines, Steps: 3", negativePrompt: "blurry", model }));
  expect(told).toEqual({
    prompt: "two\nlines, Steps: 3",
    negative: "blurry",
    Steps: "20",
    Sampler: "DDIM",
    "CFG scale": "3",
    Seed: "42",
    Size: "64x64",
    Model: model,
    Version: "SPIN Studio",
  });
});
