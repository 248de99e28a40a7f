/** @file The pairs as pictures with captions to edit: only the rows in sight exist, so a thousand pairs scroll like ten. */
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { Glyph } from "../parts/glyph.tsx";
import { PictureView } from "../parts/picture.tsx";
import { useActions, useStudio } from "../state/context.tsx";
import { MOST_CHARACTERS } from "../state/pairs.ts";
import type { PairItem } from "../state/studio-state.ts";
import { faultInWords } from "./problems.tsx";

const CELL = 128;
const GAP = 12;
const NARROW = 660;
/** caption 44, number 16, two gaps of 6, space 16: every row is equally high */
const BELOW_PICTURE = 44 + 16 + 2 * 6 + 16;

export interface GalleryProps {
  readonly locked: boolean;
  readonly onPick: (id: string) => void;
}

export function Gallery({ locked, onPick }: GalleryProps) {
  const pairs = useStudio((state) => state.pairs);
  const selected = useStudio((state) => state.selected);
  const tokens = useStudio((state) => state.tokens);
  const box = useRef<HTMLDivElement>(null);
  const { width, top } = usePlace(box);
  const columns = width < NARROW ? 2 : Math.floor((width + GAP) / (CELL + GAP));
  const cell = width < NARROW ? (width - GAP) / 2 : CELL;
  const rows = useWindowVirtualizer({
    count: Math.ceil(pairs.length / columns),
    estimateSize: () => cell + BELOW_PICTURE,
    overscan: 2,
    useFlushSync: false, // a row that comes a frame late is better than a scroll that waits
    scrollMargin: top,
  });
  useEffect(() => rows.measure(), [rows, columns, cell]);

  // one that was chosen beside the gallery is brought into sight
  const seen = useRef(selected);
  const at = pairs.findIndex(({ id }) => id === selected);
  useEffect(() => {
    if (seen.current === selected) return;
    seen.current = selected;
    if (at >= 0) rows.scrollToIndex(Math.floor(at / columns), { align: "auto" });
  }, [rows, columns, selected, at]);

  const pick = useStable(onPick);
  /** Arrows walk over the pictures, as they lie. */
  const walk = useStable((event: KeyboardEvent): void => {
    const steps: { readonly [key: string]: number } = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -columns,
      ArrowDown: columns,
    };
    const step = steps[event.key];
    const at = Number((event.currentTarget as HTMLElement).dataset["at"]);
    const next = pairs[at + (step ?? Number.NaN)];
    if (step === undefined || next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    rows.scrollToIndex(Math.floor((at + step) / columns), { align: "auto" });
    focusPick(box.current, at + step);
  });

  return (
    <div className="gallery rows" role="group" aria-label="Pairs" ref={box} style={{ blockSize: rows.getTotalSize() }}>
      {rows.getVirtualItems().map((row) => (
        <div
          key={row.key}
          style={{
            blockSize: row.size,
            translate: `0 ${row.start - rows.options.scrollMargin}px`,
            gridTemplateColumns: `repeat(${columns}, ${cell}px)`,
          }}
        >
          {pairs.slice(row.index * columns, (row.index + 1) * columns).map((pair, i) => {
            const counted = tokens.get(pair.caption.trim());
            return (
              <Cell
                key={pair.id}
                pair={pair}
                at={row.index * columns + i}
                chosen={pair.id === selected}
                locked={locked}
                count={counted?.count ?? null}
                most={counted?.most ?? 77}
                onPick={pick}
                onWalk={walk}
              />
            );
          })}
        </div>
      ))}
    </div>
  );
}

/** The same function for ever, doing what the newest one does. */
function useStable<T>(work: (argument: T) => void): (argument: T) => void {
  const newest = useRef(work);
  newest.current = work;
  return useCallback((argument) => newest.current(argument), []);
}

/** When the row is there. */
function focusPick(box: HTMLElement | null, at: number, tries = 20): void {
  const pick = box?.querySelector<HTMLElement>(`.pick[data-at="${at}"]`);
  if (pick) pick.focus();
  else if (tries > 0) requestAnimationFrame(() => focusPick(box, at, tries - 1));
}

/** How wide the element is, and how far down the page it begins. */
function usePlace(element: { readonly current: HTMLElement | null }): { readonly width: number; readonly top: number } {
  const [place, setPlace] = useState({ width: 1024, top: 0 });
  useLayoutEffect(() => {
    const measure = (): void => {
      const rect = element.current?.getBoundingClientRect();
      if (rect === undefined) return;
      const now = { width: rect.width, top: rect.top + globalThis.scrollY };
      setPlace((before) => (before.width === now.width && before.top === now.top ? before : now));
    };
    measure();
    const observer = new ResizeObserver(measure);
    // what stands above moves the gallery, and makes the screen around both taller or lower
    for (const part of [element.current, element.current?.parentElement]) if (part) observer.observe(part);
    return () => observer.disconnect();
  }, [element]);
  return place;
}

interface CellProps {
  readonly pair: PairItem;
  readonly at: number;
  readonly chosen: boolean;
  readonly locked: boolean;
  readonly count: number | null;
  readonly most: number;
  readonly onPick: (id: string) => void;
  readonly onWalk: (event: KeyboardEvent) => void;
}

const Cell = memo(function Cell({ pair, at, chosen, locked, count, most, onPick, onWalk }: CellProps) {
  const actions = useActions();
  const { fault, leftOut } = pair;
  const names = ["pair", chosen ? "chosen" : "", leftOut || fault !== null ? "out" : ""];
  const long = count !== null && count > most;
  return (
    <figure className={names.filter((name) => name !== "").join(" ")}>
      <button
        type="button"
        className="pick"
        data-at={at}
        aria-pressed={chosen}
        aria-label={`Select pair ${at + 1}`}
        onClick={() => onPick(pair.id)}
        onFocus={() => actions.select(pair.id)}
        onKeyDown={onWalk}
      >
        <PictureView id={pair.picture} label="" />
      </button>
      {leftOut || fault !== null ? (
        <span className={leftOut ? "flag" : "flag alarm"}>
          <Glyph name={leftOut ? "no" : "bang"} />
          {fault === null ? "left out" : faultInWords(fault).flag}
        </span>
      ) : null}
      <textarea
        className="caption"
        rows={2}
        maxLength={MOST_CHARACTERS}
        aria-label={`Caption of pair ${at + 1}`}
        placeholder="write a caption"
        value={pair.caption}
        readOnly={locked}
        onChange={(event) => actions.setCaption(pair.id, event.target.value)}
        onBlur={() => void actions.savePairs()}
      />
      <span className="meta">
        <span>{at + 1}</span>
        {count === null ? null : (
          <span className={long ? "long" : undefined} title={long ? "the end of the caption is cut off" : undefined}>
            {long ? <Glyph name="bang" /> : null}
            {count}/{most}
          </span>
        )}
      </span>
    </figure>
  );
});
