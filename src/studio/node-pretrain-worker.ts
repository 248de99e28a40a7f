/** @file A hand in a worker thread of Node: answers one call after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { required } from "../lib/errors.ts";
import { nodeBackend } from "../runtime/node.ts";
import { handOf, type HandOptions } from "./pretrain-hand.ts";
import type { Answer, Question } from "./node-pretrain-hands.ts";

const port = required(parentPort, "the worker's parent");
const hand = await handOf(nodeBackend({ threads: 1 }), workerData as HandOptions);
const { layout, share } = hand;

port.on("message", async ({ id, call }: Question) => {
  try {
    const value =
      call.kind === "learn"
        ? await hand.learn(call.vector, call.examples, call.batch)
        : await hand.orthogonalize(call.momentum);
    port.postMessage({ id, value } satisfies Answer);
  } catch (error) {
    port.postMessage({ id, error: (error as Error).message } satisfies Answer);
  }
});
port.postMessage({ layout, share });
