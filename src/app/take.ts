/** @file Files on their way in: chosen, dropped or pasted, one batch at a time, and a way to stop. */
import { useEffect } from "react";
import { sha256 } from "../lib/sha256.ts";
import { isTyping } from "./keys.ts";
import { type SourceFile, sourceFile } from "./read-files.ts";
import { useActions, useStudio, useWorkbench, type Workbench } from "./state/context.tsx";

let reading: AbortController | null = null;

/** What was read until now stays. */
export function stopReading(): void {
  reading?.abort();
}

async function take({ store, reader }: Workbench, files: readonly SourceFile[]): Promise<void> {
  const state = store.getState();
  if (files.length === 0 || state.current !== null || state.reading !== null) return;
  const { readFiles } = await import("./read-files.ts");
  const side = state.model?.resolution ?? 64;
  reading = new AbortController();
  globalThis.location.hash = "#pairs";
  await readFiles({ files, side, reader, state: store.getState, stop: reading.signal });
}

/** Takes files in; null while pairs must not change. */
export function useTake(): ((files: readonly File[]) => void) | null {
  const workbench = useWorkbench();
  const shut = useStudio((state) => state.current !== null || state.reading !== null);
  return shut ? null : (files) => void take(workbench, files.map(sourceFile));
}

/** Pictures that are pasted come in; text that is pasted becomes captions. */
export function usePaste(): void {
  const workbench = useWorkbench();
  const actions = useActions();
  useEffect(() => {
    const onPaste = (event: ClipboardEvent): void => {
      if (isTyping(event.target) || event.clipboardData === null || document.querySelector("dialog[open]")) return;
      const files = [...event.clipboardData.files];
      const text = event.clipboardData.getData("text/plain");
      if (files.length === 0 && text.trim() === "") return;
      event.preventDefault();
      if (files.length === 0) actions.pasteCaptions(text);
      else void Promise.all(files.map(pastedFile)).then((sources) => take(workbench, sources));
    };
    document.addEventListener("paste", onPaste);
    return () => document.removeEventListener("paste", onPaste);
  }, [workbench, actions]);
}

/** Browsers call every pasted picture image.png; the content tells them apart, and the same one again is the same. */
async function pastedFile(file: File): Promise<SourceFile> {
  if (!file.type.startsWith("image/")) return sourceFile(file);
  const hash = await sha256(new Uint8Array(await file.arrayBuffer()));
  const ending = file.type.replace(/^image\/(x-)?/, "").replace(/\W.*$/, "");
  return { path: `pasted/${hash.slice(0, 12)}.${ending}`, file };
}
