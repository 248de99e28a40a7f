/** @file The table of scores in the form of the paper's Table 1, its files, and the scoring itself. */
import { useMemo } from "react";
import { BASE } from "../../lib/node-name.ts";
import type { ScoreInfo } from "../../studio/api.ts";
import { count, duration, fixed } from "../format.ts";
import { Choice } from "../parts/choice.tsx";
import { Progress } from "../parts/progress.tsx";
import { saveFile } from "../save-file.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { SCORE_COUNTS, unscored } from "../state/report.ts";
import type { ScoreBook } from "../state/report-slice.ts";
import { isRunning } from "../state/selectors.ts";
import { useNow } from "../use-now.ts";
import { placesOf } from "./numbers.ts";
import { type NamedRow, tableCsv, tableLatex } from "./table-files.ts";

export interface ScoresProps {
  readonly columns: readonly ScoreInfo[];
  readonly rows: readonly NamedRow[];
  readonly book: ScoreBook | null;
}

export function Scores({ columns, rows, book }: ScoresProps) {
  if (columns.length === 0 || book === null) return null;
  const note = `Mean over ${book.prompts.length} prompts held back from training, one fixed seed each, with its 95 % interval; higher is better. Bold is best, underlined second best, tinted rows are self-play.`;
  return (
    <section className="scores" aria-labelledby="scores-h">
      <h2 id="scores-h">Scores</h2>
      {rows.length === 0 ? (
        <p>
          The model’s pictures of captions that no training saw are compared with what the captions say. It takes a
          minute or two, here on this computer.
        </p>
      ) : (
        <>
          <p>{note}</p>
          <ScoreTable columns={columns} rows={rows} />
          <dl className="small quiet meanings">
            {columns.map(({ id, title, help }) => (
              <div key={id}>
                <dt>{title}</dt>
                <dd>{help}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      <Scoring />
      {rows.length === 0 ? null : (
        <div className="row">
          <button
            type="button"
            className="button"
            onClick={() => saveFile("scores.csv", "text/csv", tableCsv(rows, columns))}
          >
            Save table as .csv
          </button>
          <button
            type="button"
            className="button"
            onClick={() => saveFile("scores.tex", "application/x-tex", tableLatex(rows, columns, note))}
          >
            Save table as .tex
          </button>
        </div>
      )}
    </section>
  );
}

function ScoreTable({ columns, rows }: Pick<ScoresProps, "columns" | "rows">) {
  const places = useMemo(() => columns.map((column) => placesOf(rows, column)), [columns, rows]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
    <div className="sideways" tabIndex={0} role="region" aria-label="Scores, as a table">
      <table className="results">
        <thead>
          <tr>
            <th scope="col">Model</th>
            {columns.map(({ id, title, unit }) => (
              <th scope="col" key={id}>
                {title}
                {unit === "" ? "" : `, ${unit}`} <span aria-hidden="true">↑</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ node, name, means }, row) => (
            <tr key={node} className={node === BASE ? undefined : "ours"}>
              <th scope="row">{name}</th>
              {columns.map(({ id, digits }, column) => {
                const { mean, interval } = means[id] ?? { mean: 0, interval: [0, 0] as const };
                return (
                  <td className="num" key={id}>
                    <Ranked text={fixed(mean, digits)} place={places[column]?.[row] ?? -1} />
                    <small>
                      {fixed(interval[0], digits)} to {fixed(interval[1], digits)}
                    </small>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Ranked({ text, place }: { readonly text: string; readonly place: number }) {
  if (place === 0) return <b>{text}</b>;
  return place === 1 ? <u>{text}</u> : text;
}

/** What is not scored yet can be; more prompts give narrower intervals. */
function Scoring() {
  const actions = useActions();
  const scoring = useStudio((state) => state.scoring);
  const lacking = useStudio((state) => unscored(state).length);
  const wanted = useStudio((state) => state.scoreCount);
  const ready = useStudio((state) => state.machine === "ready");
  const running = useStudio(isRunning);
  const any = useStudio((state) => state.book !== null);
  if (scoring !== null) return <Under {...scoring} />;
  return (
    <div className="row scoring">
      <span className="quiet">Prompts</span>
      <Choice
        label="Prompts to score on"
        value={String(wanted)}
        options={SCORE_COUNTS.map((each) => ({ value: String(each), label: String(each) }))}
        onChange={(value) => actions.setScoreCount(Number(value))}
      />
      {lacking === 0 ? (
        <span className="quiet small">More prompts give narrower intervals.</span>
      ) : (
        <button
          type="button"
          className={any ? "button" : "button primary"}
          disabled={!ready || running}
          title={running ? "A run has the model; this can start when it has ended or is paused." : undefined}
          onClick={() => void actions.scoreNodes()}
        >
          Score {count(lacking, "model")} on {wanted} prompts
        </button>
      )}
    </div>
  );
}

const STEADY = 16;

function Under({ done, of, startedAt }: { readonly done: number; readonly of: number; readonly startedAt: number }) {
  const actions = useActions();
  const now = useNow(true);
  const left = done < STEADY ? null : (((now - startedAt) / done) * (of - done)) / 1000;
  return (
    <div className="under">
      <Progress done={done / of} label="Scoring" />
      <span className="num">
        picture {Math.min(of, done + 1)} of {of}
        {left === null ? "" : `, about ${duration(left)} left`}
      </span>
      <button type="button" className="button" onClick={() => actions.stopScoring()}>
        Stop scoring
      </button>
    </div>
  );
}
