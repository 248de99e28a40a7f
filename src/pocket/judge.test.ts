import { describe, expect, test } from "vitest";
import { parseCaption } from "./grammar.ts";
import { judge, judgeScene } from "./judge.ts";

const seen = (caption: string) => ({ scene: parseCaption(caption) });
const named = "a red circle beside a blue square at night";

describe("judge", () => {
  test("the order of the things does not matter", () => {
    expect(judge(seen("a blue square beside a red circle at night"), named)).toEqual({
      colours: true,
      shapes: true,
      layout: true,
      time: true,
      all: true,
      things: { named: 2, coloured: 2, shaped: 2 },
    });
  });

  test.each([
    ["a blue square beside a red circle by day", ["time"], 2, 2],
    ["a blue square and a red circle, one over the other, at night", ["layout"], 2, 2],
    ["a blue square beside a red heart at night", ["shapes"], 2, 1],
    ["a green circle beside a blue square at night", ["colours"], 1, 2],
    ["a blue circle beside a red square at night", ["shapes"], 2, 0],
    ["a white circle beside a green square at night", ["colours"], 0, 2],
    ["a white square beside a green circle at night", ["colours"], 0, 2],
    ["a red circle at night", ["colours", "shapes", "layout"], 1, 1],
  ])("%s has wrong %s", (caption, wrong, coloured, shaped) => {
    const { all, things, ...rest } = judge(seen(caption), named);
    expect(Object.entries(rest).flatMap(([attribute, right]) => (right ? [] : [attribute]))).toEqual(wrong);
    expect(things).toEqual({ named: 2, coloured, shaped });
    expect(all).toBe(false);
  });

  test("a thing too many is wrong in every attribute but the time", () => {
    const { colours, shapes, layout, time } = judge(seen(named), "a red circle at night");
    expect({ colours, shapes, layout, time }).toEqual({ colours: false, shapes: false, layout: false, time: true });
  });

  test("two things of one colour, which no caption can name, are judged too", () => {
    const scene = parseCaption(named);
    const red = { colour: "red", shape: "square" } as const;
    const { colours, shapes } = judgeScene({ ...scene, layout: "beside", things: [scene.things[0], red] }, scene);
    expect([colours, shapes]).toEqual([false, true]);
  });
});
