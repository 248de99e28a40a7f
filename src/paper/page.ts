/** @file The page of text: what was run, which targets were met, what agrees with the paper and what does not, then tables and figures. */
import { type Claim, claimsOf } from "./claims.ts";
import type { Figure } from "./figure.ts";
import type { Part, PaperResults } from "./results.ts";
import { type Target, targetsOf } from "./targets.ts";
import { markdown, type Table } from "./table.ts";

const paragraph = (lines: readonly string[]): string => `${lines.join("\n")}\n`;
const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

function verdictOf({ met, open }: Target): string {
  if (met === null) return "not run yet";
  return `${met ? "met" : "missed"}${open ? ", but the interval holds both" : ""}`;
}

function targets(results: PaperResults): string {
  const rows = targetsOf(results).map((target) => row([target.claim, target.found, verdictOf(target)]));
  return paragraph([
    "## Targets",
    "",
    "Set before anything was run, and not adjusted since.",
    "",
    row(["target", "found", ""]),
    row(["---", "---", "---"]),
    ...rows,
  ]);
}

function claims(results: PaperResults): string {
  const all = claimsOf(results);
  const listed = (verdict: Claim["verdict"], title: string): string[] => {
    const some = all.filter((each) => each.verdict === verdict);
    if (some.length === 0) return [];
    return ["", title, "", ...some.map(({ paper, here }) => `- ${paper}${here === "" ? "" : `: **${here}**`}`)];
  };
  return paragraph([
    "## What agrees with the paper, and what does not",
    "",
    "Differences of the average where no unit is named. A claim is open where the interval holds both answers.",
    ...listed("agrees", "Agrees:"),
    ...listed("differs", "Does not agree:"),
    ...listed("open", "Open:"),
    ...listed("not run yet", "Not run yet:"),
  ]);
}

const allParts = ({ shared, seeds }: PaperResults): readonly (readonly [string, Part])[] => [
  ...Object.entries(shared),
  ...seeds.flatMap(({ seed, parts }) =>
    Object.entries(parts).map(([id, part]) => [`${id}, seed ${seed}`, part] as const),
  ),
];

function making(results: PaperResults): string {
  const { protocol, model, seeds } = results;
  const { quick, pairs, guidance, development, prompts, final, curve } = protocol;
  return paragraph([
    "# The paper in miniature",
    "",
    "The experiments of *Self-Play Fine-Tuning of Diffusion Models for Text-to-Image Generation* (Yuan et al., NeurIPS 2024), repeated on the built-in",
    "pocket model by this project's own engine, with the error bars that the paper misses. `npm run paper` made all of this;",
    "every number and figure here follows from `results.json` alone, and a test makes them again.",
    ...(quick ? ["", "**This is a quick run, to see that everything works: its numbers mean nothing.**"] : []),
    "",
    `- Model: \`${model.folder}\`, sha256 ${model.sha256.slice(0, 12)}…; ${pairs} pairs of caption and fine picture; training seeds ${seeds.map(({ seed }) => seed).join(", ")}.`,
    `- Final models: ${prompts.length} held-out captions, the best of ${final.best} pictures by the average, DDIM with ${final.steps} steps, guidance ${guidance}. Points of curves: one picture of ${Math.min(curve.prompts, prompts.length)} of them at ${curve.steps} steps.`,
    "- Equal sampling seeds everywhere, so every comparison is paired, prompt by prompt.",
    `- Settings were chosen on ${development} other held-out captions, each method with equally many trials; the test captions chose nothing. Self-play's grid stands around the studio's preset, which earlier looks at those captions had shaped.`,
    "- Scores are computed from pixels, against the truth of a drawn world: truth plays PickScore's part, faith ImageReward's, finish Aesthetic's, sharpness HPS's. Finish and sharpness are distances to the pairs' level (0 at best), so overshoot does not win. The average is the mean of the four in deviations of the base's on the development captions, at most 6 each.",
    "- Diffusion-DPO's losers are drawn too: plainer pictures of the same caption, every fourth with an attribute wrong. They play Pick-a-Pic's losers, which come from models a little worse than those of the winners and miss the caption more often.",
    "- ± is the standard deviation over training seeds. Brackets are 95 % intervals by a bootstrap over prompts of the paired values, averaged over the seeds.",
    "- The paper's PartiPrompts and HPS v2 (Tables 7 to 10) have no counterpart in a world of 4,590 sentences: two kinds of captions take their places.",
  ]);
}

/** Who made which part, when, where. */
function origins(results: PaperResults): string {
  const rows = allParts(results).map(([name, { made }]) =>
    row([name, made.date, made.commit, `\`${made.command}\``, made.minutes.toFixed(0)]),
  );
  const versions = new Set(allParts(results).map(([, { made }]) => JSON.stringify(made.versions)));
  const told = [...versions].map((json) =>
    Object.entries(JSON.parse(json) as object)
      .map((pair) => pair.join(" "))
      .join(", "),
  );
  return paragraph([
    "## Made by",
    "",
    row(["part", "date", "commit", "command", "minutes"]),
    row(["---", "---", "---", "---", "---"]),
    ...rows,
    "",
    `With ${told.join("; or ")}.`,
  ]);
}

const pictures = [
  "## Pictures",
  "",
  "Where they were drawn, [figure-2.png](figure-2.png) has a row a caption, with the best of each final model (base, SFT, Diffusion-DPO, SPIN 1, 2, 3) and the finest picture of the caption at the right; [figure-12.png](figure-12.png) has eight more captions.",
];

export function page(results: PaperResults, tables: readonly Table[], figures: readonly Figure[]): string {
  const shown = figures.map(({ id, title }) => `![${title}](${id}.svg)\n\n${title}: [${id}.csv](${id}.csv)\n`);
  const told = tables.map(
    (table) => `${markdown(table)}\n[${table.id}.csv](${table.id}.csv), [${table.id}.tex](${table.id}.tex)\n`,
  );
  return [
    making(results),
    targets(results),
    claims(results),
    paragraph(["## Figures"]),
    ...shown,
    paragraph(pictures),
    paragraph(["## Tables"]),
    ...told,
    origins(results),
  ].join("\n");
}
