/** @file Pairs in the store: one order and one set of ids whatever came first, faults and their remedies, edits and undo. */
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { Calls, PairGiven, Studio } from "../../studio/api.ts";
import { createFakeStudio } from "../fake/fake-studio.ts";
import { alike } from "./pair-alike.ts";
import { storedItem } from "./pair-about.ts";
import { goodPairs } from "./selectors.ts";
import { createStudioStore, type StudioStore } from "./store.ts";
import { testDeps } from "./test-support.ts";
import type { NewPair } from "./studio-state.ts";

function newStore(): StudioStore {
  const studio = createFakeStudio({ pace: 0, failAt: null, noGpu: false, memory: null });
  return createStudioStore(testDeps(studio, { now: () => 0 }));
}

const print = (byte: number): string => byte.toString(16).padStart(2, "0").repeat(56);
function pair(source: string, caption: string, picture = source, more: Partial<NewPair> = {}): NewPair {
  const byte = [...picture].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 251, 7);
  const pixels = { side: 2, rgba: new Uint8ClampedArray(16).fill(byte) };
  const common = { pixels, whole: { width: 9, height: 9 }, likeness: print(byte), ...more };
  return { id: `hash-${picture}`, pictureHash: `hash-${picture}`, caption, source, ...common };
}
const shown = (store: StudioStore) =>
  store.getState().pairs.map(({ id, source, caption, fault }) => [id, source, caption, fault?.kind ?? null]);
const ids = (store: StudioStore) => store.getState().pairs.map(({ id }) => id);
const add = (store: StudioStore, ...pairs: NewPair[]) => store.getState().addPairs(pairs, []);

test("the order of dropping changes neither the pairs nor their order nor their ids", async () => {
  const all = [
    pair("b.png", "two"),
    pair("a.png", "one"),
    pair("z/b.png", "two", "b.png"),
    pair("set.zip/c.png", "", "c.png"),
    pair("c.png", "three"),
    pair("d.png", ""),
  ];
  const wanted = newStore();
  await add(wanted, ...all);
  expect(shown(wanted)).toEqual([
    ["hash-a.png", "a.png", "one", null],
    ["hash-b.png", "b.png", "two", null],
    ["hash-c.png", "c.png", "three", null],
    ["hash-d.png", "d.png", "", "caption"],
  ]);
  const drops = fc.tuple(fc.shuffledSubarray(all, { minLength: all.length }), fc.nat(all.length));
  await fc.assert(
    fc.asyncProperty(drops, async ([order, cut]) => {
      const store = newStore();
      await add(store, ...order.slice(0, cut));
      const before = ids(store);
      await add(store, ...order.slice(cut));
      expect(shown(store)).toEqual(shown(wanted));
      expect(ids(store)).toEqual(expect.arrayContaining(before));
    }),
  );
});

test("the same picture again is told; under another caption it is a twin, which one word settles", async () => {
  const store = newStore();
  await add(store, pair("a.png", "one"));
  const [first] = ids(store);
  store.getState().setCaption(first ?? "", "one, edited");
  expect(await add(store, pair("x/a.png", "one", "a.png"))).toEqual(["x/a.png"]);
  await add(store, pair("b.png", "another", "a.png"));
  expect(store.getState().pairs.map(({ caption }) => caption)).toEqual(["one, edited", "another"]);
  const twin = store.getState().pairs[1];
  expect(twin?.fault).toEqual({ kind: "twin", of: "a.png", exact: true });
  expect(goodPairs(store.getState())).toHaveLength(1);
  store.getState().setLeftOut(first ?? "", true);
  expect(store.getState().pairs[1]?.fault).toBeNull();
  store.getState().undo();
  store.getState().edit("keep", [twin?.id ?? ""], () => ({ accepted: ["twin"] }));
  expect(goodPairs(store.getState())).toHaveLength(2);
});

test("a near copy and too few pixels are told too", async () => {
  const store = newStore();
  const near = `${print(9).slice(0, 15)}8${print(9).slice(16, 110)}0c`;
  await add(
    store,
    pair("a.png", "one", "a", { likeness: print(9) }),
    pair("b.png", "two", "b", { likeness: near }),
    pair("c.png", "three", "c", { likeness: print(200), whole: { width: 1, height: 9 } }),
  );
  expect(store.getState().pairs.map(({ fault }) => fault)).toEqual([
    null,
    { kind: "twin", of: "a.png", exact: false },
    { kind: "small", needs: 2 },
  ]);
  expect([alike(print(0), print(255)), alike(print(9), print(9))]).toEqual([false, true]);
});

test("every edit is undone and done again, typing as one; what came in between stays", async () => {
  const store = newStore();
  await add(store, pair("a.png", "one"), pair("b.png", ""));
  const { setCaption, leaveOutFaulty, undo, redo, edit, setCrop } = store.getState();
  const [a, b] = ids(store) as [string, string];
  const captions = () => store.getState().pairs.map(({ caption }) => caption);
  for (const typed of ["one t", "one tw", "one two"]) setCaption(a, typed);
  leaveOutFaulty();
  edit("add words", [a, b], ({ caption }) => ({ caption: `x ${caption}` }));
  setCrop(a, { x: 1, y: 0, size: 4 }, { side: 2, rgba: new Uint8ClampedArray(16).fill(1) });
  expect(store.getState().past.map(({ words }) => words)).toEqual([
    "change a caption",
    "leave out a pair",
    "add words",
    "crop a picture",
  ]);
  await add(store, pair("c.png", "three"));
  const after = JSON.stringify(store.getState().pairs);
  for (let i = 0; i < 9; i++) undo();
  expect(captions()).toEqual(["one", "", "three"]);
  expect(store.getState().pairs.every(({ leftOut, box }) => !leftOut && box === null)).toBe(true);
  for (let i = 0; i < 9; i++) redo();
  expect(JSON.stringify(store.getState().pairs)).toBe(after);
  undo();
  setCaption(b, "new");
  expect(store.getState().future).toEqual([]);
});

test("pasted text: one line for the selected pair, several for those without a caption, in order", async () => {
  const store = newStore();
  await add(store, pair("a.png", "one"), pair("b.png", ""), pair("c.png", ""));
  store.getState().pasteCaptions("first\r\n\n second\0 \nthird");
  expect(store.getState().pairs.map(({ caption }) => caption)).toEqual(["one", "first", "second"]);
  store.getState().pasteCaptions("  alone ");
  expect(store.getState().pairs[0]?.caption).toBe("alone");
  store.getState().undo();
  store.getState().undo();
  expect(store.getState().pairs.map(({ caption }) => caption)).toEqual(["one", "", ""]);
});

test("pixels are sent once; then captions and crops are saved without those that the studio holds", async () => {
  const sent: (readonly PairGiven[])[] = [];
  const fake = createFakeStudio({ pace: 0, failAt: null, noGpu: false, memory: null });
  const call: Studio["call"] = (name, params, signal) => {
    if (name === "setPairs") sent.push((params as Calls["setPairs"]["params"]).pairs);
    return fake.call(name, params, signal);
  };
  const store = createStudioStore(testDeps({ call, onEvent: fake.onEvent }, { now: () => 0 }));
  const withPixels = () => sent.at(-1)?.flatMap((given) => ("rgba" in given ? [given.id] : []));
  await add(store, pair("a.png", "one"), pair("b.png", "two"));
  const [a, b] = ids(store) as [string, string];
  await store.getState().savePairs();
  expect(withPixels()).toEqual([a, b]);
  store.getState().setCaption(a, "another");
  await store.getState().savePairs();
  expect(withPixels()).toEqual([]);
  const crop = { side: 2, rgba: new Uint8ClampedArray(16).fill(1) };
  store.getState().setCrop(b, { x: 1, y: 0, size: 4 }, crop);
  await vi.waitFor(() => expect(store.getState().unsaved).toBe(false));
  expect(withPixels()).toEqual([b]);
  expect(await fake.call("pairPictures", { project: "test" })).toMatchObject([
    { id: a, caption: "another" },
    { id: b, rgba: crop.rgba },
  ]);
  // another tab has other pairs, so what was held is not there any more
  await fake.call("setPairs", { project: "test", pairs: [] });
  store.getState().setCaption(a, "yet another");
  await store.getState().savePairs();
  expect(sent.slice(-2).map((pairs) => pairs.filter((given) => "rgba" in given).length)).toEqual([0, 2]);
  expect(store.getState()).toMatchObject({ unsaved: false, problem: null });
});

test("what the studio keeps of a pair gives the same pair, and what it cannot know gives a plain one", async () => {
  const store = newStore();
  await add(store, pair("a.png", "one"), pair("b.png", "two", "a.png"));
  const [, twin] = store.getState().pairs;
  const box = { x: 0, y: 1, size: 3 };
  store.getState().setCrop(twin?.id ?? "", box, { side: 2, rgba: new Uint8ClampedArray(16) });
  store.getState().setLeftOut(twin?.id ?? "", true);
  const kept: unknown[] = [];
  const studio = {
    call: async (_: string, params: { pairs: object[] }) => {
      kept.push(...params.pairs);
      return { pairs: params.pairs.map((given) => ({ ...given, sha256: "" })) };
    },
    onEvent: () => () => undefined,
  };
  const deps = testDeps(studio as never, { now: () => 0 });
  const other = createStudioStore(deps);
  const pictures = store
    .getState()
    .pairs.map((item) => ({ ...item, picture: deps.pictures.keep({ side: 2, rgba: new Uint8ClampedArray(16) }) }));
  other.setState({ pairs: pictures, unsaved: true });
  await other.getState().savePairs();
  const plain = (items: readonly object[]) => items.map((item) => ({ ...item, picture: "", fault: null }));
  expect(plain(kept.map((item) => storedItem(item as never, deps)))).toEqual(plain(pictures));
  const old = storedItem({ id: "x", caption: "c", side: 2, rgba: new Uint8ClampedArray(16) }, deps);
  expect(old).toMatchObject({ source: "x", came: "c", leftOut: false, box: null, whole: null });
});
