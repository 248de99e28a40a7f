/** @file The byte ledger: live, peak, by kind. */
import { expect, test } from "vitest";
import { Ledger } from "./ledger.ts";

test("live falls when bytes are freed, the peak stays", () => {
  const ledger = new Ledger();
  ledger.add("weight:conv_in", 100);
  ledger.add("slot:a", 50);
  ledger.remove("slot:a", 50);
  ledger.add("slot:b", 20);
  expect([ledger.live, ledger.peak]).toEqual([120, 150]);
  ledger.restartPeak();
  expect([ledger.live, ledger.peak]).toEqual([120, 120]);
});

test("kinds are what stands before the first colon, each with its own peak", () => {
  const ledger = new Ledger();
  ledger.add("weight:a:b", 3);
  ledger.add("onnxruntime", 4);
  ledger.remove("onnxruntime", 4);
  expect(ledger.byKind()).toEqual({ weight: { live: 3, peak: 3 }, onnxruntime: { live: 0, peak: 4 } });
});

test("freeing what was never added is our own fault", () => {
  const ledger = new Ledger();
  ledger.add("slot:a", 10);
  expect(() => ledger.remove("slot:a", 11)).toThrow(/^internal: 11 bytes of "slot:a"/);
  expect(() => ledger.remove("weight:a", 1)).toThrow(/^internal/);
});
