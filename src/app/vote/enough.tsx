/** @file All comparisons of a session are done: what came of it, and what can come next. */
import { percent } from "../format.ts";
import { printRoute } from "../route.ts";
import { tallyInWords } from "../shares.ts";
import { useActions, useStudio } from "../state/context.tsx";
import { models, nameOf, numberOf } from "../state/nodes.ts";
import { type Rivals, tallyOf, votesBetween } from "../state/tally.ts";
import { SESSION } from "../state/vote.ts";
import { RivalsChoice } from "./rivals.tsx";
import { useSaveVotes } from "./use-save-votes.ts";

export function Enough({ rivals }: { readonly rivals: Rivals }) {
  const actions = useActions();
  const nodes = useStudio((state) => state.nodes);
  const votes = useStudio((state) => state.votes);
  const save = useSaveVotes();
  const tally = tallyOf(votes, rivals);
  const [name, other] = [nameOf({ nodes }, rivals.a), nameOf({ nodes }, rivals.b)];
  // the next opponent of the one that was voted on, without votes so far
  const rest = models({ nodes }).findLast((node) => {
    return node !== rivals.a && node !== rivals.b && votesBetween(votes, { a: rivals.a, b: node }).length === 0;
  });
  const { share } = tally;
  return (
    <section className="screen vote" aria-labelledby="vote-h">
      <div className="idle">
        <h1 id="vote-h">All {tally.seen} comparisons are done</h1>
        {share === null ? (
          <p>You decided {tally.decided} of them, too few for a rate: the rest was skipped.</p>
        ) : (
          <p>
            You preferred {name} to {other} in {percent(share.rate)}. {tallyInWords(tally, name, other)}
          </p>
        )}
        <div className="row">
          <a className="button primary" href="#report">
            See the report
          </a>
          <button type="button" className="button" onClick={() => actions.moreVotes(rivals)}>
            {SESSION} more, with new seeds
          </button>
          {rest === undefined ? null : (
            <a
              className="button"
              href={printRoute({
                screen: "vote",
                rivals: { a: numberOf({ nodes }, rivals.a), b: numberOf({ nodes }, rest) },
              })}
            >
              Vote on {name} against {nameOf({ nodes }, rest)}
            </a>
          )}
        </div>
        <div className="row">
          <button type="button" className="button plain" onClick={() => actions.undoVote(rivals)}>
            Undo the last vote
          </button>
          <button type="button" className="button plain" onClick={save}>
            Save votes as .jsonl
          </button>
        </div>
      </div>
      <div className="tally lone">
        <RivalsChoice rivals={rivals} />
      </div>
    </section>
  );
}
