/** @file Workers that die under a studio: what its caller sees, and when the next one is tried. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StudioError } from "../lib/errors.ts";
import type { CallName, PageEvent } from "./api.ts";
import { lasting } from "./lasting.ts";

type Answer = (params: unknown) => unknown;

/** Workers in the order in which they were begun: what each answers, and what it was asked. */
function bench(...answers: readonly Partial<Record<CallName, Answer>>[]) {
  const asked: string[][] = [];
  const retired: number[] = [];
  const told: PageEvent[] = [];
  const studio = lasting(() => {
    const at = asked.push([]) - 1;
    return {
      async call(name, params) {
        asked[at]?.push(name);
        return (answers[at]?.[name]?.(params) ?? `${name} of ${at}`) as never;
      },
      onEvent: () => () => true,
      retire: () => void retired.push(at),
    };
  });
  studio.onEvent((event) => told.push(event));
  const waits = () => told.flatMap((event) => (event.kind === "device" && event.state === "lost" ? event.seconds : []));
  const states = () => told.flatMap((event) => (event.kind === "device" ? event.state : []));
  return { studio, asked, retired, told, waits, states };
}

const lost = (): never => {
  throw new StudioError("device-lost", "The graphics device was lost: gone.");
};
const noGpu = (): never => {
  throw new StudioError("no-webgpu", "The browser found no graphics adapter for WebGPU.");
};
const model = { backend: "webgpu", model: "pocket" } as const;
const run = { project: "p", node: "n", saveEvery: 10 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the first loss: a new worker opens the same model and is asked again, at once", async () => {
  const { studio, asked, retired, states, waits } = bench({ spin: lost });
  await studio.call("open", model);
  expect(await studio.call("spin", run)).toBe("spin of 1");
  expect(asked).toEqual([
    ["open", "spin"],
    ["open", "spin"],
  ]);
  expect(retired).toEqual([0]);
  expect(states()).toEqual(["lost", "back"]);
  expect(waits()).toEqual([0]);
});

test("a worker that died loses nothing that may be asked twice, and what may not is told", async () => {
  const dead = (): never => {
    throw new StudioError("worker", "The studio's worker stopped: out of memory.");
  };
  const { studio, asked } = bench({ project: dead, grow: dead }, {});
  await studio.call("open", model);
  expect(await studio.call("project", { project: "p" })).toBe("project of 1");
  expect(asked[1]).toEqual(["open", "project"]);
  const other = bench({ grow: dead });
  await other.studio.call("open", model);
  await expect(other.studio.call("grow", {} as never)).rejects.toThrow("worker stopped");
});

test("several calls that are lost together are one loss", async () => {
  const { studio, asked, waits } = bench({ spin: lost, draw: lost });
  await studio.call("open", model);
  expect(await Promise.all([studio.call("spin", run), studio.call("draw", {} as never)])).toEqual([
    "spin of 1",
    "draw of 1",
  ]);
  expect(asked).toHaveLength(2);
  expect(waits()).toEqual([0]);
});

test("the second loss in two minutes waits, tells how long, and tries again by itself", async () => {
  const { studio, asked, waits } = bench({ spin: lost }, { spin: lost });
  await studio.call("open", model);
  const outcome = studio.call("spin", run);
  await vi.advanceTimersByTimeAsync(9_900);
  expect(waits()).toEqual([0, 10]);
  expect(asked[2]).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(await outcome).toBe("spin of 2");
  expect(waits()).toEqual([0, 10, 0]);
});

test("try now ends the wait; on the processor, if that is asked for", async () => {
  const opened: unknown[] = [];
  const { studio } = bench({ spin: lost }, { spin: lost }, { open: (params) => void opened.push(params) });
  await studio.call("open", model);
  const outcome = studio.call("spin", run);
  await vi.advanceTimersByTimeAsync(1000);
  await studio.call("revive", { how: "wasm" });
  expect(await outcome).toBe("spin of 2");
  expect(opened).toEqual([{ backend: "wasm", model: "pocket" }]);
});

test("losses that are two minutes apart are first losses each", async () => {
  const gone = new StudioError("device-lost", "gone");
  const late = { spin: () => new Promise((_, reject) => setTimeout(() => reject(gone), 121_000)) };
  const { studio, waits } = bench(late, late, late);
  await studio.call("open", model);
  const outcome = studio.call("spin", run);
  await vi.advanceTimersByTimeAsync(400_000);
  expect(await outcome).toBe("spin of 3");
  expect(waits()).toEqual([0, 0, 0]);
});

test("a browser that gives no GPU any more: two waits, then the caller is told, and the next call begins anew", async () => {
  const none = { open: noGpu };
  const { studio, waits, states } = bench({ spin: lost }, none, none, none, {});
  await studio.call("open", model);
  const outcome = studio.call("spin", run).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10_100);
  expect(waits()).toEqual([0, 10, 0, 120]);
  await vi.advanceTimersByTimeAsync(120_100);
  expect(await outcome).toMatchObject({ code: "device-lost" });
  expect(states().at(-1)).toBe("stopped");
  expect(await studio.call("spin", run)).toBe("spin of 4");
});

test("stay stopped, or pause, while it waits: the run is paused, and going on opens the model again", async () => {
  for (const halt of ["revive", "pause"] as const) {
    const { studio, asked, states } = bench({ spin: lost }, { spin: lost }, {});
    await studio.call("open", model);
    const outcome = studio.call("spin", run);
    await vi.advanceTimersByTimeAsync(1000);
    await (halt === "revive" ? studio.call("revive", { how: "stop" }) : studio.call("pause", {}));
    expect(await outcome).toBe("paused");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states().at(-1)).toBe("stopped");
    expect(asked[2]).toEqual([]);
    expect(await studio.call("spin", run)).toBe("spin of 2");
  }
});

test("a model that cannot be opened at all is told as it is, without a second try", async () => {
  const { studio, asked } = bench({ open: noGpu });
  await expect(studio.call("open", model)).rejects.toThrow("no graphics adapter");
  expect(asked).toEqual([["open"]]);
});

test("a drawing that is not wanted any more does not wait for the device", async () => {
  const { studio } = bench({ spin: lost }, { spin: lost });
  await studio.call("open", model);
  void studio.call("spin", run);
  await vi.advanceTimersByTimeAsync(1000);
  const stop = new AbortController();
  const drawn = studio.call("draw", {} as never, stop.signal).catch((error: unknown) => error);
  stop.abort(new DOMException("Stopped.", "AbortError"));
  expect(await drawn).toMatchObject({ name: "AbortError" });
});
