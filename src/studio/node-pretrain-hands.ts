/** @file Hands in worker threads of Node, each with a runtime of its own. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { LayoutEntry } from "../plan/types.ts";
import type { Examples, Hand, HandOptions, Learnt } from "./pretrain-hand.ts";

type Call =
  | { readonly kind: "learn"; readonly vector: Float32Array; readonly examples: Examples; readonly batch: number }
  | { readonly kind: "orthogonalize"; readonly momentum: Float32Array };
export interface Question {
  readonly id: number;
  readonly call: Call;
}
export type Answer =
  | { readonly id: number; readonly value: Learnt | Float32Array }
  | { readonly id: number; readonly error: string };

/** The command line runs TypeScript through tsx, which does not reach into workers by itself. */
const BOOT = `import("tsx/esm/api").then(({ register }) => { register(); return import(require("node:worker_threads").workerData.url); })`;
const url = new URL("./node-pretrain-worker.ts", import.meta.url).href;

async function workerHand(options: HandOptions): Promise<Hand> {
  const worker = new Worker(BOOT, { eval: true, workerData: { ...options, url } });
  const [{ layout, share }] = (await once(worker, "message")) as [{ layout: readonly LayoutEntry[]; share: number }];
  let count = 0;
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: unknown): void }>();
  worker.on("message", (answer: Answer) => {
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  worker.on("error", (error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });
  const ask = async (call: Call): Promise<Learnt | Float32Array> => {
    const id = count++;
    const answer = await new Promise<Answer>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, call } satisfies Question);
    });
    if ("error" in answer) throw new Error(answer.error);
    return answer.value;
  };
  return {
    layout,
    share,
    learn: async (vector, examples, batch) => (await ask({ kind: "learn", vector, examples, batch })) as Learnt,
    orthogonalize: async (momentum) => (await ask({ kind: "orthogonalize", momentum })) as Float32Array,
    dispose: async () => {
      await worker.terminate();
    },
  };
}

/** `count` hands that share a batch of `batch` rows. */
export function workerHands(
  options: Pick<HandOptions, "text" | "unet">,
  batch: number,
  count: number,
): Promise<Hand[]> {
  const hand = (index: number) => workerHand({ ...options, rows: batch / count, index, count });
  return Promise.all(Array.from({ length: count }, (_, index) => hand(index)));
}
