/** @file The scores of two pictures, where both were scored as they are drawn here: a ring and a disc among all that were. */
import { useEffect } from "react";
import type { NodeId, ScoreInfo } from "../../studio/api.ts";
import { fixed } from "../format.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { scoresOf } from "../state/report.ts";
import type { ScoreBook } from "../state/report-slice.ts";
import type { Prompt } from "../state/studio-state.ts";

export interface ScoresProps {
  readonly left: NodeId;
  readonly right: NodeId;
  readonly prompt: Prompt;
}

export function Scores({ left, right, prompt }: ScoresProps) {
  const actions = useActions();
  const scoring = useStudio((state) => state.model?.scoring ?? null);
  const book = useStudio((state) => state.book);
  const was = useStudio((state) => scoresOf(state, left, prompt));
  const is = useStudio((state) => scoresOf(state, right, prompt));
  useEffect(() => void actions.recallScores(), [actions]);
  if (scoring === null || book === null || was === null || is === null) return null;
  return (
    <ul className="scorelines" aria-label="Scores of these two pictures">
      {scoring.scores.map((score) => {
        const [from, to] = [was[score.id], is[score.id]];
        if (from === undefined || to === undefined) return null;
        return <Line key={score.id} score={score} from={from} to={to} range={rangeOf(book, score)} />;
      })}
    </ul>
  );
}

interface LineProps {
  readonly score: ScoreInfo;
  readonly from: number;
  readonly to: number;
  readonly range: readonly [low: number, high: number];
}

function Line({ score: { title, help, unit, digits }, from, to, range: [low, high] }: LineProps) {
  const place = (value: number): number => (100 * (value - low)) / Math.max(high - low, 1e-9);
  const [a, b] = [place(from), place(to)];
  return (
    <li title={help}>
      <span>{title}</span>
      <span className="num">
        {fixed(from, digits)} to {fixed(to, digits)}
        {unit === "" ? "" : ` ${unit}`}
      </span>
      <span className="scoreline" aria-hidden="true">
        <i className="between" style={{ insetInlineStart: `${Math.min(a, b)}%`, inlineSize: `${Math.abs(b - a)}%` }} />
        <i className="was" style={{ insetInlineStart: `${a}%` }} />
        <i className="is" style={{ insetInlineStart: `${b}%` }} />
      </span>
    </li>
  );
}

/** Of one score, over every picture that was scored. */
function rangeOf(book: ScoreBook, { id }: ScoreInfo): readonly [low: number, high: number] {
  const values = Object.values(book.nodes).flatMap((rows) => rows.flatMap((row) => row[id] ?? []));
  return [Math.min(...values), Math.max(...values)];
}
