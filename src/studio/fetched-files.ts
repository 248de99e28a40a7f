/** @file A model folder on the page's own server, which cannot list it: the names are given. Each file is fetched once and kept while it is read. */
import type { FileSystem } from "../artifacts/model-folder.ts";
import { bytesAccess } from "../artifacts/random-access.ts";
import { StudioError } from "../lib/errors.ts";

export function fetchedFiles(folder: URL, names: readonly string[]): FileSystem {
  const get = async (path: string): Promise<Response> => {
    const response = await fetch(new URL(path, folder));
    // a server of single-page apps answers with the page itself what it does not have
    const missing = !response.ok || response.headers.get("content-type")?.startsWith("text/html");
    if (missing)
      throw new StudioError(
        "fetch",
        `The file ${path} of the built-in model could not be loaded (${response.status}).`,
        "Load the page again.",
      );
    return response;
  };
  return {
    list: async () => names,
    open: async (path) => bytesAccess(new Uint8Array(await (await get(path)).arrayBuffer())),
  };
}
