/**
 * @file One file of the hub into a part that outlives interruptions. A part goes on where it stands, by Range; it is only gone on with
 * while commit, ETag, place and length agree, and its hash decides in the end whether it is taken.
 */
import { Sha256 } from "../lib/sha256-stream.ts";
import { contentRange } from "./content-range.ts";
import { type Door, open, type Opened } from "./door.ts";
import { fileUrl, type HubFile, type Listing } from "./listing.ts";
import { Passing } from "./passing.ts";
import { withPatience } from "./patience.ts";
import { brokenOff, otherBytes, otherCommit, unhashed, wrongHash, wrongLength, wrongSpan } from "./troubles.ts";

/** A file that grows. */
export interface Part {
  size(): number;
  /** at most `length` bytes from `offset` */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
  /** @throws StudioError `storage-full` */
  append(bytes: Uint8Array): void;
  clear(): void;
  /** of the answer that it began with; null: unknown */
  etag: string | null;
}

const PIECE = 4 * 2 ** 20;
/** Small files stand in git itself, which the hub allows up to 10 MB. */
const MOST_IN_GIT = 16 * 2 ** 20;

/**
 * `told` hears how many bytes of the file there are.
 * @throws StudioError in words; the part stays, to be gone on with, unless its hash was wrong twice. The signal's reason where it is aborted.
 */
export async function downloadFile(
  door: Door,
  from: Pick<Listing, "repo" | "commit">,
  file: HubFile,
  part: Part,
  told: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  if (file.sha256 === null && (file.gitHash === null || file.size > MOST_IN_GIT)) throw unhashed(file.path);
  for (let tries = 0; tries < 2; tries++) {
    const hash = new Sha256();
    if (part.size() > file.size) part.clear();
    rehash(part, hash, signal);
    told(part.size());
    const arriving = { door, url: fileUrl(door, from, file.path), commit: from.commit, file, part, hash, told, signal };
    await withPatience(
      door,
      signal,
      () => fetchRest(arriving),
      () => part.size(),
    );
    if (await isWhole(file, part, arriving.hash)) return;
    part.clear();
  }
  throw wrongHash(file.path);
}

interface Arriving {
  readonly door: Door;
  readonly url: string;
  readonly commit: string;
  readonly file: HubFile;
  readonly part: Part;
  /** of the part's bytes */
  hash: Sha256;
  readonly told: (bytes: number) => void;
  readonly signal: AbortSignal;
}

function rehash(part: Part, hash: Sha256, signal: AbortSignal): void {
  for (let at = 0; at < part.size(); at += PIECE) {
    signal.throwIfAborted();
    hash.update(part.read(at, PIECE));
  }
}

function startOver(arriving: Arriving): void {
  arriving.part.clear();
  arriving.part.etag = null;
  arriving.hash = new Sha256();
}

async function fetchRest(arriving: Arriving): Promise<void> {
  const { door, url, file, part, told, signal } = arriving;
  const begin = part.size();
  if (begin === file.size) return;
  const opened = await open(door, url, file.path, begin === 0 ? null : [begin, null], signal);
  try {
    agree(arriving, opened);
    for await (const piece of opened.pieces()) {
      const got = part.size() + piece.length;
      if (got > file.size) {
        startOver(arriving);
        throw new Passing(wrongLength(file.path, `more than ${file.size}`, file.size));
      }
      part.append(piece);
      arriving.hash.update(piece);
      told(got);
    }
  } finally {
    opened.close();
  }
  if (part.size() < file.size) throw new Passing(brokenOff(file.path, part.size(), file.size));
}

/** What the answer says of itself must fit the part; else it is not taken, and the part begins anew where it is in doubt. */
function agree(arriving: Arriving, { answer }: Opened): void {
  const { file, part, commit } = arriving;
  const begin = part.size();
  const { headers, status } = answer;
  const is = headers.get("x-repo-commit");
  if (is !== null && is !== commit) throw otherCommit(file.path, commit);
  const range = contentRange(answer);
  if (range?.size != null && range.size !== file.size) {
    startOver(arriving);
    throw new Passing(wrongLength(file.path, range.size, file.size));
  }
  if (status === 416) {
    startOver(arriving);
    throw new Passing(otherBytes(file.path));
  }
  const etag = headers.get("etag");
  if (status === 206) {
    if (begin === 0 || (range !== null && range.from !== begin))
      throw new Passing(wrongSpan(file.path, range?.text ?? "a part", begin));
    if (etag !== null && part.etag !== null && etag !== part.etag) {
      startOver(arriving);
      throw new Passing(otherBytes(file.path));
    }
    return;
  }
  // the whole file: of a server that knows no ranges, or from its beginning
  if (begin > 0) startOver(arriving);
  part.etag = etag;
  const length = headers.get("content-encoding") === null ? headers.get("content-length") : null;
  if (length !== null && Number(length) !== file.size) throw new Passing(wrongLength(file.path, length, file.size));
}

/** Large files by SHA-256, small ones by git's name for their contents: the SHA-1 of a line with their length, and them. */
async function isWhole(file: HubFile, part: Part, hash: Sha256): Promise<boolean> {
  if (file.sha256 !== null) return hash.digest() === file.sha256;
  const contents = part.read(0, file.size);
  const head = new TextEncoder().encode(`blob ${contents.length}\0`);
  const blob = new Uint8Array(head.length + contents.length);
  blob.set(head);
  blob.set(contents, head.length);
  const name = new Uint8Array(await crypto.subtle.digest("SHA-1", blob));
  return Array.from(name, (byte) => byte.toString(16).padStart(2, "0")).join("") === file.gitHash;
}
