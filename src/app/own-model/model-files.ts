/** @file The files of a person's model: picked, dropped, or found again behind a handle that the browser kept. */
import type { SourceFile } from "../../studio/api.ts";

/** What a browser can keep for a second visit, and a folder in its own storage. */
export type ModelHandle = FileSystemDirectoryHandle | FileSystemFileHandle;

/** A folder of someone's whole disk is none of ours. */
const MOST_FILES = 2000;

export function bytesOf(files: readonly SourceFile[]): number {
  return files.reduce((sum, { file }) => sum + file.size, 0);
}

/** The folder's name, or the file's without its ending. */
export function titleOf(files: readonly SourceFile[]): string {
  const [first, ...others] = files.map(({ path }) => path);
  if (first === undefined) return "";
  const [folder = first] = first.split("/");
  if (first.includes("/") && others.every((path) => path.startsWith(`${folder}/`))) return folder;
  return first.replace(/^.*\//, "").replace(/\.\w+$/, "");
}

/** @throws Error where the folder holds more than a model's would. */
export async function filesBehind(handle: ModelHandle): Promise<readonly SourceFile[]> {
  if (handle.kind === "file") return [{ path: handle.name, file: await handle.getFile() }];
  const files: SourceFile[] = [];
  const walk = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
    for await (const [name, entry] of folder.entries()) {
      if (entry.kind === "directory") await walk(entry, `${path}/${name}`);
      else files.push({ path: `${path}/${name}`, file: await entry.getFile() });
      if (files.length > MOST_FILES) throw new Error(`The folder holds more than ${MOST_FILES} files.`);
    }
  };
  await walk(handle, handle.name);
  return files;
}

interface WithPermissions {
  queryPermission?(descriptor: { mode: "read" }): Promise<PermissionState>;
  requestPermission?(descriptor: { mode: "read" }): Promise<PermissionState>;
}

/** Whether the files may be read now; `ask`: the browser asks the person, who must have just clicked. */
export async function mayRead(handle: ModelHandle, ask: boolean): Promise<boolean> {
  const { queryPermission, requestPermission } = handle as WithPermissions;
  const descriptor = { mode: "read" } as const;
  if (queryPermission === undefined || (await queryPermission.call(handle, descriptor)) === "granted") return true;
  return ask && (await requestPermission?.call(handle, descriptor)) === "granted";
}

interface Pickers {
  showDirectoryPicker?(): Promise<FileSystemDirectoryHandle>;
  showOpenFilePicker?(options: object): Promise<FileSystemFileHandle[]>;
}

/** Asks with the picker whose handle can be kept. Undefined where this browser has none; null where the person closed it. */
export async function pickHandle(what: "folder" | "file"): Promise<ModelHandle | null | undefined> {
  const { showDirectoryPicker, showOpenFilePicker } = globalThis as Pickers;
  const pick = what === "folder" ? showDirectoryPicker : showOpenFilePicker;
  if (pick === undefined) return undefined;
  try {
    if (what === "folder") return (await showDirectoryPicker?.()) ?? null;
    const types = [{ description: "Model", accept: { "application/octet-stream": [".safetensors"] } }];
    return (await showOpenFilePicker?.({ types }))?.[0] ?? null;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}

const COPIES = "models";

/** Copies the files into the browser's own storage; `told` hears the bytes so far. @throws DOMException where it is full. */
export async function keepCopy(
  id: string,
  files: readonly SourceFile[],
  told: (bytes: number) => void,
): Promise<FileSystemDirectoryHandle> {
  const copies = await (await navigator.storage.getDirectory()).getDirectoryHandle(COPIES, { create: true });
  const home = await copies.getDirectoryHandle(id, { create: true });
  let done = 0;
  const counting = (): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> =>
    new TransformStream({
      transform: (chunk, controller) => {
        told((done += chunk.length));
        controller.enqueue(chunk);
      },
    });
  for (const { path, file } of files) {
    const parts = path.split("/");
    const name = parts.pop() ?? path;
    let folder = home;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create: true });
    const target = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await file.stream().pipeThrough(counting()).pipeTo(target);
  }
  return home;
}

const DOWNLOADS = "hub";

/** The files of a model that was downloaded from the hub. @throws DOMException where they are no longer there. */
export async function downloadedFolder(key: string, title: string): Promise<FileSystemDirectoryHandle> {
  const downloads = await (await navigator.storage.getDirectory()).getDirectoryHandle(DOWNLOADS);
  return (await downloads.getDirectoryHandle(key)).getDirectoryHandle(title);
}

export async function dropCopy(id: string): Promise<void> {
  const copies = await (await navigator.storage.getDirectory()).getDirectoryHandle(COPIES, { create: true });
  await copies.removeEntry(id, { recursive: true }).catch(() => undefined);
}
