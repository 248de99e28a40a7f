/** @file What training comes to, at a glance: this project's own two models, else two pictures of Pocket that came with the page. */
import { useEffect, useState } from "react";
import { BASE } from "../../lib/node-name.ts";
import { TwoUpLazy } from "../parts/two-up-lazy.tsx";
import type { Pictures } from "../pictures.ts";
import { useStudio, useWorkbench } from "../state/context.tsx";
import { faceOf } from "../state/faces.ts";
import { nameOf, newest } from "../state/nodes.ts";

/** Of docs/pocket-selfplay.png: 256 sample pairs, three iterations of 60 steps, one prompt and seed. */
const SHIPPED = { left: "start/base.png", right: "start/spin-3.png", name: "SPIN 3" };
const PROMPT = "a white triangle beside a green star at night";

export function Shown() {
  const node = useStudio(newest);
  const name = useStudio((state) => nameOf(state, newest(state)));
  const prompt = useStudio((state) => state.prompts[0]);
  const base = useStudio((state) => faceOf(state, BASE));
  const face = useStudio((state) => faceOf(state, newest(state)));
  const shipped = useShipped();
  const own = node !== BASE && prompt !== undefined && base !== undefined && face !== undefined;
  return (
    <figure>
      <TwoUpLazy
        left={{ picture: own ? base : shipped?.left, name: "Base", side: "opponent" }}
        right={{ picture: own ? face : shipped?.right, name: own ? name : SHIPPED.name, side: "player" }}
        prompt={own ? prompt.text : PROMPT}
      />
      <figcaption>
        <span className="prompt">{own ? prompt.text : PROMPT}</span>{" "}
        <span className="small quieter num">{own ? `seed ${prompt.seed}` : "Pocket, one seed"}</span>
      </figcaption>
    </figure>
  );
}

interface Ids {
  readonly left: string;
  readonly right: string;
}

/** Decoration: where they cannot be read, their place stays empty. */
function useShipped(): Ids | null {
  const { pictures } = useWorkbench();
  const [ids, setIds] = useState<Ids | null>(null);
  useEffect(() => {
    let over = false;
    Promise.all([read(pictures, SHIPPED.left), read(pictures, SHIPPED.right)]).then(
      ([left, right]) => {
        if (over) pictures.drop([left, right]);
        else setIds({ left, right });
      },
      () => undefined,
    );
    return () => {
      over = true;
    };
  }, [pictures]);
  useEffect(() => () => pictures.drop(ids === null ? [] : [ids.left, ids.right]), [pictures, ids]);
  return ids;
}

async function read(pictures: Pictures, path: string): Promise<string> {
  const bitmap = await createImageBitmap(await (await fetch(path)).blob());
  const side = bitmap.width;
  const canvas = new OffscreenCanvas(side, side).getContext("2d");
  if (canvas === null) throw new Error("internal: no canvas");
  canvas.drawImage(bitmap, 0, 0);
  return pictures.keep({ side, rgba: canvas.getImageData(0, 0, side, side).data });
}
