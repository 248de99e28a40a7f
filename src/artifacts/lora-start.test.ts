import { expect, test } from "vitest";
import type { LayoutEntry } from "../plan/types.ts";
import { loraModules, mergeLoras } from "./lora-merge.ts";
import type { LoraModule } from "./lora-names.ts";
import { loraStart } from "./lora-start.ts";

const entry = (name: string, shape: readonly number[], offset: number): LayoutEntry => ({
  name,
  shape,
  offset,
  group: "g",
});
const layout = [
  entry("x.lora_A.weight", [1, 3], 0),
  entry("x.lora_B.weight", [2, 1], 3),
  entry("y.lora_A.weight", [1, 2], 5),
  entry("y.lora_B.weight", [2, 1], 7),
];
const vector = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]);
const modules = loraModules(layout, vector, 4);
const textEncoder = new Map<string, LoraModule>();
const whole = { modules, textEncoder };
const [x, y] = [modules.get("x") as LoraModule, modules.get("y") as LoraModule];

test("a LoRA of the same modules and rank is trained on, bit for bit", () => {
  const start = loraStart(layout, 4, [{ lora: whole, multiplier: 1 }]);
  expect(start).toEqual({ kind: "trained on", vector });
});

test("another alpha, and a multiplier, go into B: the branch stays what it was", () => {
  const start = loraStart(layout, 1, [{ lora: whole, multiplier: 0.5 }]);
  if (start.kind !== "trained on") throw new Error(start.reason);
  const again = loraModules(layout, start.vector, 1).get("x") as LoraModule;
  expect(again.a.data).toEqual(x.a.data);
  const weight = new Float32Array(6);
  expect(mergeLoras(weight, [{ lora: again, multiplier: 1 }])).toEqual(
    mergeLoras(weight, [{ lora: x, multiplier: 0.5 }]),
  );
});

const wide: LoraModule = {
  rank: 2,
  alpha: 2,
  a: { shape: [2, 3], data: new Float32Array(6) },
  b: { shape: [2, 2], data: new Float32Array(4) },
};
test.each([
  ["several", [whole, whole], /Several LoRAs are added up/],
  ["none", [], /added up/],
  [
    "another rank",
    [
      {
        modules: new Map([
          ["x", wide],
          ["y", y],
        ]),
        textEncoder,
      },
    ],
    /rank 2 and this training rank 1/,
  ],
  [
    "more modules",
    [{ modules: new Map([...modules, ["z", x]]), textEncoder }],
    /adapts "z", which this training does not/,
  ],
  ["fewer modules", [{ modules: new Map([["x", x]]), textEncoder }], /adapts 1 modules and this training 2/],
  ["a text encoder", [{ modules, textEncoder: new Map([["t", x]]) }], /also adapts the text encoder/],
] as const)("%s: laid under, with the reason", (_, loras, reason) => {
  const start = loraStart(
    layout,
    4,
    loras.map((lora) => ({ lora, multiplier: 1 })),
  );
  expect(start).toEqual({ kind: "laid under", reason: expect.stringMatching(reason) });
});
