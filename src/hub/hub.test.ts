/** @file The hub met through a local server that misbehaves: what is glued together is whole, and every fault has its sentence. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { COMMIT, type HubServer, OTHER_COMMIT, startHub } from "../../e2e/hub-server.ts";
import { nanoFiles } from "../../e2e/nano-model.ts";
import { StudioError } from "../lib/errors.ts";
import type { Door, DoorNews } from "./door.ts";
import { downloadFile, type Part } from "./download.ts";
import type { HubFile, Listing } from "./listing.ts";
import { lookUp } from "./look.ts";

const WEIGHTS = "unet/diffusion_pytorch_model.safetensors";
const SMALL = "unet/config.json";
const files = new Map([
  ...nanoFiles(2),
  ["unet/diffusion_pytorch_model.bin", new Uint8Array(9)],
  ["README.md", new Uint8Array(5)],
]);
const bytes = files.get(WEIGHTS) as Uint8Array;
const HALF = Math.floor(bytes.length / 2);

let server: HubServer;
let listing: Listing;
let news: DoorNews[] = [];

beforeAll(async () => {
  server = await startHub({ repo: "ann/nano", files, filesAt: (port) => `http://localhost:${port}` });
  listing = await lookUp(door(), "ann/nano", never);
});
afterAll(() => server.close());
beforeEach(() => {
  server.manners = () => undefined;
  server.asked.length = 0;
  news = [];
});

const never = new AbortController().signal;

function door(part: Partial<Door> = {}): Door {
  const origin = `http://127.0.0.1:${server.port}`;
  return {
    fetch,
    origin,
    trusts: (url) => [origin, `http://localhost:${server.port}`].includes(new URL(url).origin),
    wasBlocked: async () => false,
    silenceMs: 10_000,
    wait: async (_, signal) => signal.throwIfAborted(),
    told: (one) => news.push(one),
    ...part,
  };
}

interface MemoryPart extends Part {
  bytes: Uint8Array<ArrayBuffer>;
}

function memoryPart(held: Uint8Array = new Uint8Array(), etag: string | null = null): MemoryPart {
  const part: MemoryPart = {
    bytes: new Uint8Array(held),
    etag,
    size: () => part.bytes.length,
    read: (offset, length) => part.bytes.slice(offset, offset + length),
    append: (more) => {
      const longer = new Uint8Array(part.bytes.length + more.length);
      longer.set(part.bytes);
      longer.set(more, part.bytes.length);
      part.bytes = longer;
    },
    clear: () => (part.bytes = new Uint8Array()),
  };
  return part;
}

const fileOf = (path: string): HubFile => listing.files.find((file) => file.path === path) as HubFile;
const download = (part: Part, path = WEIGHTS, signal = never, through = door()): Promise<void> =>
  downloadFile(through, listing, fileOf(path), part, () => undefined, signal);
const hashOf = (contents: Uint8Array): string => createHash("sha256").update(contents).digest("hex");
const etagOf = (contents: Uint8Array): string => `"${hashOf(contents)}"`;
const ranges = (): (string | null)[] => server.asked.map(({ range }) => range);
const waits = (): number[] => news.flatMap((one) => (one.kind === "waiting" ? one.milliseconds : []));

async function troubleOf(work: Promise<unknown>): Promise<StudioError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StudioError);
  return error as StudioError;
}

test("a name becomes a commit and the files that the studio reads; no pickle, and nothing but lists and headers is fetched", async () => {
  const found = await lookUp(door(), "ann/nano@main", never);
  expect(found).toMatchObject({ repo: "ann/nano", commit: COMMIT, revision: "main", title: "nano", root: "" });
  expect(found.files.map(({ path }) => path).sort()).toEqual([...nanoFiles(2).keys()].sort());
  const ofWeights = server.asked.filter(({ path }) => path.endsWith(".safetensors")).map(({ range }) => String(range));
  expect(ofWeights.length).toBeGreaterThan(3);
  expect(ofWeights.filter((range) => !/^bytes=(0-\d{1,4}|8-\d+)$/.test(range))).toEqual([]);
});

test("a file comes whole, checked by its hash: large ones by SHA-256, small ones by git's", async () => {
  for (const path of [WEIGHTS, SMALL]) {
    const part = memoryPart();
    await download(part, path);
    expect(hashOf(part.bytes)).toBe(hashOf(files.get(path) as Uint8Array));
  }
  expect(ranges()).toEqual([null, null]);
});

test("what broke off, here or in an earlier visit, goes on where it stands", async () => {
  server.manners = ({ before }) => (before < 2 ? { cutAfter: 1000 } : undefined);
  const part = memoryPart(bytes.subarray(0, 10), etagOf(bytes));
  await download(part);
  expect(hashOf(part.bytes)).toBe(hashOf(bytes));
  expect(ranges()).toEqual(["bytes=10-", "bytes=1010-", "bytes=2010-"]);
});

test("a server that knows no ranges, or another place than asked for: nothing is glued together", async () => {
  server.manners = () => ({ noRanges: true });
  const whole = memoryPart(bytes.subarray(0, HALF));
  await download(whole);
  expect(hashOf(whole.bytes)).toBe(hashOf(bytes));

  server.manners = ({ before }) =>
    before === 1 ? { headers: { "Content-Range": `bytes 0-9/${bytes.length}` } } : undefined;
  const part = memoryPart(bytes.subarray(0, HALF));
  await download(part);
  expect(hashOf(part.bytes)).toBe(hashOf(bytes));
  expect(ranges().slice(1)).toEqual([`bytes=${HALF}-`, `bytes=${HALF}-`]);
});

test("a part of another file, told by its ETag or by its bytes, is given up and begun anew", async () => {
  const other = memoryPart(new Uint8Array(HALF), '"of another file"');
  await download(other);
  expect(hashOf(other.bytes)).toBe(hashOf(bytes));
  expect(ranges()).toEqual([`bytes=${HALF}-`, null]);

  const damaged = memoryPart(new Uint8Array(HALF), etagOf(bytes));
  await download(damaged);
  expect(hashOf(damaged.bytes)).toBe(hashOf(bytes));
  const tooLong = memoryPart(new Uint8Array(bytes.length + 1));
  await download(tooLong);
  expect(hashOf(tooLong.bytes)).toBe(hashOf(bytes));
});

test("bytes that are not those of the hash are deleted and told, large file or small", async () => {
  for (const path of [WEIGHTS, SMALL]) {
    const contents = new Uint8Array(files.get(path) as Uint8Array);
    contents[5] = (contents[5] as number) ^ 1;
    server.manners = () => ({ contents });
    const part = memoryPart();
    const trouble = await troubleOf(download(part, path));
    expect(trouble.code).toBe("hub-hash");
    expect(trouble.message).toContain(path);
    expect(part.bytes).toHaveLength(0);
  }
});

test("another length, another commit, or another range than the file has is not taken", async () => {
  const longer = new Uint8Array(bytes.length + 7);
  longer.set(bytes);
  const part = memoryPart();
  for (const contents of [longer, bytes.subarray(0, HALF)]) {
    server.manners = () => ({ contents });
    expect((await troubleOf(download(part))).code).toBe("hub-changed");
    expect(part.bytes).toHaveLength(0);
  }
  server.manners = () => ({ headers: { "X-Repo-Commit": OTHER_COMMIT } });
  expect((await troubleOf(download(part))).message).toContain("another commit");
  server.manners = () => ({ headers: { "Content-Range": "bytes 3 of many" } });
  const half = memoryPart(bytes.subarray(0, HALF));
  expect((await troubleOf(download(half))).message).toContain("bytes 3 of many");
  expect(hashOf(half.bytes)).toBe(hashOf(bytes.subarray(0, HALF)));
});

test("errors of the server and its pleas for patience are waited out; the fifth in vain is told, and the part is kept", async () => {
  server.manners = ({ before }) =>
    [
      { status: 503 },
      { status: 429, headers: { "Retry-After": "7" } },
      { status: 429, headers: { RateLimit: '"api";r=0;t=9' } },
    ][before];
  const part = memoryPart(bytes.subarray(0, HALF));
  await download(part);
  expect(hashOf(part.bytes)).toBe(hashOf(bytes));
  expect(waits()).toEqual([1000, 7000, 9000]);

  server.manners = () => ({ status: 502 });
  const kept = memoryPart(bytes.subarray(0, HALF));
  const trouble = await troubleOf(download(kept));
  expect([trouble.code, trouble.message]).toEqual(["hub-down", expect.stringContaining("502")]);
  expect(trouble.hint).toContain("kept");
  expect(kept.bytes).toHaveLength(HALF);
  expect(waits().slice(3)).toEqual([1000, 2000, 4000, 8000, 16_000]);

  server.manners = () => ({ status: 429, headers: { "Retry-After": "1200" } });
  expect((await troubleOf(download(kept))).message).toContain("20 min");
});

test("a connection that falls silent is given up and made anew", async () => {
  server.manners = ({ before }) => (before === 0 ? { silentAfter: 500 } : undefined);
  const part = memoryPart();
  await download(part, WEIGHTS, never, door({ silenceMs: 300 }));
  expect(hashOf(part.bytes)).toBe(hashOf(bytes));
  expect(ranges()).toEqual([null, "bytes=500-"]);
  server.manners = () => ({ silentAfter: 0 });
  const trouble = await troubleOf(download(memoryPart(), WEIGHTS, never, door({ silenceMs: 100 })));
  expect(trouble.code).toBe("hub-silent");
});

test("no network, a host that is none of the hub's, a policy that forbids it: each in its own words", async () => {
  const dead = door({ fetch: () => Promise.reject(new TypeError("fetch failed")) });
  expect((await troubleOf(lookUp(dead, "ann/nano", never))).code).toBe("hub-offline");
  const forbidden = door({
    fetch: () => Promise.reject(new TypeError("Failed to fetch")),
    wasBlocked: async () => true,
  });
  expect((await troubleOf(lookUp(forbidden, "ann/nano", never))).message).toContain("policy");
  const stranger = door({ trusts: (url) => url.includes("127.0.0.1") });
  const trouble = await troubleOf(download(memoryPart(), WEIGHTS, never, stranger));
  expect([trouble.code, trouble.message]).toEqual(["hub-blocked", expect.stringContaining(`localhost:${server.port}`)]);
});

test("gated, private, unknown: told as what they are, and not asked again", async () => {
  const answers: readonly [number, string, RegExp][] = [
    [401, "GatedRepo", /signed in to the hub/],
    [403, "", /signed in to the hub/],
    [401, "RepoNotFound", /no public model ann\/nano/],
    [404, "RevisionNotFound", /no such revision/],
    [404, "RepoNotFound", /has no ann\/nano/],
  ];
  for (const [status, code, words] of answers) {
    server.asked.length = 0;
    server.manners = () => ({ status, headers: { "X-Error-Code": code } });
    expect((await troubleOf(lookUp(door(), "ann/nano", never))).message).toMatch(words);
    expect(server.asked).toHaveLength(1);
  }
});

test("a download that is stopped keeps what it has, and the caller hears why", async () => {
  const stop = new AbortController();
  server.manners = () => ({ silentAfter: 700 });
  const part = memoryPart();
  const append = part.append;
  part.append = (more) => {
    append(more);
    if (part.size() >= 700) stop.abort(new DOMException("paused", "AbortError"));
  };
  await expect(download(part, WEIGHTS, stop.signal)).rejects.toThrow("paused");
  expect(hashOf(part.bytes)).toBe(hashOf(bytes.subarray(0, 700)));
});

test("a full storage ends it at once", async () => {
  const part = memoryPart();
  part.append = () => {
    throw new StudioError("storage-full", "There is no room for more.");
  };
  expect((await troubleOf(download(part))).code).toBe("storage-full");
  expect(server.asked).toHaveLength(1);
});
