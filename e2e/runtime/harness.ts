/** @file Serves the harness page to a spec, by a Vite of its own. */
import { fileURLToPath } from "node:url";
import { test } from "@playwright/test";
import { createServer, type ViteDevServer } from "vite";

/** Called once at the top of a spec; the answer gives the page's address while tests run. */
export function serveHarness(): () => string {
  let server: ViteDevServer;
  test.beforeAll(async () => {
    const configFile = fileURLToPath(new URL("vite.config.ts", import.meta.url));
    server = await createServer({ configFile, logLevel: "error", server: { host: "127.0.0.1", port: 0 } });
    await server.listen();
  });
  test.afterAll(() => server.close());
  return () => server.resolvedUrls?.local[0] as string;
}
