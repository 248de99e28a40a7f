/** @file All files of a model, one after the other, onto a shelf that remembers which are whole. */
import type { Door } from "./door.ts";
import { downloadFile, type Part } from "./download.ts";
import type { HubFile } from "./listing.ts";
import type { Found } from "./look.ts";

export interface ShelvedPart extends Part {
  /** `whole`: it was checked, and is never asked for again. */
  close(whole: boolean): Promise<void>;
}

/** Where a model's files are kept while they arrive, and afterwards. */
export interface Shelf {
  /** bytes of the file that are here, checked or not */
  bytes(file: HubFile): number;
  isWhole(file: HubFile): boolean;
  /** @throws StudioError `busy` where another tab writes it */
  part(file: HubFile): Promise<ShelvedPart>;
}

/**
 * `told` hears the bytes of all files that are here.
 * @throws what `downloadFile` throws; what has arrived is gone on with the next time.
 */
export async function downloadModel(
  door: Door,
  found: Found,
  shelf: Shelf,
  told: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const here = new Map(found.files.map((file) => [file.path, shelf.bytes(file)]));
  const tell = (file: HubFile, bytes: number): void => {
    here.set(file.path, bytes);
    told([...here.values()].reduce((sum, one) => sum + one, 0));
  };
  for (const file of found.files) {
    if (shelf.isWhole(file)) continue;
    const part = await shelf.part(file);
    let whole = false;
    try {
      await downloadFile(door, found, file, part, (bytes) => tell(file, bytes), signal);
      whole = true;
    } finally {
      await part.close(whole);
    }
  }
}
