/** @file One pair, looked at closely. */
import { PictureView } from "../parts/picture.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import type { PairItem } from "../state/studio-state.ts";

export function Inspector({ pair, locked }: { readonly pair: PairItem; readonly locked: boolean }) {
  const actions = useActions();
  const side = useStudio((state) => state.model?.resolution ?? null);
  const next = useStudio((state) => {
    const at = state.pairs.findIndex((other) => other.id === pair.id);
    return state.pairs[(at + 1) % state.pairs.length]?.id ?? null;
  });
  return (
    <aside className="inspect" aria-label="Selected pair">
      <div>
        <PictureView id={pair.picture} label={pair.caption === "" ? "picture without a caption" : pair.caption} />
        <p className="small quieter under">
          {side === null ? "" : `Its centre square, trained at ${side} × ${side} px.`}
        </p>
      </div>
      <label>
        <span className="small quiet">Caption</span>
        <textarea
          value={pair.caption}
          readOnly={locked}
          placeholder="write a caption"
          onChange={(event) => actions.setCaption(pair.id, event.target.value)}
          onBlur={() => void actions.savePairs()}
        />
      </label>
      <dl className="facts small">
        <div>
          <dt>From</dt>
          <dd title={pair.source}>{pair.source}</dd>
        </div>
        {pair.size === null ? null : (
          <div>
            <dt>Size</dt>
            <dd>{pair.size}</dd>
          </div>
        )}
      </dl>
      <div className="row">
        <button
          type="button"
          className="button"
          disabled={locked}
          onClick={() => {
            actions.setLeftOut(pair.id, !pair.leftOut);
            void actions.savePairs();
          }}
        >
          {pair.leftOut ? "Take it in" : "Leave out"}
        </button>
        {next === null ? null : (
          <button type="button" className="button plain" onClick={() => actions.select(next)}>
            Next
          </button>
        )}
      </div>
    </aside>
  );
}
