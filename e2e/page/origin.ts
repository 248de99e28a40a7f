/**
 * @file Playwright's `test` with a guard that no spec has to think of: a request that leaves the origin, something that the page's
 * policy forbids, or an error that nobody caught fails the test in which it happens, in whatever page or worker.
 */
import { type BrowserContext, test as base } from "@playwright/test";

export { expect } from "@playwright/test";

/** What is heard from now on, a line each; for contexts that a spec opens itself. */
export function listen(context: BrowserContext, origin: string): readonly string[] {
  const heard: string[] = [];
  const leaves = (url: string): boolean =>
    !url.startsWith(`${origin}/`) && !/^(data:|about:)/.test(url) && !url.startsWith(`blob:${origin}/`);
  context.on("request", (request) => {
    if (leaves(request.url())) heard.push(`request: ${request.url()}`);
  });
  // the browser writes what a policy forbids to the console, for pages and workers alike
  context.on("console", (message) => {
    if (/violates the following|Content Security Policy|Trusted ?(Type|HTML|Script)/.test(message.text()))
      heard.push(`policy: ${message.text()}`);
  });
  context.on("weberror", (error) => heard.push(`error: ${error.error().message}`));
  const watch = (page: ReturnType<BrowserContext["pages"]>[number]): void => {
    page.on("websocket", (socket) => heard.push(`socket: ${socket.url()}`));
  };
  context.pages().forEach(watch);
  context.on("page", watch);
  return heard;
}

interface Guard {
  /** what was heard until now; a test that provokes something looks and empties it */
  readonly heard: string[];
}

export const test = base.extend<Guard>({
  heard: [
    async ({ context, baseURL }, use) => {
      const heard = listen(context, baseURL ?? "") as string[];
      await use(heard);
      base.expect(heard, "leaves the origin, breaks the policy, or throws").toEqual([]);
    },
    { auto: true },
  ],
});
