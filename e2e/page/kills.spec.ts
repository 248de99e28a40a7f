/** @file Nothing saved is lost: browsers killed in the middle of commits, a full storage, and damage that is done by hand. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test, type BrowserContext, type Page } from "@playwright/test";
import { LONG as PATIENT, times } from "../long.ts";
import { beforeWorker, droppedFiles, ONE_THREAD, servePocket, setNumbers, weightHashes } from "./nano-page.ts";
import { launchOwn } from "./own-browser.ts";
import { expectTidy, mend, openInert, readStored, spoil } from "./stored.ts";

// traces would cost more than the runs
test.use({ trace: "off" });

/** In two runs that may go on side by side, of each so many; in a short run one. */
const KILLS = times(20, 6);
/** more than the kills can save */
const STEPS = 36;

/** The pairs dropped, the settings as they are wanted, and SPIN 1 under way. */
async function begin(page: Page, origin: string, steps: number): Promise<void> {
  await page.goto(`${origin}/?backend=wasm#pairs`);
  // the first screen, which stands there for a moment, takes files too, and then is gone
  await page.getByRole("heading", { name: "Pairs", level: 1 }).waitFor();
  await page.getByLabel("Choose pictures and captions").setInputFiles(droppedFiles());
  await expect(page.getByLabel("Caption of pair 1", { exact: true })).toHaveValue("a red circle by day");
  await page.getByRole("link", { name: /^Iterate/ }).click();
  await setNumbers(page, { Steps: steps, "Pairs a step": 2, "Opponent’s steps": 2, "Probe every": 0 });
  await page.getByRole("button", { name: "Start SPIN 1" }).click();
}

/** The bytes of a run of its own that nothing disturbs. */
async function undisturbed(context: BrowserContext, origin: string, steps: number): Promise<readonly string[]> {
  await served(context);
  const page = await context.newPage();
  await begin(page, origin, steps);
  await page.getByRole("button", { name: "Start SPIN 2" }).waitFor({ timeout: LONG });
  const hashes = await weightHashes(page, 1);
  expect(hashes).toHaveLength(1);
  await page.close();
  return hashes;
}

const LONG = 240_000;

async function served(context: BrowserContext): Promise<void> {
  await servePocket(context);
  await beforeWorker(context, () => `${ONE_THREAD} (${slowDisk.toString()})();`);
}

/** What the page is told by its worker. */
interface Told {
  readonly kind: "part" | "saved";
  readonly step: number;
}

/** A disk on which each piece of a commit takes its time; of each part it is told. */
function slowDisk(): void {
  const { prototype } = IDBObjectStore;
  const put = prototype.put;
  prototype.put = function (value: unknown, key?: IDBValidKey) {
    if (typeof key === "string" && /^(part|manifest)\//.test(key)) {
      self.postMessage({ event: { kind: "part", step: 0 } });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
    return put.call(this, value, key);
  };
}

/** The page saves after every step; `told` hears of each part that is written, and of each commit. */
async function saveAlways(context: BrowserContext, told: (event: Told) => void): Promise<void> {
  await context.exposeBinding("told", (_, event: Told) => told(event));
  await context.addInitScript(() => {
    const { told: tell } = globalThis as unknown as { told: (event: Told) => void };
    globalThis.Worker = class extends Worker {
      constructor(...how: ConstructorParameters<typeof Worker>) {
        super(...how);
        this.addEventListener("message", ({ data: { event } }) => {
          if (event?.kind === "part" || event?.kind === "saved") tell({ kind: event.kind, step: event.step });
        });
      }
      override postMessage(message: { name?: string; params?: object }): void {
        const { name, params } = message;
        super.postMessage(name === "spin" ? { ...message, params: { ...params, saveEvery: 1 } } : message);
      }
    };
  });
}

/** A number that has stayed the same for six seconds: the browser clears what was deleted some time after it was. */
async function settled(read: () => Promise<number>): Promise<number> {
  let [value, alike] = [await read(), 0];
  while (alike < 6) {
    await new Promise((done) => setTimeout(done, 1000));
    const next = await read();
    alike = next === value ? alike + 1 : 0;
    value = next;
  }
  return value;
}

/** Numbers in [0, 1) that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

const HALVES = PATIENT ? [1, 2] : [1];

for (const half of HALVES)
  test(`the browser killed ${KILLS} times while it saves, ${half} of ${HALVES.length}: the newest whole checkpoint, no orphans, the same bytes`, async ({
    context: calm,
    baseURL,
  }) => {
    test.setTimeout(900_000);
    const origin = baseURL as string;
    const expected = await undisturbed(calm, origin, STEPS);
    const random = seeded(40 * half);
    const profile = mkdtempSync(path.join(tmpdir(), "spin-kills-"));
    /** kills that left parts of a checkpoint that is named by nothing */
    let torn = 0;
    /** the page was told that this step is saved */
    let saved = 0;
    /** when the first part of the commit under way was written; null: none is */
    let begunAt: number | null = null;
    /** milliseconds of a commit */
    let commit = 200;
    try {
      for (let kill = 0; kill <= KILLS; kill++) {
        begunAt = null;
        const own = await launchOwn(profile);
        try {
          let committing = (): void => {};
          await served(own.context);
          await saveAlways(own.context, ({ kind, step }) => {
            if (kind === "saved") {
              saved = step;
              commit = Date.now() - (begunAt ?? Date.now());
              begunAt = null;
            } else {
              begunAt ??= Date.now();
              committing();
            }
          });
          const page = await own.context.newPage();
          if (kill === 0) await begin(page, origin, STEPS);
          else {
            await openInert(page, origin);
            const stored = await readStored(page);
            expect(stored.damaged).toEqual([]);
            const newest = stored.steps.at(-1) ?? 0;
            expect(newest).toBeGreaterThanOrEqual(saved);
            if (stored.orphans.some((key) => key.startsWith("part/"))) torn += 1;
            await page.goto(`${origin}/?backend=wasm#iterate`);
            const where = newest === 0 ? "before its first step" : `at step ${newest} of ${STEPS}`;
            await expect(page.getByRole("main").getByText(`SPIN 1 is paused ${where}`)).toBeVisible();
            await expectTidy(page);
            await page.getByRole("button", { name: "Resume" }).click({ timeout: LONG });
          }
          if (kill === KILLS) {
            await page.getByRole("button", { name: "Start SPIN 2" }).waitFor({ timeout: LONG });
            expect(await weightHashes(page, 1)).toEqual(expected);
            await expectTidy(page);
          } else {
            // one in four somewhere on the way to a commit, the others in one, or hard by it
            if (kill % 4 !== 3) await new Promise<void>((resolve) => (committing = resolve));
            await page.waitForTimeout((kill % 4 === 3 ? 600 : 1.5 * commit) * random());
          }
        } finally {
          await own.kill();
        }
      }
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
    test.info().annotations.push({ type: "kills", description: `${torn} of ${KILLS} tore a commit` });
    // of a few it is chance
    if (PATIENT) expect(torn).toBeGreaterThan(0);
  });

test("a full storage: the page says what is safe, a person deletes an iteration there, and the run ends right", async ({
  context,
  baseURL,
}) => {
  test.setTimeout(LONG);
  const origin = baseURL as string;
  // fewer than the steps between two saves: what does not fit is the end
  const expected = await undisturbed(context, origin, 9);
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  const room = async (bytes: number): Promise<void> => {
    const usage = await settled(async () => (await session.send("Storage.getUsageAndQuota", { origin })).usage);
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: usage + bytes });
  };
  // what the opponent draws has room; the weights have not, even where all other drawings make way
  await room(60_000);
  await page.goto(`${origin}/?backend=wasm#iterate`);
  // the menu tells what can be done as it is opened: not before the project is read
  await page.getByRole("treeitem", { name: "SPIN 2", exact: true }).waitFor();
  await expect(page.getByRole("treeitem", { name: "SPIN 1", exact: true })).toContainText("9 steps");
  await page.getByRole("button", { name: "Actions of Base" }).click();
  await page.getByRole("menuitem", { name: "Branch from Base" }).click();
  await page.getByRole("button", { name: "Start SPIN 1 b" }).click({ timeout: LONG });

  const dialog = page.getByRole("dialog", { name: "This page’s storage is full." });
  await expect(dialog).toContainText("Step 9 of SPIN 1 b could not be saved.", { timeout: LONG });
  await expect(dialog).toContainText("Safe: 3 pairs, Base and SPIN 1.");
  await dialog.getByRole("button", { name: "Not now" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "This page’s storage is full." })).toBeVisible();
  // nothing of what was not saved is left to fill it
  await expectTidy(page);
  // still too little for the weights
  await room(110_000);
  await page.getByRole("button", { name: "Make room" }).click();
  await expect(dialog.getByRole("button", { name: "Delete 0 MB and go on" })).toBeDisabled();
  await dialog.getByRole("checkbox", { name: /^SPIN 1 / }).check();
  await dialog.getByRole("button", { name: /^Delete 0\.\d MB and go on$/ }).click();
  await expect(page.getByRole("treeitem", { name: "SPIN 1 b" })).toContainText("9 steps", { timeout: LONG });
  await expect(page.getByRole("treeitem", { name: "SPIN 1", exact: true })).toHaveCount(0);
  expect(await weightHashes(page, 1)).toEqual(expected);
  await expectTidy(page);
});

test("parts flipped or deleted, manifests of other schemas: the page says which and why, and uses the step before", async ({
  browser,
  context,
  baseURL,
}) => {
  test.setTimeout(LONG);
  const origin = baseURL as string;
  const STEPS_HERE = 8;
  const calm = await browser.newContext();
  const expected = await undisturbed(calm, origin, STEPS_HERE);
  await calm.close();

  await served(context);
  let page = await context.newPage();
  let enough = (): void => {};
  const third = new Promise<void>((resolve) => (enough = resolve));
  await saveAlways(context, ({ kind, step }) => {
    if (kind === "saved" && step === 3) enough();
  });
  await begin(page, origin, STEPS_HERE);
  await third;
  await page.close();
  page = await context.newPage();
  await openInert(page, origin);
  const newest = (await readStored(page)).steps.at(-1) as number;
  const alert = page.getByRole("alert");
  const paused = (step: number) =>
    page.getByRole("main").getByText(`SPIN 1 is paused at step ${step} of ${STEPS_HERE}`).first();
  const told = (fault: string): string =>
    `The checkpoint of SPIN 1 at step ${newest} cannot be used: ${fault}. Step ${newest - 1} is used instead.`;

  for (const [how, fault] of [
    ["part gone", "a part of weights.safetensors is missing"],
    ["manifest gone", "its manifest is missing"],
    ["older schema", "its manifest is not readable"],
    ["newer schema", "it was written by a newer version of the studio"],
  ] as const) {
    await spoil(page, how);
    await page.goto(`${origin}/?backend=wasm#iterate`);
    await expect(alert).toContainText(told(fault));
    await expect(paused(newest - 1)).toBeVisible();
    await openInert(page, origin);
    await mend(page);
  }

  // the list of checkpoints is made again from what they say themselves
  await spoil(page, "head gone");
  await page.goto(`${origin}/?backend=wasm#iterate`);
  await expect(paused(newest)).toBeVisible();
  await expect(alert).toHaveCount(0);

  // changed bytes show when they are read: for the node's picture, or to go on
  await openInert(page, origin);
  await mend(page);
  await spoil(page, "bit flipped");
  await page.goto(`${origin}/?backend=wasm#iterate`);
  await page.getByRole("button", { name: "Resume" }).click({ timeout: LONG });
  await expect(alert).toContainText(told("a part of weights.safetensors has changed (its sha256 differs)"));
  await page.getByRole("button", { name: "Start SPIN 2" }).waitFor({ timeout: LONG });
  expect(await weightHashes(page, 1)).toEqual(expected);
  await expectTidy(page);
});
