/** @file Vote: two pictures of one prompt and seed without names, and what the votes say. No side colours: they would tell. */
import { useCallback, useEffect, useMemo } from "react";
import { Onward } from "../parts/onward.tsx";
import { Glyph } from "../parts/glyph.tsx";
import { PictureView } from "../parts/picture.tsx";
import { type KeyMap, useKeys, useShortcut } from "../keys.ts";
import { Key } from "../parts/key.tsx";
import type { VotedOn } from "../route.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { idOf, models } from "../state/nodes.ts";
import type { StudioState } from "../state/studio-state.ts";
import { type Rivals, votesBetween } from "../state/tally.ts";
import { ballotOf, defaultRivals, goalOf, pictureFor } from "../state/vote.ts";
import type { Ballot } from "../state/vote-slice.ts";
import { Enough } from "./enough.tsx";
import { TallyLine } from "./tally-line.tsx";

export function VoteScreen({ asked }: { readonly asked: VotedOn | null }) {
  const actions = useActions();
  const nodes = useStudio((state) => state.nodes);
  const ready = useStudio((state) => state.machine === "ready");
  const read = useStudio((state) => state.votesRead);
  const rivals = useMemo(() => rivalsOf({ nodes }, asked), [nodes, asked]);
  useEffect(() => {
    void actions.readVotes();
    return () => actions.stopBallots();
  }, [actions]);
  useEffect(() => {
    if (ready) void actions.recallCompare();
  }, [actions, ready]);
  if (rivals === null) return <Empty />;
  return read ? <Voting rivals={rivals} /> : <section className="screen vote" aria-label="Vote" />;
}

/** Those of the address, where they are in the tree. */
export function rivalsOf(state: Pick<StudioState, "nodes">, asked: VotedOn | null): Rivals | null {
  const [a, b] = [idOf(state, asked?.a ?? -1), idOf(state, asked?.b ?? -1)];
  const shown = models(state);
  return a !== null && b !== null && a !== b && shown.includes(a) && shown.includes(b)
    ? { a, b }
    : defaultRivals(state);
}

function Voting({ rivals }: { readonly rivals: Rivals }) {
  const actions = useActions();
  const ready = useStudio((state) => state.machine === "ready");
  const prompts = useStudio((state) => state.prompts);
  const unknown = useStudio((state) => state.machine === "looking" || state.machine === "opening");
  const votes = useStudio((state) => state.votes);
  const salt = useStudio((state) => state.salt);
  const sessions = useStudio((state) => state.sessions);
  const ballot = useMemo(
    () => ballotOf({ prompts, votes, salt, sessions }, rivals),
    [prompts, votes, salt, sessions, rivals],
  );
  useEffect(() => {
    if (ready && ballot !== null) void actions.drawBallots(rivals);
  }, [actions, ready, rivals, ballot]);
  const between = votesBetween(votes, rivals);
  if (prompts.length === 0) return unknown ? <section className="screen vote" aria-label="Vote" /> : <NoPrompts />;
  if (ballot === null) return <Enough rivals={rivals} />;
  return (
    <Ask
      ballot={ballot}
      rivals={rivals}
      number={between.length + 1}
      of={goalOf({ votes, sessions }, rivals)}
      undoable={between.length > 0}
    />
  );
}

interface AskProps {
  readonly ballot: Ballot;
  readonly rivals: Rivals;
  readonly number: number;
  readonly of: number;
  readonly undoable: boolean;
}

function Ask({ ballot, rivals, number, of, undoable }: AskProps) {
  const actions = useActions();
  const [left, right] = ballot.side === "left" ? [ballot.a, ballot.b] : [ballot.b, ballot.a];
  const a = useStudio((state) => pictureFor(state, left, ballot.prompt));
  const b = useStudio((state) => pictureFor(state, right, ballot.prompt));
  const ready = useStudio((state) => state.machine === "ready");
  const fault = useStudio((state) => state.ballotFault);
  const there = a !== undefined && b !== undefined;
  const cast = useCallback(
    (choice: Parameters<typeof actions.cast>[1]) => {
      if (there || choice === "skip") actions.cast(ballot, choice);
    },
    [actions, ballot, there],
  );
  const undo = useCallback(() => actions.undoVote(rivals), [actions, rivals]);
  useKeys(
    useMemo(
      (): KeyMap => ({
        voteA: () => cast("left"),
        voteB: () => cast("right"),
        tie: () => cast("tie"),
        skip: () => cast("skip"),
        undo,
      }),
      [cast, undo],
    ),
  );
  const sides = [
    { letter: "A", picture: a, choice: "left", command: "voteA", shortcut: useShortcut("voteA") },
    { letter: "B", picture: b, choice: "right", command: "voteB", shortcut: useShortcut("voteB") },
  ] as const;
  const [tieBy, skipBy, undoBy] = [useShortcut("tie"), useShortcut("skip"), useShortcut("undo")];
  return (
    <section className="screen vote" aria-labelledby="vote-h">
      <div className="ask">
        <p className="small quieter">Which picture do you prefer for</p>
        <h1 className="prompt" id="vote-h">
          {ballot.prompt.text}
        </h1>
        <p className="visually-hidden" role="status">
          Comparison {number} of {of}: {ballot.prompt.text}
          {there ? "" : ", being drawn"}
        </p>
      </div>
      <div className="ballot">
        {sides.map(({ letter, picture, choice, command, shortcut }) => (
          <button
            type="button"
            key={letter}
            aria-label={`Picture ${letter}`}
            aria-disabled={!there}
            {...shortcut}
            onClick={() => cast(choice)}
          >
            <PictureView id={picture} label="" waiting />
            <span className="letter" aria-hidden="true">
              <Key of={command} />
              <b>{letter}</b>
            </span>
          </button>
        ))}
      </div>
      <div className="row choices">
        <button type="button" className="button narrow-only" disabled={!there} onClick={() => cast("left")}>
          A
        </button>
        <button type="button" className="button" disabled={!there} {...tieBy} onClick={() => cast("tie")}>
          Tie <Key of="tie" />
        </button>
        <button type="button" className="button plain" {...skipBy} onClick={() => cast("skip")}>
          Skip <Key of="skip" />
        </button>
        <button type="button" className="button plain" disabled={!undoable} {...undoBy} onClick={undo}>
          Undo <Key of="undo" />
        </button>
        <button type="button" className="button narrow-only" disabled={!there} onClick={() => cast("right")}>
          B
        </button>
      </div>
      {fault && !there ? (
        <p className="row">
          <Glyph name="bang" /> The pictures could not be drawn.
          <button type="button" className="button" onClick={() => void actions.drawBallots(rivals)}>
            Try again
          </button>
        </p>
      ) : null}
      {ready || there ? null : <p className="small quieter">The model is being opened.</p>}
      <TallyLine rivals={rivals} />
    </section>
  );
}

function Empty() {
  return (
    <section className="screen vote" aria-labelledby="vote-h">
      <div className="idle">
        <h1 id="vote-h">Nothing to vote on yet</h1>
        <p>
          A vote needs one finished iteration. It will show you its pictures beside Base’s without saying which is
          which, so that you judge what you see.
        </p>
        <Onward />
      </div>
    </section>
  );
}

function NoPrompts() {
  return (
    <section className="screen vote" aria-labelledby="vote-h">
      <div className="idle">
        <h1 id="vote-h">There are no prompts to draw</h1>
        <p>A vote takes the prompts of Compare. Add one there.</p>
        <a className="button primary" href="#compare">
          Open Compare
        </a>
      </div>
    </section>
  );
}
