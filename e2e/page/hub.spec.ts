/** @file A model from the hub: asked for by a click, resumed after whatever breaks off, checked, opened, kept, deleted. */
import type { Page } from "@playwright/test";
import { COMMIT } from "../hub-server.ts";
import { expect, hubRequests, REPO, test } from "./hub-page.ts";
import { beforeWorker, ONE_THREAD, servePocket } from "./nano-page.ts";

const WEIGHTS = "unet/diffusion_pytorch_model.safetensors";
const CUT = 20_000;

test.beforeEach(async ({ context }) => {
  await servePocket(context);
  await beforeWorker(context, () => ONE_THREAD);
});

const ready = (page: Page) => expect(page.getByText(/weights, ready/)).toBeVisible({ timeout: 120_000 });
const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });

/** Before the model that is open has been opened: a download waits for nothing. */
async function fromHub(page: Page): Promise<void> {
  await page.goto("/?backend=wasm");
  await page.getByRole("radio", { name: /^Stable Diffusion 1.5 from the hub/ }).click();
}

async function look(page: Page, address = REPO): Promise<void> {
  await page.getByLabel("Name or address at huggingface.co").fill(address);
  await button(page, "Look it up").click();
}

/** Bytes of all files below hub/ in the browser's own file system; one that is replaced while they are counted counts nothing. */
function stored(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const sizeOf = async (entry: FileSystemHandle): Promise<number> => {
      if (entry.kind === "file") {
        const file = await (entry as FileSystemFileHandle).getFile().catch(() => null);
        return file?.size ?? 0;
      }
      let size = 0;
      for await (const inside of (entry as FileSystemDirectoryHandle).values()) size += await sizeOf(inside);
      return size;
    };
    return sizeOf(await (await navigator.storage.getDirectory()).getDirectoryHandle("hub", { create: true }));
  });
}

test("looked up, downloaded through a connection that breaks, opened, there again on the next visit, and deleted", async ({
  page,
  hub,
  heard,
}) => {
  await fromHub(page);
  await ready(page);
  expect(hubRequests(heard)).toEqual([]);
  await expect(page.getByText("0 bytes sent")).toBeVisible();
  await look(page, `https://huggingface.co/${REPO}/tree/main`);
  const offer = page.getByRole("group", { name: REPO });
  await expect(offer.getByText(`main at ${COMMIT.slice(0, 8)}`)).toBeVisible();
  await expect(offer.getByRole("listitem")).toHaveCount(9);
  expect(await stored(page)).toBe(0);

  hub.asked.length = 0;
  hub.manners = ({ path, before }) => (path === WEIGHTS && before === 0 ? { cutAfter: CUT } : undefined);
  await button(page, /^Download/).click();
  await expect(page.getByRole("group", { name: "my-fine-tune" }).getByText(/^9 files, .* weights$/)).toBeVisible({
    timeout: 120_000,
  });
  expect(hub.asked.filter(({ path }) => path === WEIGHTS).map(({ range }) => range)).toEqual([null, `bytes=${CUT}-`]);
  expect(hubRequests(heard).length).toBeGreaterThan(9);
  await expect(page.getByText(/^0 bytes of yours sent, \d+ requests to the hub$/)).toBeVisible();
  await button(page, "Open this model").click();
  await expect(page.getByRole("radio", { name: /^my-fine-tune/ })).toBeChecked({ timeout: 120_000 });
  await ready(page);

  await page.reload();
  await ready(page);
  await expect(page.getByRole("radio", { name: /^my-fine-tune/ })).toBeChecked();
  await page.getByRole("radio", { name: /^Pocket/ }).click();
  await ready(page);
  await page.getByRole("radio", { name: /^Stable Diffusion 1.5 from the hub/ }).click();
  await button(page, `Delete ${REPO} from this browser`).click();
  await expect.poll(() => stored(page)).toBe(0);
  await page.getByRole("radio", { name: /^my-fine-tune/ }).click();
  await expect(
    page.getByText(/my-fine-tune was downloaded from the hub, and is no longer in this browser/),
  ).toBeVisible();
  expect(hubRequests(heard)).toEqual([]);
});

test("paused, and left by a closed tab: the next one goes on where the part stands", async ({
  page,
  context,
  hub,
  heard,
}) => {
  hub.manners = ({ path, range }) =>
    path === WEIGHTS && !/-\d+$/.test(range ?? "") ? { silentAfter: CUT } : undefined;
  await fromHub(page);
  await look(page, `${REPO}@${COMMIT}`);
  await button(page, /^Download/).click();
  await expect.poll(() => hub.asked.at(-1)?.path).toBe(WEIGHTS);
  await expect.poll(() => stored(page)).toBeGreaterThan(CUT);
  await button(page, "Pause").click();
  await button(page, "Go on").click();
  await expect.poll(() => hub.asked.at(-1)?.range).toBe(`bytes=${CUT}-`);
  await page.close();

  hub.asked.length = 0;
  hub.manners = () => undefined;
  const next = await context.newPage();
  await fromHub(next);
  expect(hub.asked).toEqual([]);
  await button(next, "Go on").click();
  await expect(next.getByRole("group", { name: "my-fine-tune" }).getByText(/^9 files, /)).toBeVisible({
    timeout: 120_000,
  });
  expect(hub.asked[0]).toMatchObject({ path: WEIGHTS, range: expect.stringMatching(/^bytes=\d{5,}-$/) });
  expect(hub.asked.filter(({ path }) => path === "tokenizer/vocab.json")).toEqual([]);
  hubRequests(heard);
});

test("what the hub refuses, what the policy forbids, what there is no room for: each in its own words, and nothing is lost", async ({
  page,
  hub,
  heard,
}) => {
  await fromHub(page);
  const alert = page.locator(".hub").getByRole("alert");
  await look(page, "no model");
  await expect(alert).toContainText("Nothing was asked of the hub");
  await look(page, "someone/else");
  await expect(alert).toContainText("no public model someone/else");
  hub.manners = () => ({ status: 401, headers: { "X-Error-Code": "GatedRepo" } });
  await look(page);
  await expect(alert).toContainText("signs in nowhere");
  hubRequests(heard);

  hub.manners = () => ({ redirect: "https://example.org/weights" });
  await look(page);
  await expect(alert).toContainText("a host that the page’s own policy does not allow");
  hubRequests(heard);
  expect(heard.filter((line) => !line.includes("example.org") && !line.startsWith("policy:"))).toEqual([]);
  heard.length = 0;

  hub.manners = ({ path, range }) => (path === WEIGHTS && range === null ? { silentAfter: CUT } : undefined);
  await look(page);
  await button(page, /^Download/).click();
  await expect.poll(() => stored(page)).toBeGreaterThan(CUT);
  await button(page, "Pause").click();
  await button(page, "Go on").waitFor();
  const devtools = await page.context().newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1000 });
  await button(page, "Go on").click();
  await expect(alert).toContainText("no room for more of this model");
  expect(await stored(page)).toBeGreaterThan(CUT);
  await devtools.send("Storage.overrideQuotaForOrigin", { origin });
  await button(page, "Go on").click();
  await expect(page.getByRole("group", { name: "my-fine-tune" }).getByText(/^9 files, /)).toBeVisible({
    timeout: 120_000,
  });
  hubRequests(heard);
});
