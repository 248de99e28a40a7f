/** @file A pretending engine that loses its device, once or twice in a row: `?fake=lost`, `?fake=lost-again`. */
import { createListeners } from "../../lib/listeners.ts";
import type { CallName, Calls, PageEvent, SpinOutcome, SpinRequest, Studio } from "../../studio/api.ts";

const AT_STEP = 12;
const SECONDS = 60;
const OPENING_MS = 400;

type Revival = Calls["revive"]["params"]["how"];

/** @param losses 1: a new device comes at once; 2: after a countdown */
export function losingDevice(studio: Studio, losses: 1 | 2): Studio {
  const { tell, on: onEvent } = createListeners<PageEvent>();
  let lost = false;
  let opened: Calls["open"]["params"] | null = null;
  let wake = (_how: Revival): void => undefined;
  studio.onEvent((event) => {
    if (event.kind === "step" && event.report.step > AT_STEP && !lost) return;
    tell(event);
    if (event.kind !== "step" || event.report.step !== AT_STEP || lost) return;
    void studio.call("pause", {});
  });
  const lose = (tries: number, seconds: number): void =>
    tell({ kind: "device", state: "lost", code: "device-lost", message: "made up", tries, of: 3, seconds });

  const spin = async (request: SpinRequest): Promise<SpinOutcome> => {
    let at = 0;
    const stop = studio.onEvent((event) => {
      if (event.kind === "step") at = event.report.step;
    });
    const outcome = await studio.call("spin", request);
    stop();
    if (lost || outcome === "kept" || at < AT_STEP) return outcome;
    lost = true;
    lose(losses, losses === 2 ? SECONDS : 0);
    if (losses === 2) {
      const how = await new Promise<Revival>((resolve) => {
        const timer = setTimeout(() => resolve("now"), 1000 * SECONDS);
        wake = (given) => {
          clearTimeout(timer);
          resolve(given);
        };
      });
      if (how === "stop") {
        tell({ kind: "device", state: "stopped" });
        return "paused";
      }
      lose(losses, 0);
      if (how === "wasm" && opened !== null) await studio.call("open", { ...opened, backend: "wasm" });
    }
    await new Promise((done) => setTimeout(done, OPENING_MS));
    tell({ kind: "device", state: "back" });
    return studio.call("spin", request);
  };

  return {
    async call<N extends CallName>(
      name: N,
      params: Calls[N]["params"],
      signal?: AbortSignal,
    ): Promise<Calls[N]["result"]> {
      if (name === "spin") return (await spin(params as SpinRequest)) as Calls[N]["result"];
      if (name === "open") opened = params as Calls["open"]["params"];
      if (name === "revive") wake((params as Calls["revive"]["params"]).how);
      return studio.call(name, params, signal);
    },
    onEvent,
  };
}
