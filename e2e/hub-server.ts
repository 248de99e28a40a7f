/**
 * @file A server that stands for the hub: its list, its addresses of files, its redirects to another host for large ones, its headers
 * and errors. It knows no preflight, as the hosts of large files do not, and it misbehaves as a test tells it to.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";
export const OTHER_COMMIT = "fedcba9876543210fedcba9876543210fedcba98";

export interface Asked {
  /** of the file, or of the list */
  readonly path: string;
  readonly range: string | null;
  /** how often this path was asked for before */
  readonly before: number;
}

/** How one answer is given; what is not named is as it should be. */
export interface Manners {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** other contents than the list promises */
  readonly contents?: Uint8Array;
  /** 200 and the whole file, whatever was asked for */
  readonly noRanges?: boolean;
  /** the connection breaks after so many bytes */
  readonly cutAfter?: number;
  /** nothing more comes after so many bytes, and the connection stays */
  readonly silentAfter?: number;
  /** the file is asked for at another host */
  readonly redirect?: string;
}

export interface HubServer {
  readonly port: number;
  /** of files and the list, in order */
  readonly asked: Asked[];
  /** what is said to each request; undefined: good manners */
  manners: (asked: Asked) => Manners | undefined;
  close(): Promise<void>;
}

export interface Served {
  /** "owner/name" */
  readonly repo: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** where large files are: an origin that leads to this server too */
  readonly filesAt: (port: number) => string;
  /** a key and a certificate; absent: plain http */
  readonly tls?: { readonly key: string; readonly cert: string };
}

const EXPOSED =
  "X-Repo-Commit,X-Error-Code,X-Error-Message,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag";

/** Above it a file does not stand in git, and its SHA-256 is in the list. */
const isLarge = (path: string): boolean => /\.(safetensors|onnx|onnx_data)$/.test(path);
const sha = (kind: "sha1" | "sha256", ...parts: readonly (string | Uint8Array)[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash(kind)).digest("hex");

function listed([path, bytes]: readonly [string, Uint8Array]): object {
  const blobId = sha("sha1", `blob ${bytes.length}\0`, bytes);
  const lfs = { sha256: sha("sha256", bytes), size: bytes.length, pointerSize: 134 };
  return { rfilename: path, size: bytes.length, blobId, ...(isLarge(path) ? { lfs } : {}) };
}

export async function startHub({ repo, files, filesAt, tls }: Served): Promise<HubServer> {
  const asked: Asked[] = [];
  let port = 0;
  const answer: RequestListener = (request, response) => {
    const url = new URL(request.url ?? "/", "http://hub");
    const cors = {
      "Access-Control-Allow-Origin": request.headers.origin ?? "*",
      "Access-Control-Expose-Headers": EXPOSED,
    };
    for (const [name, value] of Object.entries(cors)) response.setHeader(name, value);
    if (request.method !== "GET") return end(response, 403, "GET alone is answered");
    const list = url.pathname.startsWith(`/api/models/${repo}/revision/`);
    const [, kind = "", path = ""] =
      /^\/(?:(data)|.*?\/resolve\/[0-9a-f]{40})\/(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    const bytes = files.get(path);
    if (!list && url.pathname.startsWith("/api/")) return end(response, 401, "", { "X-Error-Code": "RepoNotFound" });
    if (!list && bytes === undefined) return end(response, 404, "", { "X-Error-Code": "EntryNotFound" });
    if (!list && kind === "" && isLarge(path)) {
      const redirect = server.manners({ path, range: request.headers.range ?? null, before: count(path) })?.redirect;
      return end(response, 302, "", { Location: redirect ?? `${filesAt(port)}/data/${path}`, "X-Repo-Commit": COMMIT });
    }
    const about: Asked = {
      path: list ? "list" : path,
      range: request.headers.range ?? null,
      before: count(list ? "list" : path),
    };
    asked.push(about);
    const manners = server.manners(about) ?? {};
    if (manners.status !== undefined) return end(response, manners.status, "", manners.headers);
    if (list)
      return end(
        response,
        200,
        JSON.stringify({ id: repo, sha: COMMIT, siblings: [...files].map(listed) }),
        manners.headers,
      );
    sendFile(request, response, bytes as Uint8Array, { path, ...manners });
  };
  const count = (path: string): number => asked.filter((one) => one.path === path).length;
  const listening = tls ? createSecureServer(tls, answer) : createServer(answer);
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  port = (listening.address() as AddressInfo).port;
  const server: HubServer = {
    port,
    asked,
    manners: () => undefined,
    close: () =>
      new Promise((resolve) => {
        listening.close(() => resolve());
        listening.closeAllConnections();
      }),
  };
  return server;
}

function end(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "Content-Type": "text/plain", ...headers });
  response.end(body);
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  listedBytes: Uint8Array,
  manners: Manners & { path: string },
): void {
  const bytes = manners.contents ?? listedBytes;
  const etag = `"${sha("sha256", bytes)}"`;
  const [, first, last] = (!manners.noRanges && /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "")) || [];
  const from = Number(first ?? 0);
  if (from >= bytes.length && first !== undefined)
    return end(response, 416, "", { "Content-Range": `bytes */${bytes.length}` });
  const to = last ? Math.min(Number(last), bytes.length - 1) : bytes.length - 1;
  const body = bytes.subarray(from, to + 1);
  response.writeHead(first === undefined ? 200 : 206, {
    "Content-Type": "application/octet-stream",
    "Content-Length": String(body.length),
    ETag: etag,
    ...(isLarge(manners.path) ? {} : { "X-Repo-Commit": COMMIT }),
    ...(first === undefined ? {} : { "Content-Range": `bytes ${from}-${to}/${bytes.length}` }),
    ...manners.headers,
  });
  const sent = Math.min(manners.cutAfter ?? manners.silentAfter ?? body.length, body.length);
  response.flushHeaders();
  if (sent === body.length) response.end(body);
  else
    response.write(body.subarray(0, sent), () => {
      if (manners.cutAfter !== undefined) setTimeout(() => response.destroy(), 20);
    });
}
