/** @file The serial queue: order, no overlap, and life after a failure. */
import { expect, test } from "vitest";
import { SerialQueue } from "./queue.ts";

test("tasks run in the order given and never overlap", async () => {
  const queue = new SerialQueue();
  const events: string[] = [];
  const task = (name: string, turns: number) => async () => {
    events.push(`${name} begins`);
    for (let i = 0; i < turns; i++) await Promise.resolve();
    events.push(`${name} ends`);
    return name;
  };
  const results = await Promise.all([queue.run(task("a", 9)), queue.run(task("b", 0)), queue.run(task("c", 3))]);
  expect(results).toEqual(["a", "b", "c"]);
  expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("a rejection reaches its caller, and the queue goes on", async () => {
  const queue = new SerialQueue();
  const failing = queue.run(async () => {
    throw new Error("no");
  });
  const after = queue.run(async () => "yes");
  await expect(failing).rejects.toThrow("no");
  expect(await after).toBe("yes");
});

test("a task that throws before its first await is a rejection too", async () => {
  const queue = new SerialQueue();
  const failing = queue.run(() => {
    throw new Error("at once");
  });
  await expect(failing).rejects.toThrow("at once");
  expect(await queue.run(async () => 1)).toBe(1);
});

test("idle is false from the call to the end of the last task", async () => {
  const queue = new SerialQueue();
  expect(queue.idle).toBe(true);
  const running = queue.run(async () => undefined);
  expect(queue.idle).toBe(false);
  await running;
  expect(queue.idle).toBe(true);
});
