/** @file Rows are prompts with their seed, columns are Base and the iterations. */
import type { CSSProperties } from "react";
import { iterationName } from "../format.ts";
import { Side, type SideName } from "../parts/mark.tsx";
import { PictureView } from "../parts/picture.tsx";
import { printRoute } from "../route.ts";
import { useStudio } from "../state/context.tsx";
import { cellKey } from "../state/selectors.ts";
import type { Prompt } from "../state/studio-state.ts";

export interface GridProps {
  readonly iterations: readonly number[];
  readonly prompts: readonly Prompt[];
}

export function Grid({ iterations, prompts }: GridProps) {
  const last = iterations.at(-1) ?? 0;
  const side = (iteration: number): SideName =>
    iteration === 0 ? "opponent" : iteration === last ? "player" : "other";
  const edge = (iteration: number): string | undefined =>
    iteration === 0 ? "is-left" : iteration === last ? "is-right" : undefined;
  return (
    <table className="sheetgrid" style={{ "--columns": iterations.length } as CSSProperties}>
      <thead>
        <tr>
          <th scope="col">Prompt, seed</th>
          {iterations.map((iteration) => (
            <th key={iteration} scope="col" className={edge(iteration)}>
              <Side side={side(iteration)}>{iterationName(iteration)}</Side>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {prompts.map((prompt, row) => (
          <tr key={prompt.text}>
            <th scope="row">
              <span className="prompt">{prompt.text}</span>
              <small>seed {prompt.seed}</small>
            </th>
            {iterations.map((iteration) => (
              <td key={iteration} className={edge(iteration)}>
                <Cell iteration={iteration} prompt={prompt} row={row} last={last} />
                <span className="who">
                  <Side side={side(iteration)}>{iterationName(iteration)}</Side>
                </span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface CellProps {
  readonly iteration: number;
  readonly prompt: Prompt;
  readonly row: number;
  readonly last: number;
}

function Cell({ iteration, prompt, row, last }: CellProps) {
  const picture = useStudio((state) => state.cells[cellKey(iteration, prompt)]);
  const drawing = useStudio((state) => state.drawing?.iteration === iteration);
  if (picture === undefined) return <PictureView id={null} label="" waiting={drawing} />;
  // Base is looked at beside the last, every other beside Base
  const viewer = { prompt: row, left: 0, right: iteration === 0 ? last : iteration };
  return (
    <button
      type="button"
      onClick={() => {
        globalThis.location.hash = printRoute({ screen: "compare", viewer });
      }}
    >
      <PictureView id={picture} label={`${iterationName(iteration)}: ${prompt.text}`} />
    </button>
  );
}
