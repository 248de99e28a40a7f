/** @file The engine's presets and the page's fields know nothing of each other: each value must be one that a person could have typed; a safeguard of 0 is its switch. */
import { expect, test } from "vitest";
import { NUMBER_FIELDS, numberIn, parseNumber, plainNumber } from "../src/app/settings.ts";
import { presetsFor } from "../src/studio/presets.ts";

const models = [
  { parameters: 4.1e6, guidance: 3 },
  { parameters: 860e6, guidance: 7.5, whole: true },
];
const presets = models.flatMap((model) => presetsFor(model).map((preset) => ({ ...preset, model })));

/** What a switch turns off is then 0, below its range. */
const canBeOff: ReadonlySet<string> = new Set(["safeguard", "emaDecay"]);

test.each(presets)("$id for $model.parameters parameters: every number is in its field's range", ({ settings }) => {
  for (const one of settings)
    for (const field of NUMBER_FIELDS.filter(({ key }) => !canBeOff.has(key) || numberIn(one, key) > 0))
      expect(parseNumber(field, plainNumber(numberIn(one, field.key)))).toEqual({ value: numberIn(one, field.key) });
});
