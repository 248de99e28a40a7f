/** @file A project out as one zip and in again: the same bytes, and what is damaged or hostile. */
import { unzipSync, zipSync } from "fflate";
import { afterAll, beforeAll, expect, it } from "vitest";
import { nanoFiles } from "../../e2e/nano-model.ts";
import { grow, never, pairs, project, setPairs, spin, started, trained, weightsOf } from "../../e2e/nano-studio.ts";
import { parseSafetensors } from "../artifacts/safetensors.ts";
import { sha256 } from "../lib/sha256.ts";
import { loadNewest } from "../storage/checkpoints.ts";
import { type KeyValue, memoryKeyValue } from "../storage/key-value.ts";
import { readPairs } from "../storage/projects.ts";
import { atEveryWrite } from "../storage/test-support.ts";
import { purge, readTree } from "../storage/tree.ts";
import type { Engine } from "./engine.ts";
import { importProject } from "./import-project.ts";

const store = memoryKeyValue();
let engine: Engine;
let [one, two, begun]: string[] = [];
let zip: Uint8Array<ArrayBuffer>;

const open = async (into: KeyValue, bytes: Uint8Array<ArrayBuffer>) => {
  const other = await started(into);
  const state = await other.handle("importProject", { project, bytes }, never);
  return { other, state };
};
/** The same zip with one member changed. */
const changed = (name: string, change: (bytes: Uint8Array) => Uint8Array): Uint8Array<ArrayBuffer> => {
  const files: Record<string, Uint8Array> = unzipSync(zip);
  files[name] = change(files[name] as Uint8Array);
  return zipSync(files, { level: 0 });
};
const flipped = (bytes: Uint8Array) => bytes.map((byte, i) => (i === bytes.length - 9 ? byte ^ 1 : byte));

beforeAll(async () => {
  engine = await started(store, (event, self) => {
    if (event.kind === "step" && event.node === begun && event.report.step === 2) void self.handle("pause", {}, never);
  });
  await setPairs(engine);
  one = await trained(engine, "base");
  two = await trained(engine, one);
  begun = (await grow(engine, two, one)).id;
  await spin(engine, begun);
  const vote = { a: "base", b: two, prompt: "a cat", seed: 1, side: "left", choice: "b", at: "2026-11-24" } as const;
  await engine.handle("addVote", { project, vote }, never);
  const notes = {
    compare: { hidden: [one], prompts: ['a "cat"'] },
    scores: { nodes: { base: [], [two]: [{ x: 1 }] } },
  };
  for (const [name, value] of Object.entries(notes)) await engine.handle("writeNote", { project, name, value }, never);
  zip = (await engine.handle("exportProject", { project }, never)).bytes;
}, 120_000);
afterAll(() => engine.dispose());

it("comes back with the same weights, pictures, curves, votes and notes, and goes on to the same bytes", async () => {
  const into = memoryKeyValue();
  const { other, state } = await open(into, zip);
  expect(state.damaged).toEqual([]);
  const [first, second, third] = state.nodes;
  expect(state.nodes).toMatchObject([
    { parent: "base", state: "kept", step: 4 },
    { parent: first?.id, opponent: first?.id, state: "kept" },
    { parent: second?.id, opponent: first?.id, state: "begun", step: 2 },
  ]);
  expect(state.nodes.map(({ id }) => id)).not.toContain(one);
  expect(await weightsOf(into, first?.id as string)).toEqual(await weightsOf(store, one as string));
  expect(await weightsOf(into, second?.id as string)).toEqual(await weightsOf(store, two as string));
  expect(await other.handle("pairPictures", { project }, never)).toMatchObject(pairs);
  const before = await engine.handle("project", { project }, never);
  expect(Object.values(state.reports)).toHaveLength(3);
  expect(state.reports[second?.id as string]).toEqual(before.reports[two as string]);
  expect(await other.handle("votes", { project }, never)).toMatchObject([{ a: "base", b: second?.id, choice: "b" }]);
  const note = (name: string) => other.handle("readNote", { project, name }, never);
  expect(await note("compare")).toEqual({ hidden: [first?.id], prompts: ['a "cat"'] });
  expect(await note("scores")).toEqual({ nodes: { base: [], [second?.id as string]: [{ x: 1 }] } });
  expect(await spin(other, third?.id as string)).toBe("kept");
  expect(await spin(engine, begun as string)).toBe("kept");
  expect(await weightsOf(into, third?.id as string)).toEqual(await weightsOf(store, begun as string));
  await other.dispose();
}, 120_000);

it("names what is damaged, and keeps the rest", async () => {
  const weights = `checkpoints/${one}/weights.safetensors`;
  const { other, state } = await open(memoryKeyValue(), changed(weights, flipped));
  expect(state.damaged).toEqual(["The checkpoint of SPIN 1 is damaged in the file and was left out."]);
  expect(state.nodes).toMatchObject([{ state: "gone" }, { state: "kept" }, { state: "begun" }]);
  await other.dispose();
  const picture = await open(memoryKeyValue(), changed("pairs/0002.png", flipped));
  expect(picture.state.damaged).toEqual(['The picture of "a dog" is damaged in the file and was left out.']);
  expect(picture.state.pairs.map(({ caption }) => caption)).toEqual(["a cat", "two owls"]);
  await picture.other.dispose();
  const notes = await open(memoryKeyValue(), changed("notes.json", flipped));
  expect(notes.state.damaged).toEqual(["What the screens remember is damaged in the file and was left out."]);
  expect(await notes.other.handle("readNote", { project, name: "compare" }, never)).toBeNull();
  await notes.other.dispose();
}, 120_000);

it("refuses what is no project, and leaves what is there alone", async () => {
  const before = await store.keys();
  const json = (value: unknown) => zipSync({ "project.json": new TextEncoder().encode(JSON.stringify(value)) });
  const cases: readonly [Uint8Array<ArrayBuffer>, RegExp][] = [
    [Uint8Array.of(1, 2, 3), /not a zip/],
    [zip.slice(0, zip.length / 2), /not a zip, or it was cut off/],
    [zipSync({ "a.txt": Uint8Array.of(1) }), /without a readable project.json/],
    [zipSync({ "project.json": Uint8Array.of(0xff, 1) }), /project.json is damaged/],
    [json({ schema: 2 }), /a newer version of the studio wrote it/],
    [json({ schema: 1 }), /not as the studio writes it/],
    [changed("project.json", () => new Uint8Array(64 * 2 ** 20)), /without a readable project.json|damaged/],
  ];
  for (const [bytes, message] of cases)
    await expect(engine.handle("importProject", { project, bytes }, never)).rejects.toThrow(message);
  expect(await store.keys()).toEqual(before);
});

/** The same project, its project.json changed by someone who also has the hashes right. */
const rewritten = async (change: (told: Told) => void, others: Record<string, Uint8Array> = {}) => {
  const files: Record<string, Uint8Array> = unzipSync(zip);
  const told = JSON.parse(new TextDecoder().decode(files["project.json"])) as Told;
  for (const [name, bytes] of Object.entries(others)) {
    files[name] = bytes;
    told.files[name] = { bytes: bytes.length, sha256: await sha256(bytes) };
  }
  change(told);
  const json = JSON.stringify(told).replaceAll('"1e999"', "1e999");
  return zipSync({ ...files, "project.json": new TextEncoder().encode(json) }, { level: 6 });
};
type Loose = Record<string, unknown>;
type Told = { pairs: Loose[]; nodes: (Loose & { settings: Loose })[]; files: Loose };

it("refuses numbers, names and trees that would hang or break the page, and leaves what is there alone", async () => {
  const before = await store.keys();
  const cases: readonly [string, (told: Told, node: Told["nodes"][number]) => void][] = [
    ["a node that is its own parent", (_, node) => (node["parent"] = node["id"])],
    ["a ring of parents", (told, node) => (node["parent"] = told.nodes[1]?.["id"])],
    ["a ring of opponents", (told, node) => (node["opponent"] = told.nodes[2]?.["id"])],
    ["two nodes with one id", (told, node) => (node["id"] = told.nodes[1]?.["id"])],
    ["a node called base", (_, node) => (node["id"] = "base")],
    ["an id that is a path", (_, node) => (node["id"] = "../head")],
    ["a name of two pages", (_, node) => (node["name"] = "x".repeat(2000))],
    ["infinitely many steps", (_, node) => (node.settings["steps"] = "1e999")],
    ["steps in words", (_, node) => (node.settings["steps"] = "many")],
    ["settings in settings", (_, node) => (node.settings["more"] = {})],
    ["half an iteration", (_, node) => (node["iteration"] = 0.5)],
    ["a picture of a billion pixels a side", (told) => ((told.pairs[0] as Loose)["side"] = 1e9)],
    ["two pairs with one id", (told) => ((told.pairs[0] as Loose)["id"] = told.pairs[1]?.["id"])],
    ["a caption that is a book", (told) => ((told.pairs[0] as Loose)["caption"] = "x".repeat(10_001))],
  ];
  const said: string[] = [];
  for (const [name, change] of cases) {
    const bytes = await rewritten((told) => change(told, told.nodes[0] as Told["nodes"][number]));
    const words = await engine.handle("importProject", { project, bytes }, never).then(
      () => "opened",
      (error: Error) => error.message,
    );
    said.push(`${name}: ${words}`);
  }
  const refused = "The project was not opened: project.json is not as the studio writes it.";
  expect(said).toEqual(cases.map(([name]) => `${name}: ${refused}`));
  expect(await store.keys()).toEqual(before);
}, 120_000);

it("calls a node as renaming would, whoever wrote the file", async () => {
  const names = ["👩‍👩‍👧 family", "\u202Ecod.exe\u2066", "\u200F", "x".repeat(100)];
  const opened: (string | null | undefined)[] = [];
  const typed: (string | null)[] = [];
  for (const name of names) {
    const bytes = await rewritten((told) => ((told.nodes[0] as Loose)["name"] = name));
    const { other, state } = await open(memoryKeyValue(), bytes);
    opened.push(state.nodes[0]?.name);
    const node = state.nodes[0]?.id as string;
    typed.push((await other.handle("renameNode", { project, node, name }, never)).name);
    await other.dispose();
  }
  expect(opened).toEqual(["👩‍👩‍👧 family", "cod.exe", null, "x".repeat(80)]);
  expect(typed).toEqual(opened);
}, 120_000);

it("leaves out, and names, members that are not what they should be although their hashes are right", async () => {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value).replaceAll('"1e999"', "1e999"));
  const report = { step: 1, of: 4, loss: "<img src=x onerror=alert(1)>" };
  const vote = { id: "v", a: "base", b: two, prompt: "p", seed: "1e999", side: "left", choice: "a", at: "2026" };
  const bytes = await rewritten(
    (told) => {
      (told.pairs[1] as Loose)["file"] = "../../etc/passwd";
      (told.pairs[2] as Loose)["file"] = "__proto__";
    },
    {
      "pairs/0001.png": new Uint8Array(300), // no picture at all
      [`reports/${one}.json`]: json([report]),
      "votes.jsonl": json(vote),
      "../../etc/passwd": Uint8Array.of(1),
    },
  );
  const { other, state } = await open(memoryKeyValue(), bytes);
  expect([...state.damaged].sort()).toEqual([
    "A vote is damaged in the file and was left out.",
    "The curve of SPIN 1 is damaged in the file and was left out.",
    'The picture of "a cat" is damaged in the file and was left out.',
    'The picture of "a dog" is damaged in the file and was left out.',
    'The picture of "two owls" is damaged in the file and was left out.',
  ]);
  expect(state.nodes.map(({ state: is }) => is)).toEqual(["kept", "kept", "begun"]);
  expect(({} as Loose)["polluted"]).toBeUndefined();
  await other.dispose();
}, 120_000);

it("a project.json that unpacks to more than it may is not unpacked", async () => {
  // as well packed as the zip's own limit lets through
  const noise = Uint8Array.from({ length: 2 ** 20 }, (_, i) => (i % 64 === 0 ? Math.imul(i, 2654435761) >>> 24 : 0));
  const text = new Uint8Array(65 * 2 ** 20);
  for (let at = 0; at < text.length; at += noise.length) text.set(noise, at);
  const bomb = zipSync({ "project.json": text }, { level: 1 });
  await expect(engine.handle("importProject", { project, bytes: bomb }, never)).rejects.toThrow(
    /without a readable project.json/,
  );
});

it.each(["before", "after"] as const)("a fault %s any write leaves the old project or the new one", async (when) => {
  const old = async (): Promise<KeyValue> => {
    const inner = memoryKeyValue();
    await importProject(inner, project, changed("pairs/0001.png", flipped));
    return inner;
  };
  const outcomes: number[] = [];
  const left = new Set<number>();
  const writes = await atEveryWrite(
    old,
    (faulty) => importProject(faulty, project, zip),
    when,
    async (inner) => {
      const { damaged, nodes } = await readTree(inner, project, new Set());
      expect(damaged).toEqual([]);
      expect(nodes.map(({ newest }) => newest?.step)).toEqual([4, 4, 2]);
      for (const { node } of nodes) {
        const { loaded, damaged: found } = await loadNewest(inner, project, (entry) => entry.node === node.id);
        expect([loaded?.entry.step, found]).toEqual([node.number === 3 ? 2 : 4, []]);
      }
      outcomes.push((await readPairs(inner, project)).length);
      // what was written and is named by nothing goes at the next start
      await purge(inner, project, null);
      left.add((await inner.keys()).length);
    },
  );
  const whole = [await old(), await old()] as const;
  await importProject(whole[1], project, zip);
  const sizes = await Promise.all(whole.map(async (each) => (await each.keys()).length));
  expect(left).toEqual(new Set(when === "after" ? sizes : sizes.slice(0, 1)));
  expect(writes).toBeGreaterThan(10);
  // the last write names everything
  expect(outcomes).toEqual(Array.from({ length: writes }, (_, i) => (i === writes - 1 && when === "after" ? 3 : 2)));
}, 240_000);

it("a node's files: the UNet's weights in diffusers' names, the checkpoint as it is kept; a LoRA only where there is one", async () => {
  const file = (what: "lora" | "weights" | "checkpoint") =>
    engine.handle("exportNode", { project, node: two as string, what }, never);
  const weights = await file("weights");
  expect(weights.name).toBe("spin-2-unet.safetensors");
  const names = (bytes: Uint8Array) => [...parseSafetensors(bytes).tensors].map(([name, t]) => [name, t.shape.join()]);
  const whole = [...nanoFiles()].find(([path]) => path === "unet/diffusion_pytorch_model.safetensors")?.[1];
  expect(new Map(names(weights.bytes) as [string, string][])).toEqual(
    new Map(names(whole as Uint8Array) as [string, string][]),
  );
  const kept = unzipSync((await file("checkpoint")).bytes);
  expect(Object.keys(kept).sort()).toEqual(["state.json", "weights.safetensors"]);
  expect(await sha256(kept["weights.safetensors"] as Uint8Array)).toBe(
    await sha256(await weightsOf(store, two as string)),
  );
  expect(weights.bytes).toEqual(await weightsOf(store, two as string));
  await expect(file("lora")).rejects.toThrow("SPIN 2 was trained whole, so it is no LoRA.");
});

it("votes are kept one by one, and the last can be taken back", async () => {
  const add = (choice: "tie" | "skip") =>
    engine.handle(
      "addVote",
      {
        project,
        vote: { a: one as string, b: "base", prompt: "p", seed: 2, side: "right", choice, at: `2027-${choice}` },
      },
      never,
    );
  const skip = await add("skip");
  await add("tie");
  await engine.handle("dropVote", { project, id: skip.id }, never);
  const votes = await engine.handle("votes", { project }, never);
  expect(votes.map(({ choice }) => choice)).toEqual(["b", "tie"]);
});
