/**
 * @file How long pocket takes in a real Chromium: `tsx e2e/page/times.ts [wasm|webgpu] [--quick]`. Prints seconds: to open the model,
 * for one picture of 50 steps (the second, when everything is compiled), and with --quick for an iteration of the preset for a
 * newcomer, opponents included. Calls the engine in its worker as the page does.
 */
import { chromium } from "@playwright/test";
import { createServer } from "vite";
import { browserArgs, ensureChromium } from "../browser.ts";

const words = process.argv.slice(2);
const backend = words.includes("webgpu") ? "webgpu" : "wasm";
const quick = words.includes("--quick");

const server = await createServer({ logLevel: "error", server: { host: "127.0.0.1", port: 0 } });
await server.listen();
const browser = await chromium.launch({ executablePath: ensureChromium(), args: browserArgs() });
try {
  const page = await browser.newPage();
  // tsx gives every function its name by a helper that the page does not have.
  await page.addInitScript("globalThis.__name = (f) => f");
  // The page itself only pretends: its own engine would compete for the processor.
  await page.goto(`${server.resolvedUrls?.local[0]}?fake=calm`, { timeout: 120_000 });
  const times = await page.evaluate(
    async ({ backend, quick }) => {
      const source = "/src/studio/client.ts";
      const { startStudio } = (await import(source)) as typeof import("../../src/studio/client.ts");
      const studio = startStudio();
      const project = "times";
      const seconds = async <T>(work: () => Promise<T>): Promise<readonly [number, T]> => {
        const start = performance.now();
        const result = await work();
        return [Number(((performance.now() - start) / 1000).toFixed(2)), result];
      };
      const [open, model] = await seconds(() => studio.call("open", { backend, model: "pocket" }));
      // each from other seeds: a picture that was drawn before is found again
      let seed = 42;
      const pictures = async (count: number): Promise<number> => {
        const prompts = Array.from({ length: count }, () => "a red circle beside a blue square at night");
        const seeds = prompts.map(() => seed++);
        const sampling = { negativePrompt: "", steps: 50, guidance: model.guidance };
        return (await seconds(() => studio.call("draw", { project, node: "base", prompts, seeds, ...sampling })))[0];
      };
      const first = await pictures(1);
      const times = { threads: navigator.hardwareConcurrency, open, first, picture: await pictures(1) };
      if (!quick) return times;
      const [settings] = model.presets[0]?.settings ?? [];
      if (!settings) throw new Error("the model has no preset");
      await studio.call("setPairs", { project, pairs: await studio.call("samplePairs", { count: 256 }) });
      const grown = await studio.call("grow", { project, parent: "base", opponent: "base", name: null, settings });
      const [iteration] = await seconds(() => studio.call("spin", { project, node: grown.id, saveEvery: 10 }));
      return { ...times, iteration };
    },
    { backend, quick } as const,
  );
  console.log(JSON.stringify({ backend, ...times }));
} finally {
  await browser.close();
  await server.close();
}
