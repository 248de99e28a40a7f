/** @file A project out of storage, as one zip. */
import { encode as encodePng } from "fast-png";
import { zipSync } from "fflate";
import { StudioError } from "../lib/errors.ts";
import { loadNewest } from "../storage/checkpoints.ts";
import type { KeyValue } from "../storage/key-value.ts";
import { readNotes, readPairs, readPictures, readReports, type StoredPair } from "../storage/projects.ts";
import { readTree } from "../storage/tree.ts";
import { readVotes } from "../storage/votes.ts";
import type { ExportedFile } from "./api.ts";
import type { Damage } from "./damage.ts";
import { fileSchema, hashesOf, type ProjectFile, projectJson } from "./project-file.ts";

/** zip64 is not written */
const MOST_BYTES = 2 ** 32 - 2 ** 20;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const lines = (values: readonly unknown[]): Uint8Array =>
  utf8(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
const png = ({ side, rgba }: Pick<StoredPair, "side" | "rgba">): Uint8Array =>
  encodePng({ width: side, height: side, data: rgba, channels: 4 });

/** Checkpoints that cannot be read are told, and their node goes without. */
export async function exportProject(store: KeyValue, project: string, damage: Damage): Promise<ExportedFile> {
  const members = new Map<string, Uint8Array>();
  const add = (name: string, bytes: Uint8Array): string => {
    members.set(name, bytes);
    return name;
  };
  const pairs: ProjectFile["pairs"] = [];
  for (const [index, { rgba, sha256: _, ...pair }] of (await readPairs(store, project)).entries()) {
    const file = add(`pairs/${String(index + 1).padStart(4, "0")}.png`, png({ side: pair.side, rgba }));
    pairs.push({ ...pair, file });
  }
  add("pairs/metadata.jsonl", lines(pairs.map(({ file, caption }) => ({ file_name: file.slice(6), text: caption }))));
  const reports = await readReports(store, project);
  const nodes: ProjectFile["nodes"] = [];
  for (const { node } of (await readTree(store, project, new Set(damage.spoilt.keys()))).nodes) {
    const { loaded, damaged } = await loadNewest(store, project, (entry) => entry.node === node.id);
    damage.tell(damaged);
    const files = [...(loaded?.files ?? [])].map(([name, bytes]) => add(`checkpoints/${node.id}/${name}`, bytes));
    const own = reports.get(node.id);
    const opponents = loaded?.entry.complete ? [] : [...(await readPictures(store, project, node.id))];
    nodes.push({
      ...node,
      checkpoint: loaded && { step: loaded.entry.step, complete: loaded.entry.complete, files },
      opponents: opponents.map(([index, { rgba, ...picture }]) => ({
        ...picture,
        index,
        file: add(`opponents/${node.id}/${index}.png`, png({ side: picture.side, rgba })),
      })),
      reports: own ? add(`reports/${node.id}.json`, utf8(JSON.stringify(own))) : null,
    });
  }
  const votes = add("votes.jsonl", lines(await readVotes(store, project)));
  const notes = add("notes.json", utf8(JSON.stringify(await readNotes(store, project))));
  const exportedAt = new Date().toISOString();
  const told: ProjectFile = {
    schema: fileSchema,
    exportedAt,
    pairs,
    nodes,
    votes,
    notes,
    files: await hashesOf(members),
  };
  add(projectJson, utf8(JSON.stringify(told, null, 2)));
  const total = [...members.values()].reduce((sum, { length }) => sum + length, 0);
  if (total > MOST_BYTES)
    throw new StudioError(
      "too-large",
      `The project has ${(total / 1e9).toFixed(1)} GB, and a zip takes 4.`,
      "Take the nodes out one by one, or delete some.",
    );
  // weights and pictures do not get smaller
  const bytes = zipSync(Object.fromEntries(members), { level: 0 });
  return { name: `spin-studio-${exportedAt.slice(0, 10)}.zip`, bytes };
}
