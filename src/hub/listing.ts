/** @file What a model of the hub holds: its revision as a commit, and every file with its length and the hash that the hub knows it by. */
import { isJsonObject, type JsonObject, parseJsonObject } from "../artifacts/json-object.ts";
import { type HubAddress, isPlainPath } from "./address.ts";
import { type Door, open, type Opened } from "./door.ts";
import { withPatience } from "./patience.ts";
import { badList } from "./troubles.ts";

export interface HubFile {
  readonly path: string;
  /** bytes */
  readonly size: number;
  /** of large files, 64 hexadecimal digits; null: the file is small and stands in git itself */
  readonly sha256: string | null;
  /** git's own name of a small file's contents, 40 hexadecimal digits; null where unknown */
  readonly gitHash: string | null;
}

export interface Listing {
  readonly repo: string;
  /** 40 hexadecimal digits: what the revision meant when it was looked up */
  readonly commit: string;
  readonly files: readonly HubFile[];
}

const MOST_BYTES = 32 * 2 ** 20;
const MOST_FILES = 20_000;

/** @throws StudioError in words for whatever the hub answers, or the signal's reason. */
export async function listModel(door: Door, { repo, revision }: HubAddress, signal: AbortSignal): Promise<Listing> {
  const url = `${door.origin}/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const text = await withPatience(door, signal, async () => readText(await open(door, url, repo, null, signal), repo));
  const { sha, siblings } = parseJsonObject(text, `The hub’s list of ${repo}`);
  if (!isHex(sha, 40)) throw badList(repo, "it names no commit");
  if (!Array.isArray(siblings) || siblings.length > MOST_FILES) throw badList(repo, "it has no files, or too many");
  return { repo, commit: sha, files: siblings.map((sibling: unknown) => hubFile(repo, sibling)) };
}

async function readText({ pieces, close }: Opened, repo: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces()) {
    size += piece.length;
    parts.push(piece);
    if (size > MOST_BYTES) {
      close();
      throw badList(repo, "it is longer than 32 MB");
    }
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new TextDecoder().decode(all);
}

function hubFile(repo: string, sibling: unknown): HubFile {
  if (!isJsonObject(sibling)) throw badList(repo, "an entry is no file");
  const lfs: JsonObject = isJsonObject(sibling.lfs) ? sibling.lfs : {};
  const [path, size] = [sibling.rfilename, lfs.size ?? sibling.size];
  if (typeof path !== "string" || !isPlainPath(path)) throw badList(repo, "a file’s path leads elsewhere");
  if (!Number.isSafeInteger(size) || Number(size) < 0) throw badList(repo, `${path} has no length`);
  return {
    path,
    size: Number(size),
    sha256: isHex(lfs.sha256, 64) ? lfs.sha256 : null,
    gitHash: isHex(sibling.blobId, 40) ? sibling.blobId : null,
  };
}

function isHex(value: unknown, digits: number): value is string {
  return typeof value === "string" && value.length === digits && /^[0-9a-f]+$/.test(value);
}

/** Of this commit's file, whatever the branch does meanwhile. */
export function fileUrl(door: Door, { repo, commit }: Pick<Listing, "repo" | "commit">, path: string): string {
  return `${door.origin}/${repo}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`;
}
