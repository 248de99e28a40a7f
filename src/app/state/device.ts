/** @file A lost device: what is told of it, and what a person can do while a new one is waited for. */
import type { DeviceNews } from "../../studio/api.ts";
import { now } from "../clock.ts";
import { isRunning } from "./selectors.ts";
import type { Slice, StudioState } from "./studio-state.ts";

export interface Loss {
  /** `again`: a new device is opened; `waiting`: it will be at `until`; `back`: it is there */
  readonly phase: "again" | "waiting" | "back";
  /** of the worker that died, not of the GPU */
  readonly worker: boolean;
  readonly tries: number;
  readonly of: number;
  /** by `now`; null unless waiting */
  readonly until: number | null;
  /** what it happened to; null: nothing was trained */
  readonly run: { readonly name: string; readonly step: number; readonly savedStep: number } | null;
  readonly diagnostics: string;
}

export interface DeviceSlice {
  /** null: none, or a person has read it */
  readonly loss: Loss | null;
  /** what the model and its run hold on the device; null: not told */
  readonly deviceBytes: number | null;
  /** Ends the wait: tries now, on the processor instead, or not any more. */
  revive(how: "now" | "wasm" | "stop"): Promise<void>;
  closeLoss(): void;
}

export const createDevice: Slice<DeviceSlice> = (set, get, deps) => ({
  loss: null,
  deviceBytes: null,
  async revive(how) {
    const { preflight } = get();
    if (how === "wasm" && preflight !== null)
      set({
        preflight: { ...preflight, chosen: "wasm", reason: "You chose the processor (WebAssembly)." },
        force: how,
      });
    await deps.studio.call("revive", { how });
  },
  closeLoss: () => set({ loss: null }),
});

/** News of the device, as state. */
export function onDeviceNews(news: DeviceNews, state: StudioState): Partial<StudioState> {
  const { loss, current } = state;
  if (news.state !== "lost")
    return { loss: news.state === "back" && loss !== null ? { ...loss, phase: "back", until: null } : null };
  const { code, message, tries, of, seconds } = news;
  // until its first step on the new device the run stands where it was lost
  const run = current !== null && isRunning(state) ? current : null;
  return {
    deviceBytes: null,
    loss: {
      phase: seconds > 0 ? "waiting" : "again",
      worker: code === "no-webgpu" ? (loss?.worker ?? false) : code === "worker",
      tries,
      of,
      until: seconds > 0 ? now() + 1000 * seconds : null,
      run: run && { name: run.name, step: run.step, savedStep: run.savedSteps.at(-1) ?? 0 },
      diagnostics: `code: ${code}\nmessage: ${message}`,
    },
  };
}
