/** @file The report's first words: what may be said, with its interval, and what may not. */
import { BASE } from "../../lib/node-name.ts";
import type { NodeId, Scoring, Vote } from "../../studio/api.ts";
import { count, percent } from "../format.ts";
import { aheadInWords, rangeOf } from "../shares.ts";
import type { ScoreBook } from "../state/report-slice.ts";
import { ENOUGH, type Share, tallyOf } from "../state/tally.ts";
import { AVERAGE, changeBy, compareBy, varietyBy } from "./numbers.ts";

export interface Findings {
  /** the node that the report is about */
  readonly node: NodeId;
  readonly parent: NodeId;
  readonly name: (node: NodeId) => string;
  readonly votes: readonly Vote[];
  readonly scoring: Scoring | null;
  readonly book: ScoreBook | null;
}

export interface Lead {
  readonly title: string;
  readonly sentences: readonly string[];
}

export function leadOf(findings: Findings): Lead {
  const { node, parent, name, scoring } = findings;
  const voted = votesInWords(findings, BASE);
  const scored = scoresInWords(findings, BASE);
  const [title = `There is nothing to say about ${name(node)} yet.`, ...others] = [voted, scored].filter(
    (sentence) => sentence !== null,
  );
  const beside = parent === BASE ? [] : [votesInWords(findings, parent), scoresInWords(findings, parent)];
  const sentences = [
    ...others,
    ...beside,
    changesInWords(findings),
    varietyInWords(findings),
    tooFew(findings, voted !== null),
  ];
  if (scored === null && scoring !== null) sentences.push("Its pictures were not scored yet.");
  if (scoring === null) sentences.push(UNSCORED);
  return { title, sentences: sentences.filter((sentence) => sentence !== null) };
}

const UNSCORED = "This model’s pictures are judged by your votes alone; neural scorers come later.";

function votesInWords({ node, name, votes }: Findings, other: NodeId): string | null {
  const { share, decided } = tallyOf(votes, { a: node, b: other });
  return share && inVotes(name(node), name(other), share, decided);
}

function inVotes(name: string, other: string, share: Share, decided: number): string {
  const found = `${percent(share.rate)} of ${count(decided, "blind vote")} (${rangeOf(share.interval)})`;
  switch (share.verdict) {
    case "ahead":
      return `${name} wins over ${other} in ${found}.`;
    case "behind":
      return `${name} loses to ${other}: it wins in only ${found}.`;
    case "unclear":
      return `${name} is not clearly ahead of ${other} in blind votes: it wins ${found}.`;
  }
}

function scoresInWords({ node, name, book }: Findings, other: NodeId): string | null {
  const compared = compareBy(AVERAGE.id, book, node, other);
  return compared && aheadInWords(name(node), name(other), compared.share, `${compared.prompts} prompts`);
}

/** Beside Base, score by score: what rose, what fell, and what is open. */
function changesInWords({ node, scoring, book }: Findings): string | null {
  const all = (scoring?.scores ?? []).flatMap(({ id, title }) => {
    const change = changeBy(id, book, node, BASE);
    return change === null ? [] : [{ title: title.toLowerCase(), interval: change.interval }];
  });
  if (all.length === 0) return null;
  const titles = (part: typeof all): string | null => (part.length === 0 ? null : list(part.map(({ title }) => title)));
  const verb = (part: typeof all): string => (part.length === 1 ? "is" : "are");
  const [risen, fallen] = [all.filter((each) => each.interval[0] > 0), all.filter((each) => each.interval[1] < 0)];
  const open = all.filter((each) => !risen.includes(each) && !fallen.includes(each));
  const parts = [
    risen.length > 0 ? `${titles(risen)} ${verb(risen)} clearly higher` : null,
    fallen.length > 0 ? `${titles(fallen)} ${verb(fallen)} clearly lower` : null,
    open.length > 0 ? `${titles(open)} ${verb(open)} not clearly different` : null,
  ].filter((part) => part !== null);
  const warning = fallen.length > 0 ? " Look at the pictures before you train further." : "";
  return `Beside Base’s, ${parts.join("; ")}.${warning}`;
}

/** Pictures that win but grow alike are said at once; a change that may be chance is not. */
function varietyInWords({ node, name, book }: Findings): string | null {
  const change = varietyBy(book, node, BASE);
  if (change === null) return null;
  const [low, high] = change.interval;
  if (high >= 0) return low > 0 ? "Its pictures of one caption differ more than Base’s did." : null;
  const range = rangeOf([-high, -low]);
  return `Variety fell: two of ${name(node)}’s pictures of one caption differ by ${percent(-change.mean)} less than Base’s did (${range}).`;
}

/** Votes under way that no rate is told of. */
function tooFew({ node, votes }: Findings, told: boolean): string | null {
  if (told) return null;
  const { decided } = tallyOf(votes, { a: node, b: BASE });
  return `${decided === 0 ? "There are no blind votes" : `There are ${decided} of ${ENOUGH} blind votes`} over Base yet${
    decided === 0 ? "." : ", too few for a rate."
  }`;
}

/** "truth", "truth and faith", "truth, faith and finish" */
function list(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
