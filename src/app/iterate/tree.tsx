/** @file The tree of iterations, made of their pictures: looked at, walked by arrows, and where each node's actions are. */
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { nodeName } from "../../lib/node-name.ts";
import type { NodeId } from "../../studio/api.ts";
import { count, room } from "../format.ts";
import { Act } from "../parts/act.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { nextFace } from "../state/faces.ts";
import { models, nameOf, nextNode, nodeOf } from "../state/nodes.ts";
import { LorasDialog } from "./loras-dialog.tsx";
import { type DialogKind, TreeDialog } from "./tree-dialogs.tsx";
import { openMenu, TreeNode } from "./tree-node.tsx";
import { NEXT, type Row, treeKey, treeRows, typedTo } from "./tree-rows.ts";
import { hrefOf, sidesNow, treeObstacle } from "./tree-words.ts";

const TYPING_MS = 700;
const NOTHING: ReadonlySet<NodeId> = new Set();

export function Tree({ shown }: { readonly shown: NodeId }) {
  const actions = useActions();
  const state = useStudio((whole) => whole);
  const { nodes, current } = state;
  const [folded, setFolded] = useState(NOTHING);
  const [at, setAt] = useState<string | null>(null);
  const [dialog, setDialog] = useState<{ readonly kind: DialogKind; readonly node: NodeId } | null>(null);
  const tree = useRef<HTMLDivElement>(null);
  const typed = useRef({ text: "", when: 0 });
  useFaces();

  const next =
    current === null
      ? state.elsewhere
        ? null
        : nextNode(state).parent
      : current.node === null
        ? nextNode(state).parent
        : null;
  const rows = useMemo(() => treeRows(nodes, next, folded), [nodes, next, folded]);
  const stop = rows.find(({ id }) => id === at) ?? rows.find(({ id }) => id === shown) ?? rows[0];
  const sides = sidesNow(state, shown);
  const nameOfRow = ({ id }: Row): string => {
    if (id !== NEXT) return nameOf(state, id);
    return current?.name ?? nextNode(state).title;
  };

  const fold = (node: NodeId, shut: boolean): void => {
    const others = [...folded].filter((id) => id !== node);
    setFolded(new Set(shut ? [...others, node] : others));
  };
  const open = (row: Row): void => goTo(hrefOf(state, row.id));
  const focus = (row: Row | undefined): void => {
    if (row === undefined) return;
    setAt(row.id);
    tree.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(row.id)}"]`)?.focus();
  };
  // the row that had the focus is gone: its parent has it now
  const held = useRef(false);
  useEffect(() => {
    if (held.current && tree.current !== null && document.activeElement === document.body) focus(stop);
  });

  const act = (row: Row, key: string): boolean => {
    const node = nodeOf(state, row.id);
    const alive = node !== undefined && node.deleted === null && node.state !== "gone";
    const mine = treeObstacle({ current: current?.node === row.id ? current : null, elsewhere: state.elsewhere });
    if (key === "Enter" || key === " ") open(row);
    else if (key === "F2" && alive && !state.elsewhere) setDialog({ kind: "rename", node: row.id });
    else if (key === "Delete" && alive && mine === null) void actions.deleteNode(row.id);
    else return false;
    return true;
  };

  const onKeyDown = (index: number, event: KeyboardEvent<HTMLElement>): void => {
    const row = rows[index];
    if (row === undefined || event.altKey || event.target !== event.currentTarget) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== "z" || state.undoable === null) return;
      event.preventDefault();
      void actions.restoreNode(state.undoable);
      return;
    }
    const step = treeKey(rows, index, event.key);
    if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) openMenu(event.currentTarget);
    else if (step !== null && "to" in step) focus(rows[step.to]);
    else if (step !== null) fold(row.id, step.fold);
    else if (!act(row, event.key)) {
      if (event.key.length > 1) return;
      // letters in quick succession are the beginning of a name, where there is such a name
      const names = rows.map(nameOfRow);
      const more = event.timeStamp - typed.current.when < TYPING_MS ? typed.current.text + event.key : event.key;
      const longer = typedTo(names, index, more);
      const found = longer ?? typedTo(names, index, event.key);
      if (found === null) return;
      typed.current = { text: longer === null ? event.key : more, when: event.timeStamp };
      focus(rows[found]);
    }
    event.preventDefault();
  };

  return (
    <nav className="tree" aria-labelledby="tree-h">
      <h2 id="tree-h">Iterations</h2>
      <div
        role="tree"
        aria-labelledby="tree-h"
        ref={tree}
        onFocus={() => (held.current = true)}
        onBlur={(event) => (held.current = event.relatedTarget === null && held.current)}
      >
        {rows.map((row, index) => (
          <TreeNode
            key={row.id}
            row={row}
            name={nameOfRow(row)}
            side={row.id === sides.player ? "player" : row.id === sides.opponent ? "opponent" : "other"}
            selected={row.id === shown}
            reached={row === stop}
            hands={{ ask: (kind, node) => setDialog({ kind, node }), fold }}
            onOpen={() => open(row)}
            onKeyDown={(event) => onKeyDown(index, event)}
            onReach={() => setAt(row.id)}
          />
        ))}
      </div>
      <Branch shown={shown} />
      <Loras />
      <Room />
      {dialog === null ? null : <TreeDialog {...dialog} onClose={() => setDialog(null)} />}
    </nav>
  );
}

function goTo(href: string): void {
  globalThis.location.hash = href;
}

/** The pictures that the tree lacks are drawn when nothing else is. */
function useFaces(): void {
  const actions = useActions();
  const missing = useStudio((state) => nextFace(state, NOTHING)?.cell ?? null);
  useEffect(() => {
    if (missing !== null) void actions.drawFaces();
  }, [actions, missing]);
}

/** From what is looked at; what grows is set up on its own screen. */
function Branch({ shown }: { readonly shown: NodeId }) {
  const actions = useActions();
  const able = useStudio((state) => models(state).includes(shown));
  const obstacle =
    useStudio(treeObstacle) ?? (able ? null : "Only a finished iteration, or Base, can be branched from.");
  return (
    <p className="branch-here">
      <Act kind="plain" obstacle={obstacle} onClick={() => actions.growFrom(shown)}>
        Branch from here
      </Act>
    </p>
  );
}

/** Nodes that were trained elsewhere. */
function Loras() {
  const [asked, setAsked] = useState(false);
  const ready = useStudio((state) => state.machine === "ready");
  const obstacle = useStudio(treeObstacle) ?? (ready ? null : "The model is not open yet.");
  return (
    <>
      <p className="branch-here">
        <Act kind="plain" obstacle={obstacle} onClick={() => setAsked(true)}>
          Add LoRAs…
        </Act>
      </p>
      {asked ? <LorasDialog onClose={() => setAsked(false)} /> : null}
    </>
  );
}

/** What the tree costs in storage, and what of it can be freed. */
function Room() {
  const actions = useActions();
  const nodes = useStudio((state) => state.nodes);
  const elsewhere = useStudio((state) => state.elsewhere);
  const there = nodes.filter(({ state }) => state !== "gone");
  const deleted = there.filter((node) => node.deleted !== null);
  const sum = (some: typeof nodes): number => some.reduce((bytes, node) => bytes + node.bytes, 0);
  if (there.length === 0) return null;
  return (
    <p className="room small quieter">
      {count(there.length, "iteration")}, {room(sum(there))} on this computer.
      {deleted.length === 0 ? null : (
        <button
          type="button"
          className="button"
          disabled={elsewhere}
          aria-label={`Free ${room(sum(deleted))} now, of ${deleted.map(nodeName).join(" and ")}`}
          onClick={() => void actions.purge()}
        >
          Free {room(sum(deleted))} now
        </button>
      )}
    </p>
  );
}
