/** @file The report's charts: winning rates over Base, the scores as a radar, and a number by iteration. */
import { useMemo, useState } from "react";
import { BASE } from "../../lib/node-name.ts";
import type { NodeId, ScoreInfo, Vote } from "../../studio/api.ts";
import { fixed, percent } from "../format.ts";
import { Choice } from "../parts/choice.tsx";
import { rangeOf } from "../shares.ts";
import type { ScoreBook } from "../state/report-slice.ts";
import { ENOUGH, type Share, tallyOf } from "../state/tally.ts";
import { type Bar, Bars } from "./bars.tsx";
import { Figure } from "./figure.tsx";
import { lookOf } from "./look.ts";
import { AVERAGE, compareBy } from "./numbers.ts";
import { type Point, Points } from "./points.tsx";
import { Radar, type RadarRow } from "./radar.tsx";

export interface ChartsProps {
  readonly nodes: readonly NodeId[];
  readonly name: (node: NodeId) => string;
  readonly votes: readonly Vote[];
  readonly columns: readonly ScoreInfo[];
  readonly rows: readonly RadarRow[];
  readonly book: ScoreBook | null;
}

type Judge = "votes" | "scores";

/** Who wins over Base, by people or by the average of the scores. */
function shareBy(judge: Judge, node: NodeId, { votes, book }: ChartsProps): { share: Share | null; decided: number } {
  if (judge === "votes") return tallyOf(votes, { a: node, b: BASE });
  const compared = compareBy(AVERAGE.id, book, node, BASE);
  return { share: compared?.share ?? null, decided: compared?.prompts ?? 0 };
}

export function Charts(props: ChartsProps) {
  const { rows, columns, votes } = props;
  const scored = rows.length > 1;
  const voted = votes.length > 0;
  const axes = columns.filter(({ id }) => id !== AVERAGE.id);
  if (!scored && !voted) return null;
  return (
    <div className="duo">
      <div className="stack">
        <Rates {...props} scored={scored} voted={voted} />
        <ByIteration {...props} />
      </div>
      {scored && axes.length > 2 ? (
        <Figure
          title={axes.length === 4 ? "Four scores" : "Scores"}
          note="Further out is better. Each axis has its own range, lowest to highest; numbers and intervals are in the table below."
          twin={{
            head: ["Model", ...axes.map(({ title }) => title)],
            rows: rows.map(({ name, means }) => [
              name,
              ...axes.map(({ id, digits }) => fixed(means[id]?.mean ?? 0, digits)),
            ]),
          }}
        >
          <Radar title="Scores of all models" axes={axes} rows={rows} />
        </Figure>
      ) : null}
    </div>
  );
}

interface RatesProps extends ChartsProps {
  readonly scored: boolean;
  readonly voted: boolean;
}

function Rates({ scored, voted, ...props }: RatesProps) {
  const { nodes, name, votes } = props;
  const enough = nodes.some((node) => tallyOf(votes, { a: node, b: BASE }).share !== null);
  const [chosen, setChosen] = useState<Judge | null>(null);
  const judge = !scored ? "votes" : !voted ? "scores" : (chosen ?? (enough ? "votes" : "scores"));
  const bars = nodes
    .filter((node) => node !== BASE)
    .map((node): Bar & { readonly decided: number } => {
      const { share, decided } = shareBy(judge, node, props);
      const words = judge === "votes" ? `${decided} of ${ENOUGH} votes` : "not scored";
      return { name: name(node), look: lookOf(node, nodes), share, words, decided };
    });
  const note =
    judge === "votes"
      ? `Share of blind votes for the model’s picture, ties half, with the 95 % interval. No rate under ${ENOUGH} votes.`
      : "Share of prompts in which the average of the scores is higher than Base’s, with the 95 % interval.";
  return (
    <Figure
      title="Winning rate over Base"
      note={note}
      twin={{
        head: ["Model", "Winning rate", "95 % interval", judge === "votes" ? "Votes" : "Prompts"],
        rows: bars.map((bar) => [
          bar.name,
          bar.share === null ? "–" : percent(bar.share.rate),
          bar.share === null ? "–" : rangeOf(bar.share.interval),
          String(bar.decided),
        ]),
      }}
      choice={
        scored && voted ? (
          <Choice
            label="Judged by"
            value={judge}
            options={[
              { value: "votes", label: "Votes" },
              { value: "scores", label: "Scores" },
            ]}
            onChange={setChosen}
          />
        ) : undefined
      }
    >
      <Bars bars={bars} title="Winning rate over Base" />
    </Figure>
  );
}

const VOTES = "votes";

function ByIteration(props: ChartsProps) {
  const { nodes, name, columns, rows, votes } = props;
  const voted = nodes.filter((node) => tallyOf(votes, { a: node, b: BASE }).share !== null);
  const options = [
    ...(rows.length > 1 ? columns : []).toReversed().map(({ id, title }) => ({ id, title })),
    ...(voted.length > 0 ? [{ id: VOTES, title: "Votes won over Base" }] : []),
  ];
  const [chosen, setChosen] = useState<string | null>(null);
  const [first] = options;
  const shown = options.find(({ id }) => id === chosen) ?? first;
  const column = columns.find(({ id }) => id === shown?.id);
  const format = (value: number): string => {
    if (column === undefined) return percent(value);
    return `${fixed(value, column.digits)}${column.unit === "" ? "" : ` ${column.unit}`}`;
  };
  const points = useMemo((): readonly Point[] => {
    const range = (low: number, high: number): string => `${format(low)} to ${format(high)}`;
    const point = (node: NodeId, value: number, interval: Point["interval"]): Point => {
      const words = `${format(value)}, ${range(...interval)}`;
      return { name: name(node), look: lookOf(node, nodes), value, interval, words };
    };
    if (column !== undefined)
      return rows.map(({ node, means }) => {
        const { mean, interval } = means[column.id] ?? { mean: 0, interval: [0, 0] as const };
        return point(node, mean, interval);
      });
    return nodes.flatMap((node) => {
      const { share } = tallyOf(votes, { a: node, b: BASE });
      return share === null ? [] : [point(node, share.rate, share.interval)];
    });
    // format follows from column
    // oxlint-disable-next-line react/exhaustive-deps
  }, [column, rows, nodes, name, votes]);
  if (shown === undefined) return null;
  const note =
    column === undefined
      ? "Share of blind votes for the model’s picture over Base’s, with the 95 % interval. The dotted line is no difference."
      : `${column.title}: ${column.help}. Mean over the prompts with its 95 % interval; between prompts it spreads, so look at the winning rate for who is ahead.`;
  return (
    <Figure
      title="By iteration"
      note={note}
      twin={{ head: ["Model", shown.title, "95 % interval"], rows: points.map((point) => cellsOf(point, format)) }}
      choice={
        options.length < 2 ? undefined : (
          <select
            className="field"
            aria-label="What is shown by iteration"
            value={shown.id}
            onChange={(event) => setChosen(event.target.value)}
          >
            {options.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        )
      }
    >
      <Points
        title={`${shown.title} by iteration`}
        points={points}
        reference={column === undefined ? 0.5 : null}
        format={format}
      />
    </Figure>
  );
}

function cellsOf({ name, value, interval }: Point, format: (value: number) => string): readonly string[] {
  return [name, format(value), `${format(interval[0])} to ${format(interval[1])}`];
}
