/** @file A hub that only pretends: one model, half of which is here; "gated/model" is refused; a download goes to its half and waits. */
import type { Hub, HubCallName, HubCalls, HubModel, HubNews } from "../../studio/api.ts";

const MB = 1e6;
const FILES: HubModel["files"] = [
  { path: "model_index.json", size: 541 },
  { path: "scheduler/scheduler_config.json", size: 308 },
  { path: "tokenizer/vocab.json", size: 1.1 * MB },
  { path: "tokenizer/merges.txt", size: 0.5 * MB },
  { path: "unet/config.json", size: 743 },
  { path: "unet/diffusion_pytorch_model.fp16.safetensors", size: 1719 * MB },
  { path: "vae/config.json", size: 547 },
  { path: "vae/diffusion_pytorch_model.fp16.safetensors", size: 167 * MB },
  { path: "text_encoder/config.json", size: 617 },
  { path: "text_encoder/model.fp16.safetensors", size: 246 * MB },
];

function madeUp(repo: string, here: number): HubModel {
  const bytes = FILES.reduce((sum, { size }) => sum + size, 0);
  return {
    key: repo,
    repo,
    revision: "main",
    commit: "451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
    title: repo.replace(/^.*\//, ""),
    files: FILES,
    bytes,
    here: Math.round(here * bytes),
    whole: here === 1,
  };
}

/** An error as it comes from the worker. */
function gated(repo: string): Error {
  return Object.assign(
    new Error(
      `${repo} is only given to those who signed in to the hub and accepted its terms, and this page signs in nowhere.`,
    ),
    {
      code: "hub-gated",
      hint: "Nothing is lost. Accept the terms at the hub, download the files there, and choose them from the disk.",
    },
  );
}

export function pretendHub(): Hub {
  let kept = [madeUp("another/painter", 0.42)];
  const answers: {
    readonly [N in HubCallName]: (
      params: HubCalls[N]["params"],
      told: (news: HubNews) => void,
      signal: AbortSignal | undefined,
    ) => Promise<HubCalls[N]["result"]>;
  } = {
    async look({ address }, told) {
      told({ kind: "asking", url: address });
      if (address.startsWith("gated/")) throw gated(address);
      return madeUp(address.replace(/@.*$/, ""), 0);
    },
    download: ({ key }, told, signal) => {
      told({ kind: "bytes", bytes: madeUp(key, 0.6).here });
      told({ kind: "waiting", milliseconds: 8000, why: "The connection for the UNet broke off." });
      return new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(new DOMException("paused", "AbortError")));
      });
    },
    kept: async () => kept,
    async drop({ key }) {
      kept = kept.filter((model) => model.key !== key);
      return null;
    },
  };
  return { call: (name, params, told = () => undefined, signal) => answers[name](params, told, signal) };
}
