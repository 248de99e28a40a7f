/** @file An iteration that was kept: what it did, its pictures beside its opponent's, and the next one. */
import { useEffect, useState } from "react";
import { smooth, spanFor } from "../curves.ts";
import { iterationName, percent, took } from "../format.ts";
import { TwoUpLazy } from "../parts/two-up-lazy.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { cellKey, isRunning, whyNotStart } from "../state/selectors.ts";
import { useReports } from "../use-reports.ts";
import { primaryInWords } from "../words.ts";
import { Seeds } from "./look.tsx";
import { Title } from "./title.tsx";

export function Done({ iteration }: { readonly iteration: number }) {
  const actions = useActions();
  const primary = useStudio(primaryInWords);
  const obstacle = useStudio(whyNotStart);
  const running = useStudio(isRunning);
  const last = useStudio((state) => state.kept.at(-1) === iteration);
  return (
    <>
      <Title iteration={iteration}>
        <a className="button" href="#compare">
          Compare all
        </a>
        {last ? (
          <button
            type="button"
            className="button primary"
            disabled={obstacle !== null || running}
            title={obstacle ?? undefined}
            onClick={() => void actions.spin()}
          >
            {primary}
          </button>
        ) : null}
      </Title>
      <DoneFacts iteration={iteration} />
      <Beside iteration={iteration} />
      {last ? (
        <p className="small quieter">
          <a href={`#iterate/${iteration + 1}`}>Settings of {iterationName(iteration + 1)}</a> can be changed before it
          starts.
        </p>
      ) : null}
    </>
  );
}

function DoneFacts({ iteration }: { readonly iteration: number }) {
  const reports = useReports(iteration);
  const seconds = useStudio((state) => (state.finished?.iteration === iteration ? state.finished.seconds : null));
  const first = reports[0];
  if (first === undefined) return <p className="quiet">{iterationName(iteration)} is kept on this computer.</p>;
  const of = reports.at(-1)?.of ?? reports.length;
  const last = (values: readonly number[]): number => smooth(values, spanFor(of)).at(-1) ?? 0;
  return (
    <dl className="facts">
      {seconds === null ? null : (
        <div>
          <dt>Took</dt>
          <dd>{took(seconds)}</dd>
        </div>
      )}
      <div>
        <dt>Steps</dt>
        <dd>{of}</dd>
      </div>
      <div>
        <dt>Loss</dt>
        <dd>
          {first.loss.toFixed(3)} to {last(reports.map((report) => report.loss)).toFixed(3)}
        </dd>
      </div>
      <div>
        <dt>Told apart</dt>
        <dd>{percent(last(reports.map((report) => report.accuracy)))}</dd>
      </div>
      <div>
        <dt>Saved</dt>
        <dd>as {iterationName(iteration)}</dd>
      </div>
    </dl>
  );
}

function Beside({ iteration }: { readonly iteration: number }) {
  const actions = useActions();
  const prompts = useStudio((state) => state.prompts);
  const cells = useStudio((state) => state.cells);
  const ready = useStudio((state) => state.machine === "ready" && state.current === null);
  const [chosen, setChosen] = useState(0);
  useEffect(() => {
    if (ready) void actions.drawMissing();
  }, [actions, ready]);
  const prompt = prompts[chosen];
  if (prompt === undefined) return null;
  return (
    <div className="look">
      <TwoUpLazy
        left={{ picture: cells[cellKey(iteration - 1, prompt)], name: iterationName(iteration - 1), side: "opponent" }}
        right={{ picture: cells[cellKey(iteration, prompt)], name: iterationName(iteration), side: "player" }}
        prompt={prompt.text}
      />
      <Seeds
        items={prompts.slice(0, 4).map((item) => {
          return { picture: cells[cellKey(iteration, item)], prompt: item.text, seed: item.seed };
        })}
        chosen={chosen}
        onChoose={setChosen}
      />
    </div>
  );
}
