/** @file Report: what the person's own tree came to, in words, charts, a table, and files to take away. */
import { useEffect, useMemo } from "react";
import { BASE } from "../../lib/node-name.ts";
import { Onward } from "../parts/onward.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { models, nameOf, newest, nodeOf } from "../state/nodes.ts";
import { bookOf } from "../state/report.ts";
import { isRunning } from "../state/selectors.ts";
import { Charts } from "./charts.tsx";
import { Lead } from "./lead.tsx";
import { lookOf } from "./look.ts";
import { scoreColumns, tableOf } from "./numbers.ts";
import { Scores } from "./scores.tsx";
import { leadOf } from "./sentences.ts";
import { Takes } from "./takes.tsx";
import { VotesTable } from "./votes-table.tsx";

export function ReportScreen() {
  const actions = useActions();
  const known = useStudio((state) => state.machine !== "reading");
  const several = useStudio((state) => models(state).length > 1);
  const free = useStudio((state) => state.machine === "ready" && !isRunning(state) && state.drawing === null);
  useEffect(() => {
    if (!known) return;
    void actions.readVotes();
    void actions.recallScores();
  }, [actions, known]);
  useEffect(() => {
    if (free) void actions.drawFaces();
  }, [actions, free]);
  if (!known) return <section className="screen report" aria-label="Report" />;
  return several ? <Findings /> : <Empty />;
}

function Findings() {
  const nodes = useStudio((state) => state.nodes);
  const votes = useStudio((state) => state.votes);
  const model = useStudio((state) => state.model);
  const kept = useStudio((state) => state.book);
  const scoreCount = useStudio((state) => state.scoreCount);
  const shown = useMemo(() => models({ nodes }), [nodes]);
  const name = useMemo(() => (node: string) => nameOf({ nodes }, node), [nodes]);
  const scoring = model?.scoring ?? null;
  // until the model is open, what was scored before is shown as it was
  const book = useMemo(
    () => (model === null ? kept : bookOf({ model, book: kept, scoreCount })),
    [model, kept, scoreCount],
  );
  const columns = useMemo(() => (scoring === null ? [] : scoreColumns(scoring)), [scoring]);
  const rows = useMemo(() => {
    const table = book === null ? [] : tableOf(book, shown, columns);
    return table.map((row) => ({ ...row, name: name(row.node), look: lookOf(row.node, shown) }));
  }, [book, shown, columns, name]);
  const node = newest({ nodes });
  const parent = nodeOf({ nodes }, node)?.parent ?? BASE;
  const lead = useMemo(() => {
    const stands = shown.includes(parent) ? parent : BASE;
    return leadOf({ node, parent: stands, name, votes, scoring, book });
  }, [node, parent, shown, name, votes, scoring, book]);
  return (
    <section className="screen report" aria-labelledby="rep-h">
      <Lead lead={lead} opening={model === null} nodes={shown} newest={node} name={name} />
      <Charts nodes={shown} name={name} votes={votes} columns={columns} rows={rows} book={book} />
      <Scores columns={columns} rows={rows} book={book} />
      <VotesTable nodes={shown} name={name} votes={votes} />
      <Takes votes={votes.length} scored={rows.length > 0} />
    </section>
  );
}

function Empty() {
  return (
    <section className="screen report" aria-labelledby="rep-h">
      <div className="idle">
        <h1 id="rep-h">No report yet</h1>
        <p>
          A report needs one finished iteration. It will show winning rates over Base, the scores, and the files to take
          away.
        </p>
        <Onward />
      </div>
      <Takes votes={0} scored={false} />
    </section>
  );
}
