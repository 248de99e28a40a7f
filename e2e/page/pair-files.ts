/** @file What the specs of Pairs bring in and look at: pictures by rule, zips, choosing, dropping and pasting. */
import { expect, type Page } from "@playwright/test";
import { encode } from "fast-png";
import { strToU8, zipSync } from "fflate";

/** Nine fields of colour, different for every number. */
export function png(seed: number, width = 96, height = 96): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  const at = (y: number, x: number): number => Math.floor((3 * y) / height) * 3 + Math.floor((3 * x) / width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const mixed = Math.imul((seed + 1) * 27 + at(y, x) * 3 + c, 0x9e3779b1);
        data[(y * width + x) * 3 + c] = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 24;
      }
    }
  }
  return encode({ width, height, data, channels: 3, depth: 8 });
}

export type Content = Uint8Array | string;
export const bytes = (content: Content): Uint8Array => (typeof content === "string" ? strToU8(content) : content);
export const zip = (entries: Record<string, Content>, level: 0 | 6 = 6): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(entries).map(([name, content]) => [name, bytes(content)])), { level });

export const upload = (name: string, content: Content) => {
  return { name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes(content)) };
};
export const caption = (page: Page, n: number) => page.getByLabel(`Caption of pair ${n}`, { exact: true });

export async function open(page: Page): Promise<void> {
  await page.goto("/?fake=fast#pairs");
  await expect(page.getByRole("button", { name: "Use the 48 sample pairs" })).toBeEnabled();
}

/** Chooses files, with the drop zone brought up where there are pairs already. */
export async function choose(page: Page, files: Record<string, Content>): Promise<void> {
  const add = page.getByRole("button", { name: "Add more", expanded: false });
  if (await add.isVisible()) await add.click();
  const begun = readingSeen(page);
  await page
    .getByLabel("Choose pictures and captions")
    .setInputFiles(Object.entries(files).map(([name, content]) => upload(name, content)));
  await begun;
  await expect(page.getByText(READING)).toHaveCount(0, { timeout: 200_000 });
}

const READING = /^Reading \d+ of \d+/;

/** Settles once the page has said that it reads: until then, that it reads nothing proves no end. */
function readingSeen(page: Page): Promise<void> {
  return page.evaluate(
    ([source]) =>
      new Promise<void>((resolve) => {
        const reads = new RegExp(source, "m");
        const observer = new MutationObserver(() => {
          if (![...document.querySelectorAll("[role=status]")].some((one) => reads.test(one.textContent ?? ""))) return;
          observer.disconnect();
          resolve();
        });
        observer.observe(document.body, { subtree: true, childList: true, characterData: true });
      }),
    [READING.source] as const,
  );
}

/** What stands in the gallery: the captions, in order. */
export async function captions(page: Page): Promise<string[]> {
  return page.locator(".gallery textarea").evaluateAll((all) => all.map((area) => (area as HTMLTextAreaElement).value));
}

/** Ids and captions as the studio has them. */
export async function stored(page: Page): Promise<string[]> {
  const text = await page.evaluate(() => sessionStorage.getItem("spin-studio.fake") ?? "{}");
  const { pairs } = JSON.parse(text) as { pairs: { id: string; caption: string; out?: boolean }[] };
  return pairs.map(({ id, caption: words, out }) => `${id} ${words}${out ? " (out)" : ""}`);
}

export async function send(
  page: Page,
  kind: "drop" | "paste",
  files: Record<string, Content>,
  text = "",
): Promise<void> {
  const list = Object.entries(files).map(([name, content]) => [name, Buffer.from(bytes(content)).toString("base64")]);
  await page.evaluate(
    ([event, all, words]) => {
      const data = new DataTransfer();
      for (const [name = "", base64 = ""] of all) {
        const raw = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        data.items.add(new File([raw], name, { type: name.endsWith(".png") ? "image/png" : "" }));
      }
      if (words !== "") data.setData("text/plain", words);
      const init = { bubbles: true, cancelable: true };
      const target = document.querySelector("section.pairs") ?? document.body;
      if (event === "paste") document.body.dispatchEvent(new ClipboardEvent("paste", { ...init, clipboardData: data }));
      else target.dispatchEvent(new DragEvent("drop", { ...init, dataTransfer: data }));
    },
    [kind, list, text] as const,
  );
}
