/** @file The page as it is served: isolated, closed to other origins, and with the adapter that the project promises. */
import { expect, test } from "@playwright/test";

test("the page is isolated, breaks no policy of its own, and asks no other origin for anything", async ({
  page,
  baseURL,
}) => {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("request", (request) => {
    const url = request.url();
    if (!/^(data|blob):/.test(url) && !url.startsWith(`${baseURL}/`)) problems.push(`asked for ${url}`);
  });
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective}`),
    ),
  );
  await page.goto("/");
  await expect(page.locator("#root > *").first()).toBeVisible();
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(await page.evaluate(() => new SharedArrayBuffer(8).byteLength)).toBe(8);
  expect(problems).toEqual([]);
});

test("inline scripts, evaluated strings and other origins are refused", async ({ page, baseURL }) => {
  await page.goto("/");
  const refused = await page.evaluate(async (origin) => {
    const script = document.createElement("script");
    script.textContent = "globalThis.inline = 1";
    document.body.append(script);
    // eval itself is let through in the debugger's own calls, a timer's string is not
    Reflect.apply(setTimeout, globalThis, ["globalThis.evaluated = 1"]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const elsewhere = origin.replace("127.0.0.1", "localhost");
    return {
      inline: !("inline" in globalThis),
      evaluated: !("evaluated" in globalThis),
      elsewhere: await fetch(elsewhere, { mode: "no-cors" }).then(
        () => false,
        () => true,
      ),
    };
  }, baseURL ?? "");
  expect(refused).toEqual({ inline: true, evaluated: true, elsewhere: true });
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
