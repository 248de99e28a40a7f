/** @file Run as a program, `probe-browser EXECUTABLE ARGUMENTS…`: prints the features of the adapter that a page gets, as JSON. */
import { createServer } from "node:http";
import { chromium } from "@playwright/test";

const [executablePath = "", ...args] = process.argv.slice(2);
// WebGPU needs a secure context, and a page on localhost is one
const server = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html>"));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const browser = await chromium.launch({ executablePath, args });
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as { port: number }).port}/`);
  const features = await page.evaluate(async () => {
    const adapter = await navigator.gpu?.requestAdapter();
    const device = await adapter?.requestDevice();
    return device && adapter ? [...adapter.features] : null;
  });
  process.stdout.write(JSON.stringify(features));
} finally {
  await browser.close();
  server.close();
}
