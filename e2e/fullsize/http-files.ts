/** @file A folder behind HTTP, read in ranges: gigabytes of weights come a tensor at a time. Its list is `files.json`. */
import type { FileSystem } from "../../src/artifacts/model-folder.ts";

/** One request: the browser holds it whole. */
const most = 32 * 2 ** 20;

async function ask(url: URL, init: RequestInit, status: number): Promise<Response> {
  const response = await fetch(url, { cache: "no-store", ...init });
  if (response.status !== status)
    throw new Error(`${url.pathname} was answered with ${response.status}, expected ${status}`);
  return response;
}

/** `base` ends with "/". */
export function httpFiles(base: URL): FileSystem {
  return {
    list: async () => (await (await ask(new URL("files.json", base), {}, 200)).json()) as readonly string[],
    open: async (path) => {
      const url = new URL(path, base);
      const size = Number((await ask(url, { method: "HEAD" }, 200)).headers.get("Content-Length"));
      return { size, read: (offset, length) => readRange(url, offset, length) };
    },
  };
}

async function readRange(url: URL, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += most) {
    const piece = Math.min(most, length - at);
    const from = offset + at;
    const response = await ask(url, { headers: { Range: `bytes=${from}-${from + piece - 1}` } }, 206);
    const got = new Uint8Array(await response.arrayBuffer());
    if (got.length !== piece) throw new Error(`${url.pathname} gave ${got.length} bytes at ${from}, expected ${piece}`);
    bytes.set(got, at);
  }
  return bytes;
}
