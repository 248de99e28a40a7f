/**
 * @file Serves the worker's page, built by vite as it is asked for, and the folder under /files/ with HTTP ranges; takes the outcome
 * under PUT /outcome. Isolated from other origins like the studio, on this machine only.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createServer, type Plugin } from "vite";
import { listFiles } from "../../src/cli/files.ts";
import studio from "../../vite.config.ts";

export interface Served {
  readonly url: string;
  /** what was put under /outcome */
  readonly outcome: Promise<Uint8Array>;
  /** bytes sent from the folder so far */
  sent(): number;
  close(): Promise<void>;
}

const here = (to: string) => fileURLToPath(new URL(to, import.meta.url));

export async function serve(folder: string): Promise<Served> {
  let sent = 0;
  let give: (bytes: Uint8Array) => void;
  const outcome = new Promise<Uint8Array>((resolve) => {
    give = resolve;
  });

  async function sendFile(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = decodeURIComponent(new URL(request.url ?? "/", "http://local").pathname).slice(1);
    if (name === "files.json") {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(await listFiles(folder)));
      return;
    }
    const file = path.join(folder, name);
    const found = file.startsWith(folder) ? await stat(file).catch(() => null) : null;
    if (!found?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const [start, end] = [Number(from ?? 0), Math.min(Number(to ?? Infinity), found.size - 1)];
    response.setHeader("Content-Length", end - start + 1);
    response.setHeader("Content-Type", "application/octet-stream");
    if (from !== undefined) response.setHeader("Content-Range", `bytes ${start}-${end}/${found.size}`);
    response.writeHead(from === undefined ? 200 : 206);
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    sent += end - start + 1;
    createReadStream(file, { start, end, highWaterMark: 2 ** 20 }).pipe(response);
  }

  async function takeOutcome(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    give(new Uint8Array(Buffer.concat(parts)));
    response.writeHead(204).end();
  }

  const doors: Plugin = {
    name: "fullsize",
    configureServer({ middlewares }) {
      const door = (at: string, answer: typeof sendFile) =>
        middlewares.use(at, (request, response, next) => {
          for (const [header, value] of Object.entries(studio.server?.headers ?? {}))
            response.setHeader(header, value as string);
          answer(request, response).catch(next);
        });
      door("/files", sendFile);
      door("/outcome", takeOutcome);
    },
  };
  const server = await createServer({
    configFile: false,
    root: here("."),
    cacheDir: here("../../.cache/vite-fullsize"),
    logLevel: "error",
    ...(studio.resolve ? { resolve: studio.resolve } : {}),
    optimizeDeps: { entries: ["index.html", "*.worker.ts"] },
    worker: { format: "es" },
    plugins: [doors],
    server: {
      host: "127.0.0.1",
      port: 0,
      // a file that changes during the run is none of its business
      hmr: false,
      watch: null,
      ...(studio.server?.headers ? { headers: studio.server.headers } : {}),
      fs: { allow: [here("../..")] },
    },
  });
  await server.listen();
  return {
    url: server.resolvedUrls?.local[0] as string,
    outcome,
    sent: () => sent,
    close: () => server.close(),
  };
}
