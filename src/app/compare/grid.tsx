/** @file Rows are prompts with their seed, columns are Base and the iterations. */
import type { CSSProperties } from "react";
import { BASE } from "../../lib/node-name.ts";
import type { NodeId } from "../../studio/api.ts";
import { Side, type SideName } from "../parts/mark.tsx";
import { PictureView } from "../parts/picture.tsx";
import { printRoute } from "../route.ts";
import { useStudio } from "../state/context.tsx";
import { nameOf, numberOf } from "../state/nodes.ts";
import { cellKey } from "../state/selectors.ts";
import type { Prompt } from "../state/studio-state.ts";

export interface GridProps {
  readonly models: readonly NodeId[];
  readonly prompts: readonly Prompt[];
}

export function Grid({ models, prompts }: GridProps) {
  const nodes = useStudio((state) => state.nodes);
  const last = models.at(-1) ?? BASE;
  const side = (node: NodeId): SideName => (node === BASE ? "opponent" : node === last ? "player" : "other");
  const edge = (node: NodeId): string | undefined =>
    node === BASE ? "is-left" : node === last ? "is-right" : undefined;
  return (
    <table className="sheetgrid" style={{ "--columns": models.length } as CSSProperties}>
      <thead>
        <tr>
          <th scope="col">Prompt, seed</th>
          {models.map((node) => (
            <th key={node} scope="col" className={edge(node)}>
              <Side side={side(node)}>{nameOf({ nodes }, node)}</Side>
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
            {models.map((node) => (
              <td key={node} className={edge(node)}>
                <Cell node={node} prompt={prompt} row={row} last={last} />
                <span className="who">
                  <Side side={side(node)}>{nameOf({ nodes }, node)}</Side>
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
  readonly node: NodeId;
  readonly prompt: Prompt;
  readonly row: number;
  readonly last: NodeId;
}

function Cell({ node, prompt, row, last }: CellProps) {
  const nodes = useStudio((state) => state.nodes);
  const picture = useStudio((state) => state.cells[cellKey(node, prompt)]);
  const drawing = useStudio((state) => state.drawing?.node === node);
  if (picture === undefined) return <PictureView id={null} label="" waiting={drawing} />;
  // Base is looked at beside the last, every other beside Base
  const viewer = { prompt: row, left: 0, right: numberOf({ nodes }, node === BASE ? last : node) };
  return (
    <button
      type="button"
      onClick={() => {
        globalThis.location.hash = printRoute({ screen: "compare", viewer });
      }}
    >
      <PictureView id={picture} label={`${nameOf({ nodes }, node)}: ${prompt.text}`} />
    </button>
  );
}
