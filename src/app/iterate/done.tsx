/** @file An iteration that was kept: what it did, its pictures beside its opponent's, and the next one. */
import { useEffect } from "react";
import type { NodeInfo } from "../../studio/api.ts";
import { nodeName } from "../../lib/node-name.ts";
import { smooth, spanFor } from "../curves.ts";
import { percent, room, took } from "../format.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { nameOf, newest, nextNode } from "../state/nodes.ts";
import { isRunning } from "../state/selectors.ts";
import { useReports } from "../use-reports.ts";
import { Primary } from "./primary.tsx";
import { Samples } from "./samples.tsx";
import { SettingsList } from "./settings-list.tsx";
import { Title } from "./title.tsx";

export function Done({ node }: { readonly node: NodeInfo }) {
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
        <Primary node={node.id} />
      </Title>
      <DoneFacts node={node} />
      <Beside node={node} />
      <SettingsList name={nodeName(node)} settings={node.settings} />
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
  const accuracies = reports.flatMap(({ accuracy }) => accuracy ?? []);
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
        <dd>{reports.length < of ? `${reports.length} of ${of}` : of}</dd>
      </div>
      <div>
        <dt>Loss</dt>
        <dd>
          {first.loss.toFixed(3)} to {last(reports.map((report) => report.loss)).toFixed(3)}
        </dd>
      </div>
      {accuracies.length === 0 ? null : (
        <div>
          <dt>Told apart</dt>
          <dd>{percent(last(accuracies))}</dd>
        </div>
      )}
      <div>
        <dt>Saved</dt>
        <dd>
          as {nodeName(node)}, {room(node.bytes)}
        </dd>
      </div>
    </dl>
  );
}

function Beside({ node }: { readonly node: NodeInfo }) {
  const actions = useActions();
  const finished = useStudio((state) => state.finished);
  const ready = useStudio((state) => state.machine === "ready" && !isRunning(state));
  useEffect(() => {
    if (ready) void actions.drawMissing();
  }, [actions, ready]);
  const samples = finished?.node === node.id ? finished.samples : NONE;
  return (
    <Samples
      name={nodeName(node)}
      opponent={node.opponent}
      parent={node.parent}
      samples={samples}
      end={{ node: node.id, step: node.step }}
      to={NONE}
      waiting={false}
    >
      <p className="film-head">Same prompt, same seed, from the start to the end</p>
    </Samples>
  );
}

const NONE: readonly never[] = [];
