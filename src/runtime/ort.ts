/**
 * @file The one place that configures onnxruntime-web: where its WebAssembly lies, how many threads it has, what it logs.
 * Without `wasmPaths.mjs` a bundled page hangs: the threads would be started from our own worker's file.
 */
import * as ort from "onnxruntime-web/webgpu";
import mjs from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";

/** Threads need SharedArrayBuffer, and so an isolated page. More than eight bring nothing on matrices of our sizes. */
export const threads = globalThis.crossOriginIsolated ? Math.max(1, Math.min(navigator.hardwareConcurrency, 8)) : 1;

ort.env.wasm.wasmPaths = { mjs, wasm };
ort.env.wasm.numThreads = threads;
ort.env.logLevel = "error";

export const { InferenceSession, Tensor } = ort;
