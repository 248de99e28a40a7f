/**
 * @file What a run survives besides a reload: a GPU process that is killed, a device that is lost, a worker that dies, numbers past
 * all bounds, a hidden tab, a clock that jumps. "The bytes of an undisturbed run" are those of a sibling: a branch from the same
 * parent with the same settings.
 */
import { expect, type Page, test, type Worker } from "@playwright/test";
import { beforeWorker, droppedFiles, ONE_THREAD, servePocket, setNumbers } from "./nano-page.ts";
import { faults, NARROW } from "./sound.ts";
import { finished } from "./stored.ts";

const on = (): string => test.info().project.name;
const LONG = { timeout: 240_000 };

/** What is to happen in the worker right after the news of a step. */
type Fate = "destroy" | "throw" | "linger";

/** What the worker runs first: it keeps the devices, and lets the fate of a step be set from outside. */
function fates(): void {
  const made: GPUDevice[] = [];
  const inWorker = self as unknown as { fate: typeof destiny; postMessage: typeof postMessage };
  if ("GPUAdapter" in self) {
    const { prototype } = GPUAdapter;
    const request = prototype.requestDevice;
    prototype.requestDevice = async function (options) {
      const device = await request.call(this, options);
      made.push(device);
      return device;
    };
  }
  const post = inWorker.postMessage.bind(self) as (...rest: unknown[]) => void;
  inWorker.postMessage = (...rest: unknown[]) => {
    post(...rest);
    const { event } = rest[0] as { event?: { kind: string; report: { step: number } } };
    if (event?.kind !== "step" || event.report.step !== inWorker.fate?.[0]) return;
    const [, fate] = inWorker.fate;
    inWorker.fate = null;
    if (fate === "destroy") made.at(-1)?.destroy();
    if (fate === "throw") setTimeout(() => (undefined as unknown as () => void)());
    // time for what is done to its process
    if (fate === "linger") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  };
}

/** What the next worker is born with. */
let destiny: readonly [step: number, fate: Fate] | null = null;

const setFate = (page: Page, step: number, fate: Fate) =>
  gpuWorker(page).evaluate((given) => void Object.assign(self, { fate: given }), [step, fate] as const);

/** The worker that has the device now. */
function gpuWorker(page: Page): Worker {
  const worker = page.workers().findLast((each) => each.url().includes("gpu.worker"));
  if (worker === undefined) throw new Error("no gpu worker runs");
  return worker;
}

async function begin(
  page: Page,
  numbers: Readonly<Record<string, number>>,
  fate?: readonly [step: number, fate: Fate],
): Promise<void> {
  await page.goto(`/?backend=${on()}#pairs`);
  await expect(page.getByText(`Pocket, ${on() === "wasm" ? "WebAssembly" : "WebGPU"}`)).toBeVisible(LONG);
  await page.getByLabel("Choose pictures and captions").setInputFiles(droppedFiles());
  await expect(page.getByLabel("Caption of pair 1", { exact: true })).toHaveValue("a red circle by day");
  await page.getByRole("link", { name: /^Iterate/ }).click();
  await setNumbers(page, { "Pairs a step": 1, "Opponent’s steps": 2, "Probe every": 0, ...numbers });
  await page.getByRole("switch", { name: "Safeguard" }).uncheck();
  if (fate !== undefined) await setFate(page, ...fate);
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
  await page.getByLabel("Draw as it trains").uncheck();
}

/** Starts the run again, beside the first. */
async function branch(page: Page, name: string): Promise<void> {
  await page.getByRole("treeitem", { name: "Base", exact: true }).click();
  await page.getByRole("button", { name: "Branch from Base" }).click();
  await page.getByRole("button", { name: `Start ${name}` }).click();
}

const atStep = (page: Page, least: number) =>
  expect
    .poll(async () => Number(/Step(\d+) of/.exec((await page.locator(".facts").textContent()) ?? "")?.[1] ?? 0), LONG)
    .toBeGreaterThanOrEqual(least);

const kept = (page: Page) => expect(page.getByRole("button", { name: "Start SPIN 2" })).toBeVisible(LONG);

/** What a browser does to a page that nobody sees: no frames, a timer a minute. Playwright's own pages always count as seen. */
const hide = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const MINUTE = 60_000;
    const { setTimeout: wait, setInterval: repeat } = globalThis;
    Object.defineProperties(document, { visibilityState: { value: "hidden" }, hidden: { value: true } });
    Object.assign(globalThis, {
      setTimeout: (work: () => void, ms = 0) => wait(work, Math.max(ms, MINUTE)),
      setInterval: (work: () => void, ms = 0) => repeat(work, Math.max(ms, MINUTE)),
      requestAnimationFrame: () => 0,
    });
    document.dispatchEvent(new Event("visibilitychange"));
  });

test.beforeEach(async ({ context }) => {
  destiny = null;
  await servePocket(context);
  await beforeWorker(context, () => `${ONE_THREAD} (${fates.toString()})(); self.fate = ${JSON.stringify(destiny)};`);
});

test("a killed GPU process, and the new device lost at once: the bytes of an undisturbed run", async ({
  browser,
  page,
}) => {
  test.skip(on() !== "webgpu", "wasm has no device to lose");
  test.setTimeout(1_800_000);
  await begin(page, { Steps: 16 });
  await kept(page);
  await setFate(page, 12, "linger");
  destiny = [12, "destroy"];
  await branch(page, "SPIN 1 b");
  await atStep(page, 12);
  const cdp = await browser.newBrowserCDPSession();
  await cdp.send("Browser.crashGpuProcess").catch(() => undefined);
  const told = page.getByRole("status").filter({ hasText: /The GPU stopped answering at step 1\d\./ });
  // a fast machine is back before anybody could have read that it is started anew
  await expect(told).toContainText(/The GPU is (started anew|back) and SPIN 1 b (goes|went) on from step 10\./);
  await expect(told).toContainText("The GPU is back and SPIN 1 b went on from step 10.", LONG);

  destiny = null;
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("The GPU stopped answering again, at step 12.", LONG);
  await expect(alert).toContainText("Safe: 3 pairs, Base and SPIN 1. SPIN 1 b is saved up to step 10.");
  await expect(alert.getByRole("timer")).toHaveText(/^Trying again in ([1-9]|10) seconds?\.$/);
  await alert.getByRole("button", { name: "Try now" }).click();
  await expect(alert).toBeHidden();
  await kept(page);
  const [calm, lost, ...none] = await finished(page);
  expect(none).toEqual([]);
  expect(calm?.weights).toHaveLength(1);
  expect(lost).toEqual(calm);
});

test("a true pause, a worker that dies, a hidden tab, a date that jumps: the bytes of an undisturbed run", async ({
  page,
}) => {
  test.skip(on() !== "wasm", "once is enough");
  test.setTimeout(900_000);
  await page.addInitScript(() => {
    const { now } = Date;
    Date.now = () => now() + ((globalThis as { jump?: number }).jump ?? 0);
  });
  await begin(page, { Steps: 16 });
  await kept(page);

  await setFate(page, 3, "linger");
  await branch(page, "SPIN 1 b");
  await test.step("it pauses, the model can be tried, and it goes on", async () => {
    await atStep(page, 3);
    await page.getByRole("button", { name: /^Pause/ }).click();
    await expect(page.getByText(/^SPIN 1 b is paused at step [34] of 16\. Closing/)).toBeVisible(LONG);
    await page.getByLabel("Try a prompt").fill("a red ring");
    await page.getByRole("button", { name: "Draw", exact: true }).click();
    await expect(page.getByRole("button", { name: "Draw", exact: true })).toBeEnabled(LONG);
    await expect(page.getByRole("figure").filter({ hasText: "a red ring" }).locator("canvas")).toHaveCount(2);
  });
  await test.step("the worker dies of an error that nobody caught", async () => {
    await setFate(page, 12, "throw");
    destiny = [14, "linger"];
    await page.getByRole("button", { name: /^Resume/ }).click();
    await expect(page.getByText("The engine is back and SPIN 1 b went on from step 10.")).toBeVisible(LONG);
  });
  await test.step("the date is set a day forth, and two back: the time left is that of two steps", async () => {
    await atStep(page, 14);
    for (const days of [1, -2]) {
      await page.evaluate((jump) => Object.assign(globalThis, { jump }), days * 86_400_000);
      await page.waitForTimeout(1100); // what is counted is told anew every second
      await expect(page.locator(".facts")).toHaveText(/Left(about |\d+ to )?\d+ (s|min)Speed/);
      await expect(page.locator(".facts")).toHaveText(/Savedstep 10, (just now|\d+ (s|min) ago)/);
    }
  });
  await test.step("hidden, it goes on to its end", () => hide(page));
  await kept(page);
  const [calm, lost, ...none] = await finished(page);
  expect(none).toEqual([]);
  expect(calm?.weights).toHaveLength(1);
  expect(lost).toEqual(calm);
});

/** Writes the settings of every node in storage, as no field of the page would take them. */
async function setInStorage(page: Page, settings: Readonly<Record<string, number>>): Promise<void> {
  await page.evaluate(async (given) => {
    const opening = indexedDB.open("spin-studio");
    const db = await new Promise<IDBDatabase>((resolve) => {
      opening.onsuccess = () => resolve(opening.result);
    });
    const store = db.transaction("keyval", "readwrite").objectStore("keyval");
    await new Promise<void>((resolve) => {
      store.openCursor(IDBKeyRange.bound("node/", "node/~")).onsuccess = ({ target }) => {
        const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result;
        if (cursor === null) return resolve();
        const node = cursor.value as { settings: object };
        cursor.update({ ...node, settings: { ...node.settings, ...given } });
        cursor.continue();
      };
    });
    db.close();
  }, settings);
}

test("numbers past all bounds: it stops, the last good step is kept, and the cause is told", async ({ page }) => {
  test.skip(on() !== "wasm", "once is enough");
  test.setTimeout(900_000);
  await begin(page, { Steps: 14 }, [10, "linger"]);
  await atStep(page, 10);
  await page.getByRole("button", { name: /^Pause/ }).click();
  const resting = page.getByText(/^SPIN 1 is paused at step 1[01] of 14\. Closing/);
  await expect(resting).toBeVisible(LONG);
  const step = Number(/step (\d+)/.exec(await resting.innerText())?.[1]);
  // the weights of the next step are beyond float32 in any product: those of a real run that goes wrong, only sooner
  await setInStorage(page, { learningRate: 1e30 });
  await page.reload();
  await page.getByRole("link", { name: /^Iterate/ }).click();
  await page.getByRole("button", { name: /^Resume/ }).click(LONG);

  const alert = page.getByRole("alert");
  await expect(alert).toContainText(`SPIN 1 stopped after step ${step + 1}: its numbers grew past all bounds.`, LONG);
  await expect(alert).toContainText(`SPIN 1 up to step ${step}. The usual cause is a learning rate that is too high`);
  await alert.getByRole("button", { name: `Keep it as of step ${step}` }).click();
  await kept(page);
  expect(await finished(page)).toMatchObject([{ steps: step }]);
});

test("a second loss in a row: a countdown, and a person may stop it; every state is clean for axe", async ({
  page,
}) => {
  test.skip(on() !== "wasm", "the engine is made up");
  for (const [words, state] of [
    ["lost", /^The GPU stopped answering at step 12\./],
    ["lost-again", /^The GPU stopped answering again, at step 12\./],
  ] as const) {
    await page.goto(`/?fake=fast,${words}#pairs`);
    await page.getByRole("button", { name: "Use the 48 sample pairs" }).click();
    await page.getByRole("link", { name: /^Iterate/ }).click();
    await page.getByRole("button", { name: "Start SPIN 1" }).click();
    await expect(page.getByRole("heading", { name: state })).toBeVisible();
    if (words === "lost-again") {
      await expect(page.getByRole("timer")).toHaveText(/^Trying again in \d+ seconds?\.$/);
      const seconds = async () => Number(/\d+/.exec(await page.getByRole("timer").innerText())?.[0]);
      const before = await seconds();
      await expect.poll(seconds).toBeLessThan(before);
      expect(await faults(page, words, [NARROW])).toEqual([]);
      await page.getByRole("button", { name: "Stay stopped" }).click();
      await expect(page.getByText(/^SPIN 1 is paused at step 12 of/).first()).toBeVisible();
      await page.getByRole("button", { name: /^Resume/ }).click();
    } else expect(await faults(page, words, [NARROW])).toEqual([]);
    await kept(page);
    await page.evaluate(() => sessionStorage.clear());
  }
});
