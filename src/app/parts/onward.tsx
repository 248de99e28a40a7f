/** @file The way on from a screen that is not Iterate: the page's primary action, or a look at the run where one is under way. */
import { useActions, useStudio } from "../state/context.tsx";
import { isRunning, whyNotStart } from "../state/selectors.ts";
import { primaryInWords } from "../words.ts";
import { Act } from "./act.tsx";

export function Onward() {
  const actions = useActions();
  const primary = useStudio(primaryInWords);
  const obstacle = useStudio(whyNotStart);
  const busy = useStudio(isRunning);
  if (busy) {
    return (
      <a className="button primary" href="#iterate">
        See it run
      </a>
    );
  }
  return (
    <Act kind="primary" obstacle={obstacle} onClick={() => void actions.spin()}>
      {primary}
    </Act>
  );
}
