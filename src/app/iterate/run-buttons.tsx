/** @file What can be done with a run: pause, go on, keep it where it stands. */
import { useShortcut } from "../keys.ts";
import { Act } from "../parts/act.tsx";
import { Glyph } from "../parts/glyph.tsx";
import { Key } from "../parts/key.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { isLost, whyNotStart } from "../state/selectors.ts";
import type { Current } from "../state/studio-state.ts";
import { treeObstacle } from "./tree-words.ts";

/** @param current the run under way, or any other that waits */
export function RunButtons({ current }: { readonly current: Current }) {
  const actions = useActions();
  const { node, phase, step } = current;
  const shortcut = useShortcut("pause");
  const lost = useStudio(isLost); // then the one thing to do is in the message about it
  const obstacle = useStudio((state) => treeObstacle(state) ?? whyNotStart(state));
  if (phase === "running" || phase === "pausing")
    return (
      <>
        <button
          type="button"
          className={lost ? "button" : "button primary"}
          disabled={phase === "pausing"}
          {...shortcut}
          onClick={() => void actions.pause()}
        >
          <Glyph name="pause" />
          {phase === "pausing" ? "Pausing after this step" : "Pause"}
          <Key of="pause" wideOnly />
        </button>
        {step > 0 && phase === "running" ? (
          <button type="button" className="button" onClick={() => void actions.stopAndKeep()}>
            <Glyph name="stop" />
            Stop and keep
          </button>
        ) : null}
      </>
    );
  return (
    <>
      {phase === "paused" ? (
        <Act kind="primary" obstacle={obstacle} {...shortcut} onClick={() => void actions.spin(node ?? undefined)}>
          <Glyph name="play" />
          Resume
          <Key of="pause" wideOnly />
        </Act>
      ) : null}
      {step > 0 && node !== null ? (
        <Act obstacle={obstacle} onClick={() => void actions.keepNode(node)}>
          <Glyph name="stop" />
          Stop and keep step {current.savedSteps.at(-1) ?? step}
        </Act>
      ) : null}
    </>
  );
}
