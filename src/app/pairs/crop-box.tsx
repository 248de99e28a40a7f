/** @file The whole picture with the square that is trained on: dragged, moved by arrows, sized by plus and minus. */
import { useEffect, useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent } from "react";
import { useActions, useWorkbench } from "../state/context.tsx";
import type { Box, PairItem } from "../state/studio-state.ts";
import { along, boxInWords, centred, inside, resized, sameBox, sizes, type Whole } from "./boxes.ts";

const REST_MS = 400;

export interface CropBoxProps {
  readonly pair: PairItem;
  readonly whole: Whole;
  /** an address of the whole picture */
  readonly src: string;
  readonly locked: boolean;
}

export function CropBox({ pair, whole, src, locked }: CropBoxProps) {
  const { draft, move, settle } = useDraft(pair, whole);
  const frame = useRef<HTMLDivElement>(null);
  const box = draft ?? pair.box ?? centred(whole);
  const share = (part: number, of: number): string => `${(100 * part) / of}%`;
  const { least, most } = sizes(whole, pair.side);

  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.shiftKey ? 1 : Math.max(1, Math.round(most / 50));
    const next = { ...box };
    if (event.key === "ArrowLeft") next.x -= by;
    else if (event.key === "ArrowRight") next.x += by;
    else if (event.key === "ArrowUp") next.y -= by;
    else if (event.key === "ArrowDown") next.y += by;
    else if (event.key === "Home") Object.assign(next, { x: 0, y: 0 });
    else if (event.key === "End") Object.assign(next, { x: whole.width, y: whole.height });
    else if (event.key === "+" || event.key === "=") return move(resized(box, box.size + by, whole, pair.side), event);
    else if (event.key === "-") return move(resized(box, box.size - by, whole, pair.side), event);
    else return;
    move(inside(next, whole, pair.side), event);
  };
  const drag = useRef<{ readonly x: number; readonly y: number; readonly box: Box } | null>(null);
  const onPointerDown = (event: PointerEvent): void => {
    if (locked || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, y: event.clientY, box };
  };
  const onPointerMove = (event: PointerEvent): void => {
    const from = drag.current;
    const width = frame.current?.clientWidth ?? 0;
    if (from === null || width === 0) return;
    const scale = whole.width / width;
    const [x, y] = [from.box.x + (event.clientX - from.x) * scale, from.box.y + (event.clientY - from.y) * scale];
    move(inside({ ...from.box, x, y }, whole, pair.side));
  };
  const onPointerUp = (): void => {
    drag.current = null;
    settle();
  };

  return (
    <>
      <div
        className="crop"
        ref={frame}
        style={{ "--ratio": whole.width / whole.height, aspectRatio: "var(--ratio)" } as CSSProperties}
      >
        {/* oxlint-disable-next-line jsx-a11y/img-redundant-alt -- the whole one, beside the square of it */}
        <img src={src} alt={`The whole picture, ${whole.width} × ${whole.height} px`} draggable={false} />
        <div
          className="box"
          role="slider"
          tabIndex={locked ? -1 : 0}
          aria-label="Crop position"
          aria-disabled={locked}
          aria-orientation={whole.width >= whole.height ? "horizontal" : "vertical"}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={along(box, whole)}
          aria-valuetext={boxInWords(box, whole)}
          style={{
            insetInlineStart: share(box.x, whole.width),
            insetBlockStart: share(box.y, whole.height),
            inlineSize: share(box.size, whole.width),
            blockSize: share(box.size, whole.height),
          }}
          onKeyDown={locked ? undefined : onKeyDown}
          onBlur={settle}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={onPointerUp}
        />
      </div>
      {locked ? null : (
        <div className="row crop-tools">
          {least === most ? null : (
            <label className="row small quiet">
              Size
              <input
                type="range"
                min={least}
                max={most}
                value={box.size}
                aria-label="Crop size"
                aria-valuetext={`${box.size} px`}
                onChange={(event) => move(resized(box, Number(event.target.value), whole, pair.side))}
                onBlur={settle}
                onPointerUp={settle}
              />
            </label>
          )}
          <button
            type="button"
            className="button plain small"
            disabled={sameBox(box, centred(whole))}
            onClick={() => move(centred(whole))}
          >
            Centre
          </button>
        </div>
      )}
    </>
  );
}

/** The square while it moves; cut out, and remembered for undo, when it rests. */
function useDraft(pair: PairItem, whole: Whole) {
  const actions = useActions();
  const { reader } = useWorkbench();
  const [draft, setDraft] = useState<Box | null>(null);
  const latest = useRef<Box | null>(null);
  const timer = useRef(0);
  const settle = (): void => {
    globalThis.clearTimeout(timer.current);
    const box = latest.current;
    latest.current = null;
    if (box === null) return;
    if (sameBox(box, pair.box ?? centred(whole))) return setDraft(null);
    void reader.crop({ pictureHash: pair.pictureHash, box, side: pair.side }).then(
      (rgba) => {
        actions.setCrop(pair.id, box, { side: pair.side, rgba });
        setDraft((now) => (now !== null && sameBox(now, box) ? null : now));
      },
      () => setDraft(null), // the file is gone from storage: the square stays where it was
    );
  };
  const move = (box: Box, event?: { preventDefault(): void }): void => {
    event?.preventDefault();
    setDraft(box);
    latest.current = box;
    globalThis.clearTimeout(timer.current);
    timer.current = globalThis.setTimeout(() => last.current(), REST_MS);
  };
  const last = useRef(settle);
  last.current = settle;
  useEffect(() => () => last.current(), []);
  return { draft, move, settle };
}
