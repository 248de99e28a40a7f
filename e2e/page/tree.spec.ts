/** @file The tree of iterations on the engine that only pretends: each thing that is done with a node, by mouse and by keys alone. */
import type { Locator, Page } from "@playwright/test";
import { PRESETS } from "../../src/app/fake/made-up.ts";
import { expect, test } from "./origin.ts";

const [SETTINGS] = PRESETS[0]?.settings ?? [];

interface Grown {
  readonly parent: string;
  readonly iteration: number;
  readonly state?: "begun" | "kept" | "gone";
  readonly step?: number;
  readonly deleted?: string;
  readonly name?: string;
  readonly train?: "lora";
}

/** A project with this tree, in the memory of the pretending engine. */
async function project(page: Page, nodes: readonly Grown[], words = "fast"): Promise<Locator> {
  const text = JSON.stringify({
    pairs: Array.from({ length: 12 }, (_, at) => {
      const id = `sample-${at}`;
      return { id, caption: `a ${["red", "blue", "teal"][at % 3]} circle above square ${at}`, side: 64, pixels: null };
    }),
    nodes: nodes.map(({ parent, iteration, state, step, deleted, name, train }, at) => ({
      id: `node-${at + 1}`,
      parent,
      opponent: parent,
      iteration,
      number: at + 1,
      name: name ?? null,
      settings: train ? { ...SETTINGS, train } : SETTINGS,
      createdAt: "2026-11-24T12:00:00.000Z",
      state: state ?? "kept",
      step: step ?? 60,
      of: 60,
      bytes: state === "gone" ? 0 : 16_500_000,
      deleted: deleted ?? null,
      brought: null,
    })),
    reports: {},
    votes: [],
  });
  await page.addInitScript((saved) => {
    if (sessionStorage.getItem("spin-studio.fake") === null) sessionStorage.setItem("spin-studio.fake", saved);
  }, text);
  await page.goto(`/?fake=${words}#iterate`);
  const tree = page.getByRole("tree", { name: "Iterations" });
  await expect(tree.getByRole("treeitem", { name: "Base" })).toBeVisible();
  return tree;
}

const CHAIN: readonly Grown[] = [
  { parent: "base", iteration: 1 },
  { parent: "node-1", iteration: 2 },
];

const BRANCH: Grown = { parent: "node-1", iteration: 2, state: "begun", step: 20, name: "SPIN 2 b" };

const item = (tree: Locator, name: string): Locator => tree.getByRole("treeitem", { name, exact: true });

/** The next iteration takes four steps: on its screen, before it starts. */
async function short(page: Page): Promise<void> {
  await page.getByText("Settings: Quick").click();
  await page.getByLabel("Steps", { exact: true }).fill("4");
}

async function choose(tree: Locator, node: string, action: string | RegExp): Promise<void> {
  await tree.getByRole("button", { name: `Actions of ${node}`, exact: true }).click();
  await tree.page().getByRole("menuitem", { name: action }).click();
}

test("every node shows prompt 1, its steps and what it costs, and hangs where it came from", async ({ page }) => {
  const tree = await project(page, [...CHAIN, BRANCH]);
  await expect(tree.getByRole("treeitem")).toHaveCount(4);
  await expect(tree.locator("canvas")).toHaveCount(4);
  await expect(item(tree, "SPIN 1")).toHaveAttribute("aria-level", "2");
  await expect(item(tree, "SPIN 2")).toHaveAccessibleDescription("against SPIN 1 60 steps, 17 MB");
  await expect(tree.getByRole("treeitem").nth(2)).toHaveAccessibleDescription("paused, 20 of 60 17 MB");
  await expect(tree.getByRole("treeitem").nth(2)).toHaveAttribute("aria-setsize", "2");
  await expect(page.getByText("3 iterations, 50 MB on this computer.")).toBeVisible();
});

test("the primary button starts from the newest, branches from another, and says that it is a branch", async ({
  page,
}) => {
  const tree = await project(page, CHAIN);
  await expect(page.getByRole("button", { name: "Start SPIN 3" })).toBeEnabled();
  await item(tree, "SPIN 1").click();
  await expect(item(tree, "SPIN 1")).toHaveAttribute("aria-selected", "true");
  await page.getByRole("button", { name: "Branch from SPIN 1" }).click();
  await expect(page.getByText("SPIN 2 b is a branch: it starts from SPIN 1")).toBeVisible();
  await expect(item(tree, "SPIN 2 b")).toHaveAccessibleDescription("next");
  await short(page);
  await page.getByRole("button", { name: "Start SPIN 2 b" }).click();
  await expect(page.getByRole("button", { name: "Start SPIN 3" })).toBeEnabled();
  await page.reload();
  await expect(item(tree, "SPIN 2 b")).toHaveAttribute("aria-level", "3");
  await expect(item(tree, "SPIN 2 b")).toHaveAccessibleDescription(/^the opponent now|^against SPIN 1/);
  await item(tree, "Base").click();
  await page.getByRole("button", { name: "Branch from Base" }).click();
  await expect(page.getByRole("button", { name: "Start SPIN 1 b" })).toBeVisible();
  await page.getByRole("button", { name: "Go on from SPIN 2 b instead" }).click();
  await expect(page.getByRole("button", { name: "Start SPIN 3" })).toBeVisible();
});

test("any kept node serves as opponent; the parent does unless another is chosen", async ({ page }) => {
  const tree = await project(page, CHAIN);
  await choose(tree, "SPIN 2", "Play against…");
  const dialog = page.getByRole("dialog", { name: "Who SPIN 3 plays against" });
  await expect(dialog.getByRole("radio", { name: /^SPIN 2/ })).toBeChecked();
  await dialog.getByRole("radio", { name: /^Base/ }).check();
  await dialog.getByRole("button", { name: "Play against Base" }).click();
  await expect(page.getByText("SPIN 3 will play against Base. It starts as a copy of SPIN 2")).toBeVisible();
  await expect(item(tree, "Base")).toHaveAccessibleDescription("the opponent now");
  await short(page);
  await page.getByRole("button", { name: "Start SPIN 3" }).click();
  await page.getByRole("button", { name: "Start SPIN 4" }).waitFor();
  await page.reload();
  await item(tree, "SPIN 2").click();
  await expect(item(tree, "SPIN 3")).toHaveAccessibleDescription(/^against Base/);
});

test("a deletion is undone, or its space freed at once; what came from it stays and shows it as gone", async ({
  page,
}) => {
  const tree = await project(page, CHAIN);
  await choose(tree, "SPIN 1", "Delete");
  await expect(page.getByText("SPIN 1 is deleted.")).toBeVisible();
  await expect(page.getByText("It frees 17 MB when you leave the page.")).toBeVisible();
  await expect(item(tree, "SPIN 1")).toHaveAccessibleDescription("deleted frees 17 MB");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("SPIN 1 is deleted.")).toHaveCount(0);
  await expect(item(tree, "SPIN 1")).toHaveAccessibleDescription(/60 steps, 17 MB/);
  await choose(tree, "SPIN 1", "Delete");
  await page.getByRole("button", { name: "Close" }).click();
  await choose(tree, "SPIN 1", "Free 17 MB now");
  await expect(item(tree, "SPIN 1")).toHaveAccessibleDescription("gone");
  await expect(page.getByText("1 iteration, 17 MB on this computer.")).toBeVisible();
  await choose(tree, "SPIN 2", "Delete");
  await page.reload();
  await expect(tree.getByRole("treeitem")).toHaveCount(2);
  await expect(item(tree, "SPIN 1")).toHaveAccessibleDescription("next");
});

test("a node is renamed and exported", async ({ page }) => {
  const tree = await project(page, CHAIN);
  await choose(tree, "SPIN 2", "Rename…");
  await page.getByRole("textbox", { name: "Name" }).fill("Warm light");
  await page.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByRole("heading", { name: "Warm light" })).toBeVisible();
  await page.reload();
  await expect(item(tree, "Warm light")).toBeVisible();
  await choose(tree, "Warm light", "Export…");
  const dialog = page.getByRole("dialog", { name: "Export Warm light" });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    dialog.getByRole("button", { name: "Weights of the UNet" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("node-2.safetensors");
  await expect(dialog.getByRole("status")).toContainText("is in your downloads");
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(dialog).toHaveCount(0);
});

test("a LoRA is exported for most programs, or for diffusers", async ({ page }) => {
  const tree = await project(page, [
    { parent: "base", iteration: 1, train: "lora" },
    { parent: "node-1", iteration: 2, train: "lora" },
    { parent: "base", iteration: 1, name: "Whole" },
    { parent: "node-3", iteration: 2, train: "lora", name: "Over it" },
  ]);
  await choose(tree, "SPIN 1", "Export…");
  const dialog = page.getByRole("dialog", { name: "Export SPIN 1" });
  await expect(dialog.getByRole("button", { name: "Weights of the UNet" })).toHaveCount(0);
  for (const name of ["LoRA for A1111, ComfyUI and others", "LoRA for diffusers"]) {
    const [download] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("button", { name }).click()]);
    expect(download.suggestedFilename()).toBe("node-1.safetensors");
    await expect(dialog.getByRole("status")).toContainText("is in your downloads");
  }
  await expect(page.getByText("This LoRA lies over")).toHaveCount(0);
  await dialog.getByRole("button", { name: "Close" }).click();
  await choose(tree, "SPIN 2", "Export…");
  await expect(page.getByRole("dialog", { name: "Export SPIN 2" })).toBeVisible();
  await expect(page.getByText("This LoRA lies over")).toHaveCount(0);
  await page.getByRole("button", { name: "Close" }).click();
  await choose(tree, "Over it", "Export…");
  await expect(page.getByText("This LoRA lies over the weights of Whole.")).toBeVisible();
});

test("by keys alone: walk, fold, open, rename, delete, take back, and the menu", async ({ page }) => {
  const tree = await project(page, [...CHAIN, { ...BRANCH, state: "kept" }]);
  const on = (name: string) => expect(item(tree, name)).toBeFocused();
  await page.getByRole("main").focus();
  await page.keyboard.press("Tab");
  await on("SPIN 2 b"); // the one that is looked at
  await page.keyboard.press("Home");
  await on("Base");
  await page.keyboard.press("End");
  await on("SPIN 2");
  await page.keyboard.press("ArrowUp");
  await on("SPIN 3"); // what is next
  await page.keyboard.press("ArrowLeft");
  await on("SPIN 2 b");
  await page.keyboard.press("ArrowLeft");
  await expect(item(tree, "SPIN 3")).toHaveCount(0);
  await expect(item(tree, "SPIN 2 b")).toHaveAccessibleDescription(/1 hidden$/);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await on("SPIN 3");
  await page.keyboard.press("b");
  await on("Base");
  await page.keyboard.press("s");
  await on("SPIN 1");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#iterate\/1$/);
  await expect(page.getByRole("heading", { name: "SPIN 1" })).toBeVisible();
  await page.keyboard.press("F2");
  await page.keyboard.type("Soft");
  await page.keyboard.press("Enter");
  await on("Soft");
  await page.keyboard.press("Delete");
  await expect(page.getByText("Soft is deleted.")).toBeVisible();
  await on("Soft");
  await page.keyboard.press("Control+z");
  await expect(page.getByText("Soft is deleted.")).toHaveCount(0);
  await page.keyboard.press("Shift+F10");
  await expect(page.getByRole("menuitem", { name: "Branch from Soft" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitem", { name: "Play against…" })).toBeFocused();
  await page.keyboard.press("Escape");
  await on("Soft");
  await page.keyboard.press("Tab");
  await expect(tree.getByRole("button", { name: "Actions of Soft" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Branch from Soft" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByText(/is a branch: it starts from Soft/)).toBeVisible();
});

test("a paused run is kept where it stands, or put aside for a branch and gone on with later", async ({ page }) => {
  const tree = await project(page, CHAIN, "calm");
  await page.getByRole("button", { name: "Start SPIN 3" }).click();
  await expect(page.locator(".stages")).toContainText(/Train [1-9]\d* of 60/);
  await tree.getByRole("button", { name: "Actions of SPIN 3" }).click();
  await expect(page.getByRole("menuitem", { name: "Delete Pause it first." })).toHaveCount(0);
  await expect(page.getByRole("menuitem", { name: /^Delete/ })).toBeDisabled();
  await page.getByRole("menuitem", { name: "Pause SPIN 3" }).click();
  await expect(page.getByRole("button", { name: /^Resume/ })).toBeEnabled();
  await choose(tree, "SPIN 1", "Branch from SPIN 1");
  await expect(page.getByRole("button", { name: "Start SPIN 2 b" })).toBeEnabled();
  await expect(item(tree, "SPIN 3")).toHaveAccessibleDescription(/^paused, \d+ of 60/);
  await item(tree, "SPIN 3").click();
  const keep = page.getByRole("button", { name: /^Stop and keep step \d+$/ });
  const step = /\d+$/.exec((await keep.textContent()) ?? "")?.[0];
  await keep.click();
  await expect(item(tree, "SPIN 3")).toHaveAccessibleDescription(`against SPIN 2 ${step} of 60, 17 MB`);
  await page.reload();
  await expect(page.getByRole("button", { name: "Start SPIN 4" })).toBeEnabled();
});

test("what an unfinished node needs is not freed, and that is said", async ({ page }) => {
  const tree = await project(page, [...CHAIN, { parent: "node-2", iteration: 3, state: "begun", step: 20 }]);
  await choose(tree, "SPIN 2", "Delete");
  await page.getByRole("button", { name: "Free 17 MB now", exact: true }).first().click();
  await expect(page.getByRole("alert")).toContainText("SPIN 2 is still needed, and is not freed yet.");
  await page.getByRole("button", { name: "Close" }).click();
  await choose(tree, "SPIN 2", "Restore SPIN 2");
  await expect(item(tree, "SPIN 2")).toHaveAccessibleDescription(/17 MB/);
});

test("while another tab trains this one reads along, is turned away in words, and can take over", async ({ page }) => {
  await page.goto("/?fake=calm,elsewhere#iterate");
  const tree = page.getByRole("tree", { name: "Iterations" });
  await expect(page.getByText("Another tab trains this project. This one reads along.")).toBeVisible();
  await expect(item(tree, "SPIN 1")).toHaveAccessibleDescription(/^in another tab, [1-9]0 of 60/);
  await expect(page.getByText(/SPIN 1 is at step [1-9]0 of 60 in another tab/)).toBeVisible();
  await expect(page.getByRole("button", { name: /^Resume/ })).toBeDisabled();
  await tree.getByRole("button", { name: "Actions of SPIN 1" }).click();
  await expect(page.getByRole("menuitem", { name: /^Delete Another tab trains this project/ })).toBeDisabled();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Take over" }).click();
  await expect(page.getByText("This one reads along.")).toHaveCount(0);
  await page.getByRole("button", { name: /^Resume/ }).click();
  await expect(page.getByRole("button", { name: "Start SPIN 2" })).toBeEnabled({ timeout: 60_000 });
});

test("damage that was found is told with what is safe, and stays until it is closed", async ({ page }) => {
  const tree = await project(page, CHAIN, "fast,damaged");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("The checkpoint of SPIN 1 at step 50 cannot be used");
  await expect(alert).toContainText("Safe: 12 pairs, Base to SPIN 2.");
  await alert.getByRole("button", { name: "Close" }).click();
  await choose(tree, "SPIN 2", "Delete");
  await expect(alert).toHaveCount(0);
});

test("LoRAs from the disk become a node: weights are typed, what is none is told, and the next iteration starts there", async ({
  page,
}) => {
  const tree = await project(page, CHAIN);
  await page.getByRole("button", { name: "Add LoRAs…" }).click();
  const dialog = page.getByRole("dialog", { name: "Add LoRAs to the tree" });
  const file = (name: string) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(name) });
  const input = dialog.getByLabel("LoRA files");
  const add = dialog.getByRole("button", { name: "Add to the tree" });
  await expect(add).toBeDisabled();
  await input.setInputFiles([file("ink.safetensors"), file("a-model.safetensors")]);
  await dialog.getByLabel("Weight of ink.safetensors").fill("much");
  await expect(dialog.getByRole("status")).toHaveText("The weight of ink.safetensors is a number from -5 to 5.");
  await expect(add).toBeDisabled();
  await dialog.getByLabel("Weight of ink.safetensors").fill("0,6");
  await add.click();
  await expect(dialog.getByRole("status")).toContainText("a-model.safetensors: The file is a whole model");
  await expect(tree.getByRole("treeitem")).toHaveCount(4);
  await dialog.getByRole("button", { name: "Leave a-model.safetensors out" }).click();
  await add.click();
  await page.getByRole("dialog", { name: "ink is in the tree" }).getByRole("button", { name: "Go on" }).click();
  await expect(item(tree, "ink")).toHaveAccessibleDescription(/^from your disk/);
  await item(tree, "ink").click();
  await expect(page.getByRole("main")).toContainText("times 0.6");
  await page.getByRole("button", { name: "Start SPIN 1 b" }).click();
  await expect(page.getByRole("heading", { name: "SPIN 1 b" })).toBeVisible();
  await expect(page.getByText("against").first()).toBeVisible();
});
