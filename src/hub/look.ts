/** @file A typed address to what would be downloaded: the commit, the files, their bytes. Only lists and headers are read for it. */
import { openModel } from "../artifacts/model-folder.ts";
import { readWhole } from "../artifacts/random-access.ts";
import { StudioError } from "../lib/errors.ts";
import { parseAddress } from "./address.ts";
import { chooseFiles } from "./choose.ts";
import type { Door } from "./door.ts";
import { type HubFile, type Listing, listModel } from "./listing.ts";
import { remoteAccess, remoteFiles } from "./remote-files.ts";

/** What is downloaded, in full: it says which bytes are the right ones. */
export interface Found extends Listing {
  /** as it was typed: a branch, a tag or a commit */
  readonly revision: string;
  /** a folder's name for it on this computer */
  readonly title: string;
  /** what the files' paths begin with, up to the model */
  readonly root: string;
}

const MOST_INDEX_BYTES = 16 * 2 ** 20;

/** @throws StudioError in words: an address that is none, whatever the hub answers, a model that is none of ours. */
export async function lookUp(door: Door, typed: string, signal: AbortSignal): Promise<Found> {
  const address = parseAddress(typed);
  const listing = await listModel(door, address, signal);
  const read = async (file: HubFile): Promise<string> => {
    if (file.size > MOST_INDEX_BYTES)
      throw new StudioError("model", `${file.path} has ${file.size} bytes, and at most 16 MB of an index are read.`);
    return new TextDecoder().decode(await readWhole(remoteAccess(door, listing, file, signal)));
  };
  const { root, files, onnx } = await chooseFiles(listing, address, read);
  // the words are read when they are needed; an ONNX export tells little before all of its graph is here
  const telling = files.filter(({ path }) => !path.slice(root.length).startsWith("tokenizer/"));
  if (!onnx) await openModel(remoteFiles(door, listing, telling, root, signal));
  const [first] = files;
  const named = files.length === 1 ? first?.path : root === "" ? listing.repo : root.slice(0, -1);
  const title = (named ?? "").replace(/^.*\//, "").replace(/\.safetensors$/, "") || "model";
  return { repo: listing.repo, commit: listing.commit, revision: address.revision, title, root, files };
}
