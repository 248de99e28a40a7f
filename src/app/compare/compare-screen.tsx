/** @file Compare: prompts by iterations with equal seeds, or two of them in one frame. */
import { useEffect, useMemo, useRef, useState } from "react";
import { BASE } from "../../lib/node-name.ts";
import type { NodeId } from "../../studio/api.ts";
import { Onward } from "../parts/onward.tsx";
import type { Viewed } from "../route.ts";
import { columnsOf, rowsOf, sidesOf } from "../state/compare.ts";
import { useStudio, useWorkbench } from "../state/context.tsx";
import { idOf, models } from "../state/nodes.ts";
import { isRunning } from "../state/selectors.ts";
import type { Prompt } from "../state/studio-state.ts";
import { Grid, type At } from "./grid.tsx";
import { Foot, Head } from "./head.tsx";
import { Viewer } from "./viewer.tsx";

export function CompareScreen({ viewed }: { readonly viewed: Viewed | null }) {
  const nodes = useStudio((state) => state.nodes);
  const hidden = useStudio((state) => state.hidden);
  const chosen = useStudio((state) => state.sides);
  const prompts = useStudio((state) => state.prompts);
  const seedsEach = useStudio((state) => state.seedsEach);
  const rows = useMemo(() => rowsOf({ prompts, seedsEach }), [prompts, seedsEach]);
  const columns = useMemo(() => columnsOf({ nodes, hidden }), [nodes, hidden]);
  const sides = sidesOf({ nodes, hidden, sides: chosen });
  const [at, setAt] = useState<At>({ row: 0, node: sides.right });
  useDrawing(rows, columns);

  const pair = viewed === null ? [] : [idOf({ nodes }, viewed.left), idOf({ nodes }, viewed.right)];
  const open =
    viewed !== null &&
    rows[viewed.prompt] !== undefined &&
    pair.every((node) => node !== null && columns.includes(node));
  // back in the grid, the keys are on the picture that was looked at
  const wasOpen = useRef(false);
  const [row, node] = open ? [viewed.prompt, pair[1] ?? BASE] : [null, BASE];
  useEffect(() => {
    wasOpen.current = row !== null;
    if (row !== null) setAt({ row, node });
  }, [row, node]);

  if (models({ nodes }).length === 1) return <Empty />;
  return (
    <section className="screen compare" aria-labelledby="cmp-h">
      {open ? (
        <Viewer viewed={viewed} models={columns} rows={rows} />
      ) : (
        <>
          <Head rows={rows} columns={columns} sides={sides} at={at} />
          <Grid {...{ columns, rows, sides, at, setAt }} focus={wasOpen.current} />
          <Foot />
        </>
      )}
    </section>
  );
}

/** What an earlier visit asked for is read, what was drawn before is shown, and what is missing is drawn when the engine is free. */
function useDrawing(rows: readonly Prompt[], columns: readonly NodeId[]): void {
  const { store } = useWorkbench();
  const read = useStudio((state) => state.machine !== "reading");
  const ready = useStudio((state) => state.machine === "ready");
  const running = useStudio(isRunning);
  useEffect(() => {
    if (read) void store.getState().recallCompare();
  }, [store, read]);
  useEffect(() => {
    if (ready) void store.getState().drawMissing();
  }, [store, ready, running, rows, columns]);
}

function Empty() {
  return (
    <section className="screen compare" aria-labelledby="cmp-h">
      <div className="head">
        <h1 id="cmp-h">Compare</h1>
        <p>Only Base so far</p>
      </div>
      <div className="idle">
        <p>
          There is nothing to compare Base with yet. After the first iteration its pictures stand here beside Base’s,
          drawn from the same seeds.
        </p>
        <Onward />
      </div>
    </section>
  );
}
