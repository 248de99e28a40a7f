/**
 * @file Where everything of a project lies. One schema number stands in every record that names others:
 *
 *   project/<project>                     the pairs: ids, captions, and where their pixels are
 *   pair/<project>/<sha256>               pixels
 *   node/<project>/<node>                 a node of the tree, with its settings
 *   head/<project>                        the checkpoints that count, oldest first
 *   manifest/<project>/<uuid>             what a checkpoint is, and its parts with their hashes
 *   part/<project>/<uuid>/<n>             at most 32 MB
 *   reports/<project>/<node>              one report a step
 *   picture/<project>/<node>/<index>      what the node's opponent drew
 *   trajectory/<project>/<node>/<index>/<part>   how it went there, where the node keeps that: at most 4 MB of float32
 *   drawing/<project>/<node>/<sha256>     what a node drew when it was asked, by what decided it
 *   drawing/<project>                     the drawings that count, oldest used first
 *   vote/<project>/<uuid>                 one comparison of two pictures
 *   note/<project>/<name>                 small state of the page
 */
import * as v from "valibot";
import { StudioError } from "../lib/errors.ts";

/** 1 was a chain of iterations: what was keyed by a node was keyed by its number. */
export const schema = 2;

/** Of all projects' drawings. */
export const drawingsPrefix = "drawing/";

export const keysOf = (project: string) => {
  const name = encodeURIComponent(project);
  return {
    record: `project/${name}`,
    pairs: `pair/${name}/`,
    nodes: `node/${name}/`,
    head: `head/${name}`,
    manifests: `manifest/${name}/`,
    parts: `part/${name}/`,
    reports: `reports/${name}/`,
    pictures: `picture/${name}/`,
    trajectories: `trajectory/${name}/`,
    drawings: `${drawingsPrefix}${name}/`,
    drawingIndex: drawingsPrefix + name,
    votes: `vote/${name}/`,
    notes: `note/${name}/`,
    /** of schema 1 */
    settings: `settings/${name}/`,
  };
};

/** Whether a key belongs to the project. */
export function isOf(project: string): (key: string) => boolean {
  const { record, head, drawingIndex, ...prefixes } = keysOf(project);
  const single = new Set([record, head, drawingIndex]);
  return (key) => single.has(key) || Object.values(prefixes).some((prefix) => key.startsWith(prefix));
}

export function isNewer(value: unknown): boolean {
  return v.safeParse(v.object({ schema: v.pipe(v.number(), v.gtValue(schema)) }), value).success;
}

/** An old tab must neither read nor tidy away what a newer one wrote. @throws StudioError `newer` */
export function refuseNewer(value: unknown, project: string): void {
  if (!isNewer(value)) return;
  throw new StudioError(
    "newer",
    `The project "${project}" was saved by a newer version of the studio.`,
    "Reload the page.",
  );
}

export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
