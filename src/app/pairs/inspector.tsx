/** @file One pair, looked at closely: the square that is trained on, the caption with its tokens, and where it came from. */
import { useEffect, useState, type KeyboardEvent, type RefObject } from "react";
import { PictureView } from "../parts/picture.tsx";
import { useActions, useStudio, useWorkbench } from "../state/context.tsx";
import { MOST_CHARACTERS } from "../state/pairs.ts";
import type { PairItem } from "../state/studio-state.ts";
import { CropBox } from "./crop-box.tsx";
import { plainText } from "../plain-text.ts";

export interface InspectorProps {
  readonly pair: PairItem;
  readonly locked: boolean;
  readonly caption?: RefObject<HTMLTextAreaElement | null>;
}

export function Inspector({ pair, locked, caption }: InspectorProps) {
  const actions = useActions();
  const src = useOriginal(pair);
  const side = `${pair.side} × ${pair.side}`;
  return (
    <>
      <div>
        {src === null || pair.whole === null ? (
          <PictureView id={pair.picture} label={pair.caption === "" ? "picture without a caption" : pair.caption} />
        ) : (
          <CropBox pair={pair} whole={pair.whole} src={src} locked={locked} />
        )}
        <p className="small quieter under">
          {src === null || locked
            ? `Trained at ${side} px.`
            : `Drag the square, or use the arrow keys. Trained at ${side} px.`}
        </p>
      </div>
      <div className="words">
        <label htmlFor="pair-caption" className="small quiet">
          Caption
        </label>
        <textarea
          id="pair-caption"
          ref={caption}
          value={pair.caption}
          maxLength={MOST_CHARACTERS}
          readOnly={locked}
          placeholder="write a caption"
          onChange={(event) => actions.setCaption(pair.id, event.target.value)}
          onBlur={() => void actions.savePairs()}
        />
        <Tokens caption={pair.caption} />
      </div>
      <dl className="facts small">
        <div>
          <dt>File</dt>
          <dd title={plainText(pair.source)}>{plainText(pair.source)}</dd>
        </div>
        {pair.whole === null ? null : (
          <div>
            <dt>Size</dt>
            <dd>
              {pair.whole.width} × {pair.whole.height}
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}

/** The same buttons for every pair, so the focus stays on them. */
export function InspectorFoot({
  pair,
  locked,
  onStep,
}: Omit<InspectorProps, "caption"> & { readonly onStep: (by: number) => void }) {
  const actions = useActions();
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    onStep(event.key === "ArrowDown" ? 1 : -1);
  };
  return (
    <div className="row">
      <button
        type="button"
        className="button"
        disabled={locked}
        onClick={() => actions.setLeftOut(pair.id, !pair.leftOut)}
      >
        {pair.leftOut ? "Take it in" : "Leave out"}
      </button>
      <button
        type="button"
        className="button plain"
        aria-keyshortcuts="ArrowDown"
        onClick={() => onStep(1)}
        onKeyDown={onKeyDown}
      >
        Next <kbd>↓</kbd>
      </button>
    </div>
  );
}

function Tokens({ caption }: { readonly caption: string }) {
  const counted = useStudio((state) => state.tokens.get(caption.trim()));
  if (counted === undefined) return null;
  const { count, most, cut } = counted;
  const words = `${count} of ${most} tokens`;
  return (
    <>
      <div className="meter">
        <span className="num">{words}</span>
        <div className="progress" role="img" aria-label={words}>
          <i style={{ inlineSize: `${Math.min(100, (100 * count) / most)}%` }} />
        </div>
      </div>
      {cut === "" ? null : (
        <p className="small quiet" role="status">
          Only the first {most} are read. Cut off: <span className="prompt cut">{plainText(cut, 2000)}</span>
        </p>
      )}
    </>
  );
}

/** An address for the file of the pair's picture; null while it is fetched, and where it is not kept. */
function useOriginal({ pictureHash, whole }: PairItem): string | null {
  const { reader } = useWorkbench();
  const [src, setSrc] = useState<string | null>(null);
  useEffect(() => {
    let address: string | null = null;
    let over = false;
    const show = (file: Blob | null): void => {
      if (over || file === null) return;
      address = URL.createObjectURL(file);
      setSrc(address);
    };
    if (whole !== null) reader.original({ pictureHash }).then(show, () => undefined);
    return () => {
      over = true;
      setSrc(null);
      if (address !== null) URL.revokeObjectURL(address);
    };
  }, [reader, pictureHash, whole]);
  return src;
}
