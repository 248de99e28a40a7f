/** @file An iteration that was kept: what it did, its pictures beside its opponent's, and the next one. */
import { useEffect, useState } from "react";
import type { NodeInfo } from "../../studio/api.ts";
import { nodeName } from "../../lib/node-name.ts";
import { smooth, spanFor } from "../curves.ts";
import { percent, took } from "../format.ts";
import { TwoUpLazy } from "../parts/two-up-lazy.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { nameOf, newest, nextNode } from "../state/nodes.ts";
import { cellKey, isRunning, whyNotStart } from "../state/selectors.ts";
import { useReports } from "../use-reports.ts";
import { primaryInWords } from "../words.ts";
import { Seeds } from "./look.tsx";
import { Title } from "./title.tsx";

export function Done({ node }: { readonly node: NodeInfo }) {
  const actions = useActions();
  const primary = useStudio(primaryInWords);
  const obstacle = useStudio(whyNotStart);
  const running = useStudio(isRunning);
  const last = useStudio((state) => newest(state) === node.id);
  const opponent = useStudio((state) => nameOf(state, node.opponent));
  const nextNumber = useStudio((state) => nextNode(state).number);
  const nextTitle = useStudio((state) => nextNode(state).title);
  return (
    <>
      <Title name={nodeName(node)} opponent={opponent}>
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
      <DoneFacts node={node} />
      <Beside node={node} />
      {last ? (
        <p className="small quieter">
          <a href={`#iterate/${nextNumber}`}>Settings of {nextTitle}</a> can be changed before it starts.
        </p>
      ) : null}
    </>
  );
}

function DoneFacts({ node }: { readonly node: NodeInfo }) {
  const reports = useReports(node.id);
  const seconds = useStudio((state) => (state.finished?.node === node.id ? state.finished.seconds : null));
  const first = reports[0];
  if (first === undefined) return <p className="quiet">{nodeName(node)} is kept on this computer.</p>;
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
        <dd>as {nodeName(node)}</dd>
      </div>
    </dl>
  );
}

function Beside({ node }: { readonly node: NodeInfo }) {
  const actions = useActions();
  const opponent = useStudio((state) => nameOf(state, node.opponent));
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
        left={{ picture: cells[cellKey(node.opponent, prompt)], name: opponent, side: "opponent" }}
        right={{ picture: cells[cellKey(node.id, prompt)], name: nodeName(node), side: "player" }}
        prompt={prompt.text}
      />
      <Seeds
        items={prompts.slice(0, 4).map((item) => {
          return { picture: cells[cellKey(node.id, item)], prompt: item.text, seed: item.seed };
        })}
        chosen={chosen}
        onChoose={setChosen}
      />
    </div>
  );
}
