/** @file Every two models that were voted on: counts, rate, interval, and what it means. */
import type { NodeId, Vote } from "../../studio/api.ts";
import { percent } from "../format.ts";
import { chance, rangeOf } from "../shares.ts";
import { ENOUGH, type Tally, tallyOf } from "../state/tally.ts";

export interface VotesTableProps {
  readonly nodes: readonly NodeId[];
  readonly name: (node: NodeId) => string;
  readonly votes: readonly Vote[];
}

/** The later one first, as it is asked: is it ahead? */
function pairsOf(nodes: readonly NodeId[]): readonly (readonly [NodeId, NodeId])[] {
  return nodes.flatMap((a, at) => nodes.slice(0, at).map((b) => [a, b] as const));
}

export function VotesTable({ nodes, name, votes }: VotesTableProps) {
  const rows = pairsOf(nodes)
    .map(([a, b]) => ({ a, b, tally: tallyOf(votes, { a, b }) }))
    .filter(({ tally }) => tally.seen > 0);
  return (
    <section aria-labelledby="votes-h">
      <h2 id="votes-h">Blind votes</h2>
      {rows.length === 0 ? (
        <p>There are none yet. Twenty give a first rate, forty a narrower interval.</p>
      ) : (
        <>
          <p>
            Rates count a tie as half a win and need {ENOUGH} votes; p is the sign test’s, without ties. An interval
            that contains 50 % leaves it open.
          </p>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
          <div className="sideways" tabIndex={0} role="region" aria-label="Blind votes, as a table">
            <table className="results">
              <thead>
                <tr>
                  {["Model", "Won", "Lost", "Ties", "Rate", "95 % interval", "p", "In words"].map((head) => (
                    <th scope="col" key={head}>
                      {head}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map(({ a, b, tally }) => (
                  <tr key={`${a} ${b}`}>
                    <th scope="row">
                      {name(a)} over {name(b)}
                    </th>
                    <Cells tally={tally} />
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      <p className="row">
        <a className="button" href="#vote">
          Vote
        </a>
      </p>
    </section>
  );
}

const VERDICTS = { ahead: "ahead", behind: "behind", unclear: "not clearly ahead" } as const;

function Cells({ tally: { wins, losses, ties, decided, share, p } }: { readonly tally: Tally }) {
  const cells = [
    String(wins),
    String(losses),
    String(ties),
    share === null ? "–" : percent(share.rate),
    share === null ? "–" : rangeOf(share.interval),
    share === null ? "–" : chance(p).replace("p = ", "").replace("p ", ""),
    share === null ? `${decided} of ${ENOUGH}` : VERDICTS[share.verdict],
  ];
  return cells.map((cell, at) => (
    // oxlint-disable-next-line no-array-index-key -- a cell is its column
    <td className="num" key={at}>
      {cell}
    </td>
  ));
}
