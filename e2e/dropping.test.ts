/** @file The order of dropping decides nothing: the same files in another order give the same opponents and the same weights. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMetrics } from "../src/app/metrics.ts";
import { createPictures } from "../src/app/pictures.ts";
import { createStudioStore } from "../src/app/state/store.ts";
import type { NewPair } from "../src/app/state/studio-state.ts";
import { sha256 } from "../src/lib/sha256.ts";
import { memoryKeyValue } from "../src/storage/key-value.ts";
import type { PageEvent, Picture } from "../src/studio/api.ts";
import type { Engine } from "../src/studio/engine.ts";
import { never, project, side, started, trained, weightsOf } from "./nano-studio.ts";

/** A file as it is read: one picture for each letter. */
function file(source: string, letter: string, caption: string): NewPair {
  const byte = letter.charCodeAt(0);
  const rgba = Uint8ClampedArray.from({ length: side * side * 4 }, (_, k) => (k % 4 === 3 ? 255 : (k * byte) % 256));
  const hash = `hash-${letter}`;
  return { id: hash, pictureHash: hash, source, caption, pixels: { side, rgba }, whole: null, likeness: null };
}

const files = {
  cat: file("z/1.png", "a", "a cat"),
  dog: file("2.png", "d", "a dog"),
  // the same picture twice, under two captions that are both wanted
  owls: file("3.png", "c", "two owls"),
  birds: file("a/4.png", "c", "two birds"),
  bare: file("5.png", "b", ""),
};

interface Played {
  readonly opponents: readonly Picture[];
  readonly weights: string;
}

const kept = memoryKeyValue();
const events: PageEvent[] = [];
let engine: Engine;
beforeAll(async () => {
  engine = await started(kept, (event) => events.push(event));
}, 60_000);
afterAll(() => engine.dispose());

async function played(...drops: (readonly NewPair[])[]): Promise<Played> {
  await engine.handle("forget", { project }, never);
  events.length = 0;
  const store = createStudioStore({
    studio: { call: (name, params) => engine.handle(name, params, never), onEvent: () => () => undefined },
    project,
    source: { kind: "pocket", last: null },
    opened: null,
    enter: () => undefined,
    pictures: createPictures(),
    metrics: createMetrics(),
    now: () => 0,
    force: null,
    go: () => undefined,
  });
  for (const drop of drops) await store.getState().addPairs(drop, []);
  const { pairs, edit } = store.getState();
  edit(
    "keep",
    pairs.map(({ id }) => id),
    () => ({ accepted: ["twin"] }),
  );
  // its caption comes from a file of its own
  store
    .getState()
    .giveCaptions(pairs.filter(({ caption }) => caption === "").map(({ id }) => ({ id, caption: "a bat" })));
  await store.getState().savePairs();
  const node = await trained(engine, "base");
  const opponents = events.flatMap((event) => (event.kind === "picture" ? [event.picture] : []));
  return { opponents, weights: await sha256(await weightsOf(kept, node)) };
}

test("two droppings in different orders, and one in pieces: the same opponents, and the same sha256 of the weights", async () => {
  const { cat, dog, owls, birds, bare } = files;
  const first = await played([cat, dog, owls, birds, bare]);
  expect(first.opponents).toHaveLength(5);
  expect(await played([bare, birds, owls, dog, cat])).toEqual(first);
  // the captioned one after the bare one, and under other names
  const bat = { ...bare, caption: "a bat", source: "0.png" };
  expect(await played([{ ...owls, source: "9.png" }, bare], [bat], [birds, dog], [cat])).toEqual(first);
  expect((await played([cat, dog, owls, birds])).weights).not.toBe(first.weights);
}, 120_000);
