/** @file The page as it is served: isolated, closed to other origins and to text that would be code, and with the adapter that the project promises. */
import { expect, test } from "./page/origin.ts";

test("the page is isolated, breaks no policy of its own, and asks no other origin for anything", async ({ page }) => {
  const problems: string[] = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.goto("/");
  await expect(page.locator("#root > *").first()).toBeVisible();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(await page.evaluate(() => new SharedArrayBuffer(8).byteLength)).toBe(8);
  expect(problems).toEqual([]);
});

test("everything is served under one strict policy", async ({ page }) => {
  const policies = new Set<string>();
  page.on("response", (response) => policies.add(response.headers()["content-security-policy"] ?? response.url()));
  await page.goto("/");
  await expect(page.getByRole("heading").first()).toBeVisible();
  const [policy = "", ...others] = policies;
  expect(others).toEqual([]);
  const rules = new Map(
    policy.split("; ").map((rule) => [rule.replace(/ .*/, ""), rule.replace(/^\S+ /, "").split(" ")] as const),
  );
  const closed = ["default-src", "base-uri", "form-action", "frame-ancestors"];
  expect(closed.map((name) => rules.get(name))).toEqual(closed.map(() => ["'none'"]));
  expect(rules.get("script-src")).toEqual(["'self'", "'wasm-unsafe-eval'"]);
  expect(rules.get("img-src")).toEqual(["'self'", "blob:", "data:"]);
  for (const name of ["worker-src", "style-src"]) expect(rules.get(name)).toEqual(["'self'"]);
  expect(rules.get("connect-src")).toEqual(["'self'", "https://huggingface.co", "https://*.hf.co"]);
  expect(rules.get("require-trusted-types-for")).toEqual(["'script'"]);
  expect(rules.size).toBe(11);
});

test("markup from text, inline scripts, evaluated strings and other origins are refused", async ({
  page,
  baseURL,
  heard,
}) => {
  await page.goto("/");
  const refused = await page.evaluate(async (origin) => {
    const throws = (work: () => void): boolean => {
      try {
        work();
        return false;
      } catch {
        return true;
      }
    };
    const elsewhere = origin.replace("127.0.0.1", "localhost");
    const script = document.createElement("script");
    script.append("globalThis.inline = 1");
    document.body.append(script);
    const handler = document.createElement("b");
    document.body.append(handler);
    const blob = URL.createObjectURL(new Blob(["postMessage(1)"], { type: "text/javascript" }));
    return {
      inline: !("inline" in globalThis),
      handler: throws(() => handler.setAttribute("onclick", "globalThis.inline = 1")),
      markup: throws(() => (handler.innerHTML = "<img src=x onerror=alert(1)>")),
      // eval itself is let through in the debugger's own calls, a timer's string is not
      evaluated: throws(() => void Reflect.apply(setTimeout, globalThis, ["globalThis.evaluated = 1"])),
      "a worker from elsewhere": throws(() => new Worker(`${elsewhere}/x.js`)),
      "a worker from a blob": throws(() => new Worker(blob)),
      elsewhere: await fetch(elsewhere, { mode: "no-cors" }).then(
        () => false,
        () => true,
      ),
    };
  }, baseURL ?? "");
  expect(Object.entries(refused).filter(([, is]) => !is)).toEqual([]);
  // the guard of all specs has heard it too
  await expect.poll(() => heard.filter((line) => line.startsWith("policy:")).length).toBeGreaterThan(4);
  heard.length = 0;
});

test("the webgpu project has an adapter, lavapipe with float16", async ({ page }, { project }) => {
  test.skip(project.name !== "webgpu", "the wasm project promises none");
  test.skip(project.metadata["gpu"] === "none", "this machine has no WebGPU at all");
  await page.goto("/");
  const adapter = await page.evaluate(async () => {
    const found = await navigator.gpu?.requestAdapter();
    return found ? { features: [...found.features], binding: found.limits.maxStorageBufferBindingSize } : null;
  });
  expect(adapter?.binding).toBeGreaterThanOrEqual(128 * 2 ** 20);
  expect(adapter?.features.includes("shader-f16")).toBe(project.metadata["gpu"] === "lavapipe");
});
