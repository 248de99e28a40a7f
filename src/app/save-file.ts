/** @file Gives a file to the person: the browser's own download, nothing leaves the page. */

export function saveFile(name: string, type: string, content: BlobPart): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // the download has its own hold on the bytes by then
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** "spin-1-loss.csv" of ["SPIN 1", "Loss"] */
export function fileName(parts: readonly string[], extension: string): string {
  const words = parts
    .join(" ")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 80);
  return `${words === "" ? "studio" : words}.${extension}`;
}
