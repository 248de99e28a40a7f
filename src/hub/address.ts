/** @file What a person types for a model of the hub: `owner/name`, with a folder or a file behind it, `@revision`, or an address of its pages. */
import { StudioError } from "../lib/errors.ts";
import { HUB } from "./hosts.ts";

export interface HubAddress {
  /** "owner/name" */
  readonly repo: string;
  /** a branch, a tag or a commit */
  readonly revision: string;
  /** of a folder or a file; "": all of it */
  readonly path: string;
}

const DEFAULT_REVISION = "main";
const HOSTS = [new URL(HUB).host, `www.${new URL(HUB).host}`, "hf.co"];
const MOST_PATH = 500;
const NAME = /^[\w][\w.-]{0,95}$/;
/** Branches and tags, commits, and pull requests such as refs/pr/1. */
const REVISION = /^[\w][\w./-]{0,199}$/;

/** @throws StudioError `hub-address` with what was expected. */
export function parseAddress(text: string): HubAddress {
  const typed = text.trim();
  if (typed === "") refuse("Nothing was typed.");
  const host = /^(?:https?:\/\/)?([\w-]+(?:\.[\w-]+)+(?::\d+)?)(?:\/|$)/i.exec(typed);
  const isUrl = /^[a-z][a-z+.-]*:\/\//i.test(typed);
  const known = host !== null && HOSTS.includes((host[1] ?? "").toLowerCase());
  if (isUrl && !known) refuse(`${shown(typed)} is no address of the hub, which is ${HUB}.`);
  return known ? ofPage(typed.slice(host[0].length)) : ofName(typed);
}

/** "owner/name", "owner/name@revision", "owner/name/file.safetensors" */
function ofName(typed: string): HubAddress {
  const at = typed.indexOf("@");
  const [owner = "", name = "", ...path] = (at < 0 ? typed : typed.slice(0, at)).split("/");
  return checked(typed, `${owner}/${name}`, at < 0 ? DEFAULT_REVISION : typed.slice(at + 1), path.join("/"));
}

/** "owner/name", "owner/name/tree/revision/folder", "owner/name/blob/revision/file"; `resolve` and `raw` are the files themselves. */
function ofPage(rest: string): HubAddress {
  const [owner = "", name = "", view, ...parts] = rest
    .replace(/[?#].*$/, "")
    .replace(/\/+$/, "")
    .split("/")
    .map(decoded);
  if (["datasets", "spaces", "docs", "blog", "collections", "papers"].includes(owner))
    refuse(`${shown(rest)} is the address of something else at the hub, and a model’s was expected.`);
  if (view === undefined)
    return name.includes("@") ? ofName(`${owner}/${name}`) : checked(rest, `${owner}/${name}`, DEFAULT_REVISION, "");
  if (!["tree", "blob", "resolve", "raw"].includes(view))
    refuse(`${shown(rest)} is no address of a model or of its files.`);
  // a pull request's name has slashes, and people copy them unescaped
  const inRevision = parts[0] === "refs" ? 3 : 1;
  const revision = parts.slice(0, inRevision).join("/") || DEFAULT_REVISION;
  return checked(rest, `${owner}/${name}`, revision, parts.slice(inRevision).join("/"));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function checked(typed: string, repo: string, revision: string, path: string): HubAddress {
  const names = repo.split("/");
  if (names.length !== 2 || !names.every((name) => NAME.test(name) && !/\.\.|--|\.git$/.test(name)))
    refuse(`${shown(typed)} is no model’s name: owner/name was expected.`);
  if (!REVISION.test(revision) || revision.includes("..")) refuse(`${shown(revision)} is no revision’s name.`);
  const folder = path.replace(/\/+$/, "");
  if (folder !== "" && !isPlainPath(folder)) refuse(`${shown(path)} is no path of a file.`);
  return { repo, revision, path: folder };
}

/** Relative, "/" between its parts, and nothing that leads elsewhere. */
export function isPlainPath(path: string): boolean {
  const isPlain = (part: string): boolean => !/^\.{0,2}$|[\\:]/.test(part) && [...part].every((char) => char >= " ");
  return path.length <= MOST_PATH && path.split("/").every(isPlain);
}

/** A stranger’s text in a sentence. */
function shown(text: string): string {
  return `“${text.length > 80 ? `${text.slice(0, 80)}…` : text}”`;
}

function refuse(message: string): never {
  throw new StudioError(
    "hub-address",
    message,
    "Nothing was asked of the hub. Type a model’s name there, such as owner/name or owner/name@revision, or paste its address.",
  );
}
