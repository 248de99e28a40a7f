/** @file Serves the conformance page, which is no part of the studio: its own root, the studio's ways with onnxruntime-web. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import studio from "../../vite.config.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  cacheDir: here("../../.cache/vite-runtime"),
  ...(studio.resolve ? { resolve: studio.resolve } : {}),
  optimizeDeps: { entries: ["index.html", "*.worker.ts"] },
  worker: { format: "es" },
  server: {
    // an edit while a test runs must not reload its page
    hmr: false,
    watch: null,
    ...(studio.server?.headers ? { headers: studio.server.headers } : {}),
    fs: { allow: [here("../..")] },
  },
});
