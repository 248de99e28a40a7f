/** @file Nodes that are neither run nor kept: Base, and what was deleted. */
import { useEffect, useState } from "react";
import { BASE, nodeName } from "../../lib/node-name.ts";
import type { BroughtLoras, NodeId, NodeInfo } from "../../studio/api.ts";
import { millions, room } from "../format.ts";
import { PictureView } from "../parts/picture.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { cellKey } from "../state/selectors.ts";
import { Primary } from "./primary.tsx";
import { Seeds } from "./samples.tsx";

const SHOWN = 4;

/** The model as it came: the root of the tree. */
export function Base() {
  const model = useStudio((state) => state.model);
  return (
    <>
      <div className="title">
        <h1 id="it-h">
          <span className="side other">Base</span>
        </h1>
        {model === null ? null : (
          <span className="versus">
            {model.title}, {millions(model.parameters)} weights, as it came
          </span>
        )}
        <span className="row push">
          <Primary node={BASE} />
        </span>
      </div>
      <Drawn id={BASE} name="Base" />
    </>
  );
}

/** What a node draws for the first prompts, one at a time. */
function Drawn({ id, name }: { readonly id: NodeId; readonly name: string }) {
  const actions = useActions();
  const prompts = useStudio((state) => state.prompts);
  const cells = useStudio((state) => state.cells);
  const idle = useStudio((state) => state.machine === "ready" && state.current === null);
  const [chosen, setChosen] = useState(0);
  useEffect(() => {
    if (idle) void actions.drawMissing();
  }, [actions, idle]);
  // before there is anything to compare with, only the first is drawn
  const drawn = prompts.slice(0, SHOWN).filter((each) => cells[cellKey(id, each)] !== undefined);
  const prompt = drawn[chosen] ?? prompts[0];
  if (prompt === undefined)
    return <p className="quiet">Its pictures stand here as soon as there are pairs to take prompts from.</p>;
  return (
    <div className="look">
      <PictureView id={cells[cellKey(id, prompt)]} label={`${name}: ${prompt.text}`} waiting />
      <Seeds
        items={drawn.map((item) => {
          return { picture: cells[cellKey(id, item)], prompt: item.text, seed: item.seed };
        })}
        chosen={chosen}
        onChoose={setChosen}
      />
    </div>
  );
}

/** LoRAs that a person brought, as a node. */
export function Brought({ node, loras }: { readonly node: NodeInfo; readonly loras: BroughtLoras["loras"] }) {
  return (
    <>
      <div className="title">
        <h1 id="it-h">
          <span className="side other">{nodeName(node)}</span>
        </h1>
        <span className="versus">{loras.length === 1 ? "a LoRA" : "LoRAs"} from your disk, over Base</span>
        <span className="row push">
          <Primary node={node.id} />
        </span>
      </div>
      <dl className="facts">
        {loras.map(({ name, multiplier }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>times {multiplier.toLocaleString("en")}</dd>
          </div>
        ))}
        <div>
          <dt>Saved</dt>
          <dd>{room(node.bytes)} on this computer</dd>
        </div>
      </dl>
      <Drawn id={node.id} name={nodeName(node)} />
    </>
  );
}

/** Deleted, and still there until the page is left; or gone, and known only because others came from it. */
export function Lost({ node }: { readonly node: NodeInfo }) {
  const actions = useActions();
  const elsewhere = useStudio((state) => state.elsewhere);
  const name = nodeName(node);
  return (
    <>
      <div className="title">
        <h1 id="it-h">
          <span className="side other">{name}</span>
        </h1>
        <span className="versus">{node.state === "gone" ? "is gone" : "is deleted"}</span>
      </div>
      {node.state === "gone" ? (
        <p className="quiet">
          Its weights and pictures were deleted for good. It is shown because what came from it, or played against it,
          is still there and works on its own.
        </p>
      ) : (
        <>
          <p className="quiet">
            It frees {room(node.bytes)} when you leave the page. Until then it can be restored. What came from it stays.
          </p>
          <div className="row">
            <button
              type="button"
              className="button primary"
              disabled={elsewhere}
              onClick={() => void actions.restoreNode(node.id)}
            >
              Restore {name}
            </button>
            <button type="button" className="button" disabled={elsewhere} onClick={() => void actions.purge(node.id)}>
              Free {room(node.bytes)} now
            </button>
          </div>
        </>
      )}
    </>
  );
}
