/** @file How the page is built and served: isolated from other origins, talking to nobody but the hub, one WebAssembly runtime. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { HUB_SOURCES } from "./src/hub/hosts.ts";

/** SharedArrayBuffer, and with it the runtime's threads, exists only in a page that is isolated from other origins. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/**
 * Nothing from elsewhere, nothing to elsewhere but a model that a person asks the hub for (studio/hub.worker.ts), and no text that
 * becomes markup or a script: studio/own-scripts.ts has the one exception. In preview only: the development server injects inline code.
 */
const policy = {
  "default-src": "'none'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "worker-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' blob: data:",
  "connect-src": ["'self'", ...HUB_SOURCES].join(" "),
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
  "require-trusted-types-for": "'script'",
  "trusted-types": "default",
};
const contentSecurityPolicy = Object.entries(policy)
  .map(([directive, sources]) => `${directive} ${sources}`)
  .join("; ");

export default defineConfig({
  plugins: [react()],
  // The first condition keeps onnxruntime-web from inlining its WebAssembly loader a second time; the others are Vite's own.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "development|production"] },
  // The scanner does not enter workers by itself, finds their packages late, and then reloads the page under a running one.
  optimizeDeps: { entries: ["index.html", "src/**/*.worker.ts"] },
  worker: { format: "es" },
  build: {
    target: "es2023",
    modulePreload: { polyfill: false },
    // The runtime's .wasm is 27 MB and is meant to be.
    chunkSizeWarningLimit: 1000,
  },
  server: { headers: isolation },
  preview: {
    headers: {
      ...isolation,
      "Content-Security-Policy": contentSecurityPolicy,
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
    },
  },
});
