/** @file The first paragraph, and one prompt through every model. */
import { BASE } from "../../lib/node-name.ts";
import type { NodeId } from "../../studio/api.ts";
import { Side } from "../parts/mark.tsx";
import { PictureView } from "../parts/picture.tsx";
import { useStudio } from "../state/context.tsx";
import { faceOf } from "../state/faces.ts";
import type { Lead as Words } from "./sentences.ts";

export interface LeadProps {
  readonly lead: Words;
  /** the model is not open yet, so not everything is known */
  readonly opening: boolean;
  readonly nodes: readonly NodeId[];
  readonly newest: NodeId;
  readonly name: (node: NodeId) => string;
}

export function Lead({ lead, opening, nodes, newest, name }: LeadProps) {
  const prompt = useStudio((state) => state.prompts[0]?.text ?? "");
  return (
    <div className="lead">
      <h1 id="rep-h">{opening ? "Report" : unbroken(lead.title)}</h1>
      <p>{opening ? "The model is being opened." : unbroken(lead.sentences.join(" "))}</p>
      {prompt === "" ? null : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
        <div className="plates" tabIndex={0} role="group" aria-label="One prompt through every model">
          {nodes.map((node) => (
            <Plate key={node} node={node} name={name(node)} prompt={prompt} newest={node === newest} />
          ))}
        </div>
      )}
    </div>
  );
}

/** A number stays with its sign of percent. */
const unbroken = (text: string): string => text.replaceAll(" %", "\u00a0%");

interface PlateProps {
  readonly node: NodeId;
  readonly name: string;
  readonly prompt: string;
  readonly newest: boolean;
}

function Plate({ node, name, prompt, newest }: PlateProps) {
  const picture = useStudio((state) => faceOf(state, node));
  return (
    <figure>
      <PictureView id={picture} label={`${name}: ${prompt}`} waiting />
      <figcaption>
        <Side side={node === BASE ? "opponent" : newest ? "player" : "other"}>{name}</Side>
      </figcaption>
    </figure>
  );
}
