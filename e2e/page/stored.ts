/** @file What lies in the page's IndexedDB, read and spoilt past the studio: as a person would in the browser's console. */
import { expect, type Page } from "@playwright/test";

export interface Stored {
  /** of the checkpoints that count, oldest first */
  readonly steps: readonly number[];
  /** what of these is missing or has other bytes than its manifest says */
  readonly damaged: readonly string[];
  /** parts, manifests, reports and pictures that nothing names */
  readonly orphans: readonly string[];
}

type Done = <T>(request: IDBRequest<T>) => Promise<T>;

/** Runs in the page, in one transaction: all is as it stood at one moment. `work` sees nothing but what it is given. */
export function inStore<T, G = null>(
  page: Page,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore, done: Done, given: G) => Promise<T>,
  given?: G,
): Promise<T> {
  const open = async (
    inside: (store: IDBObjectStore, done: Done, given: unknown) => Promise<T>,
    [how, what]: readonly [IDBTransactionMode, unknown],
  ): Promise<T> => {
    const done: Done = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error as DOMException);
      });
    const db = await done(indexedDB.open("spin-studio"));
    try {
      return await inside(db.transaction("keyval", how).objectStore("keyval"), done, what);
    } finally {
      db.close();
    }
  };
  return page.evaluate<T>(`(${open.toString()})(${work.toString()}, ${JSON.stringify([mode, given ?? null])})`);
}

export interface Finished {
  readonly iteration: number;
  readonly steps: number;
  /** sha256 of the parts of the weights */
  readonly weights: readonly string[];
}

/** All finished iterations, in the order in which they were grown. */
export function finished(page: Page): Promise<readonly Finished[]> {
  return inStore(page, "readonly", async (store, done) => {
    type File = { name: string; parts: { sha256: string }[] };
    type Manifest = { node: { number: number; iteration: number }; step: number; complete: boolean; files: File[] };
    const manifests = (await done(store.getAll(IDBKeyRange.bound("manifest/", "manifest/~")))) as Manifest[];
    return manifests
      .filter(({ complete }) => complete)
      .sort((a, b) => a.node.number - b.node.number)
      .map(({ node, step, files }) => {
        const weights = files.find(({ name }) => name === "weights.safetensors");
        return {
          iteration: node.iteration,
          steps: step,
          weights: (weights?.parts ?? []).map(({ sha256 }) => sha256),
        };
      });
  });
}

/** Opens a page of the studio's origin in which no studio runs. */
export async function openInert(page: Page, origin: string): Promise<void> {
  await page.route("**/inert", (route) => route.fulfill({ contentType: "text/html", body: "<title>inert</title>" }));
  await page.goto(`${origin}/inert`);
}

/** By its own code, not the studio's. */
export async function readStored(page: Page): Promise<Stored> {
  return inStore(page, "readonly", async (store, done) => {
    const keys = (await done(store.getAllKeys())) as string[];
    const values = await done(store.getAll());
    const all = new Map<string, unknown>(keys.map((key, at) => [key, values[at]]));
    type Part = { key: string; bytes: number; sha256: string };
    type Manifest = { files: { name: string; parts: Part[] }[] };
    type Head = { entries: { uuid: string; node: string; step: number }[] };
    const head = all.get(keys.find((key) => key.startsWith("head/")) ?? "") as Head | undefined;
    const entries = head?.entries ?? [];
    const damaged: string[] = [];
    const named = new Set<string>();
    for (const { uuid, step } of entries) {
      const key = keys.find((each) => each.startsWith("manifest/") && each.endsWith(uuid));
      const manifest = all.get(key ?? "") as Manifest | undefined;
      if (!key || !manifest) damaged.push(`step ${step}: no manifest`);
      named.add(key ?? "");
      for (const { name, parts } of manifest?.files ?? [])
        for (const part of parts) {
          named.add(part.key);
          const bytes = all.get(part.key) as Uint8Array<ArrayBuffer> | undefined;
          const hash = bytes && new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
          const hex = hash && [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
          if (hex !== part.sha256) damaged.push(`step ${step}: ${name}`);
        }
    }
    const nodes = new Set(keys.filter((key) => key.startsWith("node/")).map((key) => key.split("/")[2]));
    const orphans = keys.filter((key) => {
      const [kind, , node] = key.split("/");
      if (kind === "part" || kind === "manifest") return !named.has(key);
      return (kind === "reports" || kind === "picture") && !nodes.has(node);
    });
    return { steps: entries.map(({ step }) => step), damaged, orphans };
  });
}

/** The studio collects what a crash left behind when it starts. */
export async function expectTidy(page: Page): Promise<void> {
  await expect.poll(async () => (await readStored(page)).orphans).toEqual([]);
}

export type Harm = "bit flipped" | "part gone" | "manifest gone" | "older schema" | "newer schema" | "head gone";

/** Does it to the newest checkpoint that counts, or to the list of them. `mend` takes it back, also after the page went elsewhere. */
export async function spoil(page: Page, harm: Harm): Promise<void> {
  const work = async (store: IDBObjectStore, done: Done, how: Harm): Promise<void> => {
    const keys = (await done(store.getAllKeys())) as string[];
    const head = keys.find((key) => key.startsWith("head/")) as string;
    const { entries } = (await done(store.get(head))) as { entries: { uuid: string }[] };
    const { uuid } = entries.at(-1) as { uuid: string };
    const manifest = keys.find((key) => key.startsWith("manifest/") && key.endsWith(uuid)) as string;
    type Manifest = { files: { name: string; parts: { key: string }[] }[] };
    const { files } = (await done(store.get(manifest))) as Manifest;
    const part = files.find(({ name }) => name === "weights.safetensors")?.parts[0]?.key as string;
    const key = how === "head gone" ? head : how.startsWith("bit") || how.startsWith("part") ? part : manifest;
    const value: unknown = await done(store.get(key));
    await done(store.put([key, value], "aside"));
    if (how.endsWith("gone")) await done(store.delete(key));
    else if (how.endsWith("schema")) {
      const schema = how === "newer schema" ? 3 : 0;
      await done(store.put({ ...(value as Manifest), schema }, key));
    } else {
      const bytes = (value as Uint8Array).slice();
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
      await done(store.put(bytes, key));
    }
  };
  await inStore(page, "readwrite", work, harm);
}

export async function mend(page: Page): Promise<void> {
  await inStore(page, "readwrite", async (store, done) => {
    const [key, value] = (await done(store.get("aside"))) as [string, unknown];
    await done(store.put(value, key));
    await done(store.delete("aside"));
  });
}
