/** @file The tree's rows and keys. */
import { expect, test } from "vitest";
import type { NodeInfo } from "../../studio/api.ts";
import { type Row, treeKey, treeRows, typedTo } from "./tree-rows.ts";

const node = (number: number, parent: string): NodeInfo =>
  ({ id: `n${number}`, parent, opponent: parent, number, iteration: 1 }) as NodeInfo;

const NONE: ReadonlySet<string> = new Set();
/** A chain of three, a branch of two from its first, a branch of one from that, and an orphan. */
const NODES = [
  node(1, "base"),
  node(2, "n1"),
  node(3, "n2"),
  node(4, "n1"),
  node(5, "n4"),
  node(6, "n4"),
  node(7, "?"),
];
const drawn = (rows: readonly Row[]): readonly string[] =>
  rows.map(
    ({ id, lane, level, branch, down, folded, place, siblings }) =>
      `${"  ".repeat(lane)}${branch ? "+" : "|"}${id} ${level} ${place}/${siblings}${down ? "" : "."}${folded ? "…" : ""}`,
  );

test("the first child goes on below, later ones are indented before it", () => {
  expect(drawn(treeRows(NODES, "n3", NONE))).toEqual([
    "|base 1 1/1",
    "  +n7 2 1/2.",
    "|n1 2 2/2",
    "  +n4 3 1/2",
    "    +n6 4 1/2.",
    "  |n5 4 2/2.",
    "|n2 3 2/2",
    "|n3 4 1/1",
    "|next 5 1/1.",
  ]);
});

test("what would be grown next is a branch where its parent has a child, and a fold hides all that came from a node", () => {
  const rows = treeRows(NODES, "n1", new Set(["n4"]));
  expect(drawn(rows)).toEqual([
    "|base 1 1/1",
    "  +n7 2 1/2.",
    "|n1 2 2/2",
    "  +n4 3 1/3.…",
    "  +next 3 2/3.",
    "|n2 3 3/3",
    "|n3 4 1/1.",
  ]);
  expect(rows.find(({ id }) => id === "n4")?.descendants).toBe(2);
  expect(drawn(treeRows([], "base", NONE))).toEqual(["|base 1 1/1", "|next 2 1/1."]);
});

test("arrows walk the rows, fold and unfold, and lead to the parent; other keys are not the tree's", () => {
  const rows = treeRows(NODES, "n3", NONE);
  const at = (id: string) => rows.findIndex((row) => row.id === id);
  expect(treeKey(rows, 0, "ArrowUp")).toEqual({ to: 0 });
  expect(treeKey(rows, 0, "ArrowDown")).toEqual({ to: 1 });
  expect(treeKey(rows, 3, "Home")).toEqual({ to: 0 });
  expect(treeKey(rows, 3, "End")).toEqual({ to: rows.length - 1 });
  expect(treeKey(rows, at("n4"), "ArrowRight")).toEqual({ to: at("n6") });
  expect(treeKey(rows, at("n4"), "ArrowLeft")).toEqual({ fold: true });
  expect(treeKey(rows, at("n5"), "ArrowLeft")).toEqual({ to: at("n4") });
  expect(treeKey(rows, at("n5"), "ArrowRight")).toEqual({ to: at("n5") });
  expect(treeKey(rows, 0, "x")).toBeNull();
  const shut = treeRows(NODES, "n3", new Set(["n4"]));
  expect(treeKey(shut, 3, "ArrowRight")).toEqual({ fold: false });
  expect(treeKey(shut, 3, "ArrowLeft")).toEqual({ to: 2 });
});

test("what is typed leads to the next name that begins so", () => {
  const names = ["Base", "SPIN 1", "SPIN 2", "Soft light"];
  expect(typedTo(names, 0, "s")).toBe(1);
  expect(typedTo(names, 1, "s")).toBe(2);
  expect(typedTo(names, 1, "ss")).toBe(2);
  expect(typedTo(names, 1, "so")).toBe(3);
  expect(typedTo(names, 1, "spin 2")).toBe(2);
  expect(typedTo(names, 3, "B")).toBe(0);
  expect(typedTo(names, 0, "x")).toBeNull();
});
