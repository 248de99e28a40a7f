import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { folderFiles, openFile, readBytes, writeFileWhole, writeFolderWhole } from "./files.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "files-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a folder is listed with slashes, through links, without hidden files", async () => {
  await mkdir(join(folder, "unet"));
  await writeFile(join(folder, "unet", "config.json"), "{}");
  await writeFile(join(folder, ".hidden"), "");
  await symlink(join(folder, "unet", "config.json"), join(folder, "linked.json"));
  await symlink(join(folder, "nowhere"), join(folder, "broken.json"));
  const files = folderFiles(folder);
  expect(await files.list()).toEqual(["linked.json", "unet/config.json"]);
  expect((await files.open("unet/config.json")).size).toBe(2);
});

test("a file is read in pieces, and shorter at its end", async () => {
  const path = join(folder, "x");
  await writeFile(path, Uint8Array.of(0, 1, 2, 3, 4));
  const file = await openFile(path);
  expect(await file.read(1, 2)).toEqual(Uint8Array.of(1, 2));
  expect(await file.read(3, 9)).toEqual(Uint8Array.of(3, 4));
});

test("faults are sentences with the path", async () => {
  await expect(readBytes(join(folder, "no"))).rejects.toMatchObject({
    code: "file",
    message: `${join(folder, "no")} does not exist.`,
  });
  await expect(openFile(folder)).rejects.toThrow(/is a folder/);
  await expect(folderFiles(join(folder, "no")).list()).rejects.toThrow(/does not exist/);
});

test("a file is replaced whole, and a failed write leaves nothing behind", async () => {
  const path = join(folder, "deep", "x");
  await writeFileWhole(path, "old");
  await writeFileWhole(path, "new");
  await expect(writeFileWhole(join(folder, "deep"), "x")).rejects.toThrow(/is a folder/);
  expect(await readdir(folder)).toEqual(["deep"]);
  expect(await readFile(path, "utf8")).toBe("new");
  expect(await readdir(join(folder, "deep"))).toEqual(["x"]);
});

test("a folder appears with all its files or not at all, and replaces nothing", async () => {
  const out = join(folder, "out");
  await expect(
    writeFolderWhole(
      out,
      new Map([
        ["a", "1"],
        ["../b", "2"],
      ]),
    ),
  ).rejects.toThrow(/leads out/);
  expect(await readdir(folder)).toEqual([]);
  await writeFolderWhole(
    out,
    new Map<string, string | Uint8Array>([
      ["a", "1"],
      ["programs/b", Uint8Array.of(2)],
    ]),
  );
  expect(await folderFiles(out).list()).toEqual(["a", "programs/b"]);
  await expect(writeFolderWhole(out, new Map())).rejects.toThrow(/exists already/);
});
