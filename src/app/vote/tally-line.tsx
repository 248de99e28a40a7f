/** @file Under the pictures: whose votes these are, and after enough of them the rate with its interval. */
import { percent } from "../format.ts";
import { useMemo } from "react";
import { Progress } from "../parts/progress.tsx";
import { rangeOf, tallyInWords } from "../shares.ts";
import { useStudio } from "../state/context.tsx";
import { nameOf } from "../state/nodes.ts";
import { ENOUGH, type Rivals, type Share, tallyOf } from "../state/tally.ts";
import { RivalsChoice } from "./rivals.tsx";
import { useSeen } from "../use-seen.ts";

export function TallyLine({ rivals }: { readonly rivals: Rivals }) {
  const votes = useStudio((state) => state.votes);
  const nodes = useStudio((state) => state.nodes);
  const tally = useMemo(() => tallyOf(votes, rivals), [votes, rivals]);
  const seen = useSeen();
  const [name, other] = [nameOf({ nodes }, rivals.a), nameOf({ nodes }, rivals.b)];
  return (
    <div className="tally">
      <RivalsChoice rivals={rivals} />
      {tally.share === null ? (
        <>
          <Progress done={tally.decided / ENOUGH} label="Votes" />
          <span className="num">
            {tally.decided} of {ENOUGH}
          </span>
          <p>
            The first winning rate shows after {ENOUGH} votes, so that early luck does not lead you. {seen}
          </p>
        </>
      ) : (
        <>
          <IntervalLine share={tally.share} />
          <b className="num">{percent(tally.share.rate)}</b>
          <p>
            {tallyInWords(tally, name, other)} Sides are random and hidden. {seen}
          </p>
        </>
      )}
    </div>
  );
}

/** The rate as a stroke on its interval; the dotted line is one half, where neither is ahead. */
export function IntervalLine({ share: { rate, interval } }: { readonly share: Share }) {
  const [low, high] = interval.map((share) => 400 * share) as [number, number];
  const words = `${percent(rate)}, 95 percent interval ${rangeOf(interval)}`.replaceAll(" %", " percent");
  return (
    <svg className="interval" viewBox="0 0 400 28" preserveAspectRatio="none" role="img" aria-label={words}>
      <path className="axis" d="M0 14H400" />
      <path className="half" d="M200 2V26" />
      <path className="range" d={`M${low} 14H${high}`} />
      <path className="rate" d={`M${400 * rate} 5V23`} />
    </svg>
  );
}
