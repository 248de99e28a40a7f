/** @file The report's first words, on scores and votes of which it is known what may be said. */
import { expect, test } from "vitest";
import type { Scoring, Vote } from "../../studio/api.ts";
import type { ScoreBook } from "../state/report-slice.ts";
import { tableOf, scoreColumns, placesOf } from "./numbers.ts";
import { type Findings, leadOf } from "./sentences.ts";
import { tableCsv, tableLatex } from "./table-files.ts";

const score = (id: string, title: string) => ({ id, title, unit: "", digits: 1, help: "" });
const scoring: Scoring = { scores: [score("truth", "Truth"), score("faith", "Faith")], prompts: [] };

/** Rows in which `wins` of 24 lie above 0 in their average, the others below; faith by a fixed amount. */
function rows(wins: number, faith = 0) {
  return Array.from({ length: 24 }, (_, at) => ({
    truth: at < wins ? 1 : -1,
    faith: faith + (at % 3),
    average: at < wins ? 1 : -1,
  }));
}
const zero = Array.from({ length: 24 }, (_, at) => ({ truth: 0, faith: at % 3, average: 0 }));

function book(nodes: ScoreBook["nodes"]): ScoreBook {
  return { prompts: zero.map((_, at) => `prompt ${at}`), steps: 20, guidance: 3, nodes };
}

function votes(b: string, wins: number, losses: number): Vote[] {
  const one = (choice: Vote["choice"], at: number): Vote => {
    return { id: `${b}${choice}${at}`, a: "two", b, prompt: "p", seed: at, side: "left", choice, at: "" };
  };
  const many = (n: number, choice: Vote["choice"]) => Array.from({ length: n }, (_, at) => one(choice, at));
  return [...many(wins, "a"), ...many(losses, "b")];
}

const names: Readonly<Record<string, string>> = { base: "Base", one: "SPIN 1", two: "SPIN 2" };
const findings: Findings = {
  node: "two",
  parent: "one",
  name: (node) => names[node] ?? node,
  votes: [],
  scoring,
  book: null,
};

test("without votes the scores speak, with their interval", () => {
  const { title, sentences } = leadOf({ ...findings, book: book({ base: zero, two: rows(17), one: rows(16) }) });
  expect(title).toBe("SPIN 2 is ahead of Base in 71 % of 24 prompts (51 to 85 %).");
  expect(sentences[0]).toMatch(
    /^SPIN 2 is not clearly ahead of SPIN 1: it is in 52 % of 24 prompts \(\d+ to \d+ %\)\.$/,
  );
  expect(sentences.at(-1)).toBe("There are no blind votes over Base yet.");
});

test("an interval that contains one half is not called ahead, and one below it is called behind", () => {
  const said = (wins: number) => leadOf({ ...findings, book: book({ base: zero, two: rows(wins) }) }).title;
  expect(said(14)).toBe("SPIN 2 is not clearly ahead of Base: it is in 58 % of 24 prompts (39 to 76 %).");
  expect(said(5)).toBe("SPIN 2 is behind Base: it is ahead in only 21 % of 24 prompts (9 to 40 %).");
});

test("blind votes come first where there are enough; fewer have no rate", () => {
  const all = book({ base: zero, two: rows(17) });
  const enough = leadOf({ ...findings, book: all, votes: votes("base", 19, 5) });
  expect(enough.title).toBe("SPIN 2 wins over Base in 79 % of 24 blind votes (60 to 91 %).");
  expect(enough.sentences[0]).toBe("SPIN 2 is ahead of Base in 71 % of 24 prompts (51 to 85 %).");
  const few = leadOf({ ...findings, book: all, votes: votes("base", 12, 1) });
  expect(few.title).toMatch(/24 prompts/);
  expect(few.sentences.at(-1)).toBe("There are 13 of 20 blind votes over Base yet, too few for a rate.");
  expect([few.title, ...few.sentences].join(" ")).not.toMatch(/92 %/);
});

test("a score that fell is said, and what is open too", () => {
  const fallen = leadOf({ ...findings, book: book({ base: zero, two: rows(12, -0.4) }) });
  expect(fallen.sentences).toContain(
    "Beside Base’s, faith is clearly lower; truth is not clearly different. Look at the pictures before you train further.",
  );
  const risen = leadOf({ ...findings, book: book({ base: zero, two: rows(24, 0.4) }) });
  expect(risen.sentences).toContain("Beside Base’s, truth and faith are clearly higher.");
});

test("falling variety is said with its interval; what may be chance is not", () => {
  const like = (share: number, swing = 0) =>
    zero.map((row, at) => ({ ...row, variety: (20 + (at % 5)) * (share + (at % 2 === 0 ? swing : -swing)) }));
  const said = (two: ReturnType<typeof like>) =>
    leadOf({ ...findings, book: book({ base: like(1), two }) }).sentences.join(" ");
  expect(said(like(0.7))).toMatch(
    /Variety fell: two of SPIN 2’s pictures of one caption differ by 30 % less than Base’s did \(\d+ to \d+ %\)\./,
  );
  expect(said(like(1.3))).toContain("differ more than Base’s did");
  expect(said(like(1, 0.2))).not.toMatch(/Variety|of one caption/);
});

test("a model that cannot be scored is left to the votes, and nothing is claimed of nothing", () => {
  const none = leadOf({ ...findings, scoring: null });
  expect(none.title).toBe("There is nothing to say about SPIN 2 yet.");
  expect(none.sentences.at(-1)).toMatch(/judged by your votes alone; neural scorers come later/);
  expect(leadOf(findings).sentences).toContain("Its pictures were not scored yet.");
});

test("the table's files: quoted, escaped, with intervals; equals share the best place", () => {
  const columns = scoreColumns(scoring);
  const table = tableOf(book({ base: zero, one: rows(24), two: rows(24) }), ["base", "one", "two", "lost"], columns);
  expect(table.map(({ node }) => node)).toEqual(["base", "one", "two"]);
  expect(placesOf(table, columns[0] ?? score("", ""))).toEqual([1, 0, 0]);
  const named = table.map((row) => ({ ...row, name: row.node === "one" ? 'a "b", 50 % & _c' : row.node }));
  const csv = tableCsv(named, columns).split("\r\n");
  expect(csv[0]).toBe("model,truth,truth_low,truth_high,faith,faith_low,faith_high,average,average_low,average_high");
  expect(csv[2]).toMatch(/^"a ""b"", 50 % & _c",1,1,1,1,/);
  const latex = tableLatex(named, columns, "24 prompts");
  expect(latex).toContain('a "b", 50 \\% \\& \\_c & \\textbf{\\boldmath $1.0$}');
  expect(latex).toContain("base & \\underline{$0.0$}");
});
