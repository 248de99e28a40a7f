/**
 * @file Models of the hub in the browser's own file system: hub/KEY/TITLE/ has the model's files, as they are picked from a disk, and
 * hub/KEY/download.json what they are to be and which of them were checked. In a worker only: there alone files are written in place.
 */
import type { ShelvedPart, Shelf } from "../hub/download-model.ts";
import type { HubFile } from "../hub/listing.ts";
import type { Found } from "../hub/look.ts";
import { StudioError } from "../lib/errors.ts";
import { SerialQueue } from "../lib/queue.ts";
import { sha256 } from "../lib/sha256.ts";
import type { HubModel } from "./hub-api.ts";

const ROOT = "hub";
const MANIFEST = "download.json";
const VERSION = 1;
const SHORT = 16;

interface Manifest {
  readonly version: typeof VERSION;
  readonly found: Found;
  /** paths of files that were checked */
  readonly whole: readonly string[];
  /** by path: of the answer that a part began with */
  readonly etags: { readonly [path: string]: string };
}

/** As much of it as is used; the page's types have it not, for only workers have it. */
interface SyncAccess {
  getSize(): number;
  read(into: Uint8Array, options: { readonly at: number }): number;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

/** The same files of the same commit have the same key. */
export async function keyOf({ repo, commit, files }: Found): Promise<string> {
  const named = JSON.stringify([repo, commit, ...files.map(({ path }) => path)]);
  return (await sha256(new TextEncoder().encode(named))).slice(0, SHORT);
}

async function root(): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(ROOT, { create: true });
}

/** What is kept of this model; begins with it where nothing is. */
export async function openShelf(key: string, found: Found | null): Promise<HubShelf> {
  const home = await (await root()).getDirectoryHandle(key, { create: found !== null });
  const kept = await readManifest(home);
  const manifest = kept ?? (found && { version: VERSION, found, whole: [], etags: {} });
  if (manifest === null)
    throw new StudioError("hub-missing", "Of this model nothing is kept in this browser.", "Look it up again.");
  const shelf = new HubShelf(key, home, manifest);
  await shelf.measure();
  return shelf;
}

export async function keptModels(): Promise<readonly HubModel[]> {
  const models: HubModel[] = [];
  for await (const [key, entry] of (await root()).entries()) {
    if (entry.kind !== "directory" || (await readManifest(entry)) === null) continue;
    models.push((await openShelf(key, null)).model());
  }
  return models.sort((a, b) => (a.title < b.title ? -1 : 1));
}

export async function dropModel(key: string): Promise<void> {
  try {
    await (await root()).removeEntry(key, { recursive: true });
  } catch (error) {
    if (isNamed(error, "NotFoundError")) return;
    throw inUse();
  }
}

async function readManifest(home: FileSystemDirectoryHandle): Promise<Manifest | null> {
  try {
    const text = await (await (await home.getFileHandle(MANIFEST)).getFile()).text();
    const manifest = JSON.parse(text) as Manifest;
    return manifest.version === VERSION ? manifest : null;
  } catch {
    return null;
  }
}

/** What there is before anything was downloaded. */
export function modelOf(key: string, found: Found, here = 0, whole = false): HubModel {
  const { repo, revision, commit, title } = found;
  const files = found.files.map(({ path, size }) => ({ path: path.slice(found.root.length), size }));
  return {
    key,
    repo,
    revision,
    commit,
    title,
    files,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    here,
    whole,
  };
}

export class HubShelf implements Shelf {
  readonly #key: string;
  readonly #home: FileSystemDirectoryHandle;
  #manifest: Manifest;
  readonly #sizes = new Map<string, number>();
  readonly #writes = new SerialQueue();

  constructor(key: string, home: FileSystemDirectoryHandle, manifest: Manifest) {
    this.#key = key;
    this.#home = home;
    this.#manifest = manifest;
  }

  get found(): Found {
    return this.#manifest.found;
  }

  /** Looks at the files themselves: a checked one that is gone, or shorter, is to be downloaded again. */
  async measure(): Promise<void> {
    for (const file of this.found.files) {
      try {
        this.#sizes.set(file.path, (await (await this.#handle(file, false)).getFile()).size);
      } catch {
        this.#sizes.delete(file.path);
      }
    }
  }

  model(): HubModel {
    const { found } = this;
    const here = found.files.reduce((sum, file) => sum + this.bytes(file), 0);
    return modelOf(
      this.#key,
      found,
      here,
      found.files.every((file) => this.isWhole(file)),
    );
  }

  bytes({ path }: HubFile): number {
    return this.#sizes.get(path) ?? 0;
  }

  isWhole(file: HubFile): boolean {
    return this.#manifest.whole.includes(file.path) && this.#sizes.get(file.path) === file.size;
  }

  async part(file: HubFile): Promise<ShelvedPart> {
    const access = await accessTo(await this.#handle(file, true));
    const part = new StoredPart(access, this.#manifest.etags[file.path] ?? null, async (etag, whole) => {
      const etags = { ...this.#manifest.etags, ...(etag === null ? {} : { [file.path]: etag }) };
      const checked = this.#manifest.whole.filter((path) => path !== file.path);
      await this.#write({ ...this.#manifest, etags, whole: whole ? [...checked, file.path] : checked });
    });
    try {
      // what a part is of stands there before its bytes do
      await this.#write(this.#manifest);
    } catch (error) {
      access.close();
      throw error;
    }
    return part;
  }

  async #handle({ path }: HubFile, create: boolean): Promise<FileSystemFileHandle> {
    const parts = [this.found.title, ...path.slice(this.found.root.length).split("/")];
    const name = parts.pop() ?? path;
    let folder = this.#home;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create });
    return folder.getFileHandle(name, { create });
  }

  #write(manifest: Manifest): Promise<void> {
    this.#manifest = manifest;
    return this.#writes.run(async () => {
      try {
        const file = await (await this.#home.getFileHandle(MANIFEST, { create: true })).createWritable();
        await file.write(JSON.stringify(manifest));
        await file.close();
      } catch (error) {
        throw inWords(error);
      }
    });
  }
}

async function accessTo(handle: FileSystemFileHandle): Promise<SyncAccess> {
  try {
    return await (handle as unknown as { createSyncAccessHandle(): Promise<SyncAccess> }).createSyncAccessHandle();
  } catch (error) {
    throw isNamed(error, "NoModificationAllowedError") ? inUse() : error;
  }
}

class StoredPart implements ShelvedPart {
  readonly #access: SyncAccess;
  readonly #kept: (etag: string | null, whole: boolean) => Promise<void>;
  #size: number;
  #etag: string | null;

  constructor(access: SyncAccess, etag: string | null, kept: (etag: string | null, whole: boolean) => Promise<void>) {
    this.#access = access;
    this.#kept = kept;
    this.#size = access.getSize();
    this.#etag = etag;
  }

  get etag(): string | null {
    return this.#etag;
  }

  /** Kept at once: a tab that is closed has no time for it. */
  set etag(etag: string | null) {
    this.#etag = etag;
    if (etag !== null) void this.#kept(etag, false).catch(() => undefined);
  }

  size(): number {
    return this.#size;
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.#size - offset)));
    return bytes.subarray(0, this.#access.read(bytes, { at: offset }));
  }

  append(bytes: Uint8Array): void {
    try {
      const written = this.#access.write(bytes, { at: this.#size });
      this.#size += written;
      if (written < bytes.length) throw full();
    } catch (error) {
      throw inWords(error);
    }
  }

  clear(): void {
    this.#access.truncate(0);
    this.#size = 0;
  }

  async close(whole: boolean): Promise<void> {
    this.#access.flush();
    this.#access.close();
    await this.#kept(this.#etag, whole);
  }
}

/** What the browser says when it is full, wherever it says so, in words. */
export function inWords(error: unknown): unknown {
  return isNamed(error, "QuotaExceededError") ? full() : error;
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}

const full = (): StudioError =>
  new StudioError(
    "storage-full",
    "The browser has no room for more of this model.",
    "What has arrived is kept. Free space on the disk, or delete other models or iterations here, then go on.",
  );

const inUse = (): StudioError =>
  new StudioError(
    "busy",
    "Another tab of this page downloads this model.",
    "Its part is safe. Look there, or close that tab.",
  );
