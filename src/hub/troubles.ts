/** @file What can go wrong between this page and the hub, in sentences: what happened, what is safe, what to do. */
import { StudioError } from "../lib/errors.ts";
import { Passing } from "./passing.ts";

interface Refusal {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}

const KEPT = "What has arrived is kept.";
const FROM_DISK = "Or download its files in the browser yourself, and choose them from the disk.";

export const offline = (what: string): StudioError =>
  new StudioError(
    "hub-offline",
    `The connection for ${what} could not be made, or broke off.`,
    `${KEPT} Look at the network, then go on.`,
  );

export const silent = (what: string, milliseconds: number): StudioError =>
  new StudioError(
    "hub-silent",
    `Nothing came for ${what} in ${Math.round(milliseconds / 1000)} s.`,
    `${KEPT} Go on in a while.`,
  );

export const blocked = (what: string): StudioError =>
  new StudioError(
    "hub-blocked",
    `The hub sent this page on to a host that the page’s own policy does not allow, for ${what}.`,
    `Nothing was sent there. ${KEPT} ${FROM_DISK}`,
  );

export const elsewhere = (what: string, url: string): StudioError =>
  new StudioError(
    "hub-blocked",
    `The answer for ${what} came from ${new URL(url).host}, which is none of the hub’s hosts.`,
    `It was not read. ${KEPT} ${FROM_DISK}`,
  );

export const brokenOff = (what: string, got: number, of: number): StudioError =>
  new StudioError("hub-short", `${what} broke off at ${got} of ${of} bytes.`, `${KEPT} Go on in a while.`);

export const wrongLength = (what: string, is: number | string, listed: number): StudioError =>
  new StudioError(
    "hub-changed",
    `The hub sends ${is} bytes for ${what}, and its list says ${listed}.`,
    "Nothing of them was taken. Look it up again.",
  );

export const otherBytes = (what: string): StudioError =>
  new StudioError(
    "hub-changed",
    `The hub has other bytes for ${what} than those that had arrived.`,
    "Those were given up, and the other files are kept. Go on, and it begins anew.",
  );

export const wrongSpan = (what: string, is: string, asked: number): StudioError =>
  new StudioError(
    "hub-changed",
    `The hub was asked for ${what} from byte ${asked}, and sent “${is.slice(0, 60)}”.`,
    `That was not taken. ${KEPT} Go on in a while.`,
  );

export const otherCommit = (what: string, commit: string): StudioError =>
  new StudioError(
    "hub-changed",
    `The hub sent ${what} of another commit than ${commit.slice(0, 8)}.`,
    "It was not taken. Look it up again.",
  );

export const wrongHash = (what: string): StudioError =>
  new StudioError(
    "hub-hash",
    `${what} came twice with other bytes than the hub’s own hash is of.`,
    "It was deleted; the other files are kept. Something between the hub and this computer changes it: try another network.",
  );

export const unhashed = (what: string): StudioError =>
  new StudioError("hub-list", `The hub’s list has no hash for ${what}, so it could not be checked.`, FROM_DISK);

export const badList = (what: string, why: string): StudioError =>
  new StudioError("hub-list", `The hub’s list of ${what} cannot be used: ${why}.`, FROM_DISK);

/** A wait that a person should not sit through. */
const LONGEST_WAIT = 5 * 60_000;

/** `own`: the hub itself answered, and not a host of its large files. */
export function refused({ status, headers }: Refusal, what: string, own: boolean): Passing | StudioError {
  const code = headers.get("x-error-code") ?? "";
  if (status === 429 || status >= 500) return busy(status, waitOf(headers), what);
  // an address of a large file is valid for a while: the next request gets a new one
  if (!own) return new Passing(answered(status, what));
  if (code === "GatedRepo" || status === 403)
    return new StudioError(
      "hub-gated",
      `${what} is only given to those who signed in to the hub and accepted its terms, and this page signs in nowhere.`,
      `Nothing is lost. Accept the terms at the hub, download the files there, and choose them from the disk.`,
    );
  if (status === 401)
    return new StudioError(
      "hub-missing",
      `The hub has no public model ${what}: its name is another, or it is private.`,
      FROM_DISK,
    );
  if (status === 404)
    return new StudioError(
      "hub-missing",
      code === "RevisionNotFound" ? `The hub has no such revision of ${what}.` : `The hub has no ${what}.`,
      "Look at the name, the revision and the path.",
    );
  return answered(status, what);
}

function busy(status: number, after: number | null, what: string): Passing | StudioError {
  const minutes = after === null ? 0 : Math.ceil(after / 60_000);
  const trouble =
    status === 429
      ? new StudioError(
          "hub-busy",
          `The hub takes no more requests from this network for now${minutes > 1 ? `, about ${minutes} min` : ""}.`,
          `${KEPT} Go on then.`,
        )
      : answered(status, what);
  return after !== null && after > LONGEST_WAIT ? trouble : new Passing(trouble, after);
}

const answered = (status: number, what: string): StudioError =>
  new StudioError(
    "hub-down",
    `The hub answered ${what} with an error of its own, ${status}.`,
    `${KEPT} Go on in a while.`,
  );

/** Milliseconds; `Retry-After` in seconds or as a date, else the seconds `t` of the hub's `RateLimit`. */
function waitOf(headers: Refusal["headers"]): number | null {
  const after = headers.get("retry-after") ?? "";
  if (/^\d+$/.test(after)) return Number(after) * 1000;
  const until = Date.parse(after);
  if (!Number.isNaN(until)) return Math.max(0, until - Date.now());
  const seconds = /(?:^|;)\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}
