/** @file Wheel, pinch, drag and keys on a frame of pictures: one view for all of them. */
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent, type RefObject } from "react";
import { canMove, FIT, moved, scaledTo, scaleIn, SCALES, zoomed, type Frame, type View } from "../zoom.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Zoom {
  readonly view: View;
  /** on the element that holds the panes */
  readonly frame: RefObject<HTMLDivElement | null>;
  readonly movable: boolean;
  step(by: 1 | -1): void;
  /** null: Fit */
  to(scale: number | null): void;
  readonly handlers: {
    onPointerDown(event: PointerEvent): void;
    onPointerMove(event: PointerEvent): void;
    onPointerUp(event: PointerEvent): void;
    onPointerCancel(event: PointerEvent): void;
    onKeyDown(event: KeyboardEvent): void;
  };
}

/** Pixels of a wheel that are one step. */
const NOTCH = 60;
/** An arrow moves by this share of the frame. */
const ARROW = 1 / 8;
const ARROWS: { readonly [key: string]: readonly [number, number] } = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** @param side of the pictures, in their pixels */
export function useZoom(side: number): Zoom {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>(FIT);
  const latest = useRef(view);
  latest.current = view;
  const measured = measure(frame.current, side);
  const movable = measured !== null && canMove(view, measured);

  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    let turned = 0;
    // React's own wheel listener may not keep the page from scrolling
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      turned += event.deltaMode === 0 ? event.deltaY : event.deltaY * NOTCH;
      const size = measure(element, side);
      if (size === null || Math.abs(turned) < NOTCH / 2) return;
      const by = turned < 0 ? 1 : -1;
      turned = 0;
      const at = fromMiddle(element, event);
      setView((now) => zoomed(now, by, size, at));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [side]);

  const acts = useMemo(() => {
    const change = (next: (view: View, size: Frame) => View): void => {
      const size = measure(frame.current, side);
      if (size !== null) setView((now) => next(now, size));
    };
    return { change, pointers: gestures({ frame, side, latest, change }) };
  }, [side]);

  return {
    view,
    frame,
    movable,
    step: (by) => acts.change((now, size) => zoomed(now, by, size)),
    to: (scale) => acts.change((now, size) => (scale === null ? FIT : scaledTo(now, scale, size))),
    handlers: {
      ...acts.pointers,
      onKeyDown(event) {
        const way = ARROWS[event.key];
        // elsewhere, and while nothing can be moved, arrows change the model and the prompt
        if (way === undefined || !movable || event.shiftKey || event.target !== event.currentTarget) return;
        event.preventDefault();
        acts.change((now, size) => moved(now, way[0] * size.width * ARROW, way[1] * size.height * ARROW, size));
      },
    },
  };
}

interface Gestured {
  readonly frame: RefObject<HTMLDivElement | null>;
  readonly side: number;
  readonly latest: RefObject<View>;
  change(next: (view: View, size: Frame) => View): void;
}

/** One pointer drags, two pinch. */
function gestures({ frame, side, latest, change }: Gestured): Omit<Zoom["handlers"], "onKeyDown"> {
  const down = new Map<number, Point>();
  let pinch: { readonly apart: number; readonly scale: number } | null = null;
  const pair = (): readonly [Point, Point] | null => {
    const [a, b] = [...down.values()];
    return a === undefined || b === undefined ? null : [a, b];
  };
  const apart = ([a, b]: readonly [Point, Point]): number => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));
  const end = ({ pointerId }: PointerEvent): void => {
    down.delete(pointerId);
    pinch = null;
  };
  return {
    onPointerDown(event) {
      // the divider's handle moves the divider
      if (event.button !== 0 || (event.target as Element).closest('[role="slider"]') !== null) return;
      down.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const [size, two] = [measure(frame.current, side), pair()];
      if (size === null) return;
      // where nothing can be moved the divider follows the pointer, and needs its events
      if (canMove(latest.current, size)) event.currentTarget.setPointerCapture(event.pointerId);
      if (two !== null) pinch = { apart: apart(two), scale: scaleIn(latest.current, size) };
    },
    onPointerMove(event) {
      const before = down.get(event.pointerId);
      if (before === undefined) return;
      if (event.buttons === 0) return end(event);
      down.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
      const two = pair();
      if (two === null) change((view, size) => (canMove(view, size) ? moved(view, dx, dy, size) : view));
      if (two === null || pinch === null || frame.current === null) return;
      const wanted = (pinch.scale * apart(two)) / pinch.apart;
      const off = (scale: number): number => Math.abs(Math.log(scale / wanted));
      const nearest = SCALES.reduce((best, scale) => (off(scale) < off(best) ? scale : best), SCALES[0] as number);
      const [clientX, clientY] = [(two[0].x + two[1].x) / 2, (two[0].y + two[1].y) / 2];
      const at = fromMiddle(frame.current, { clientX, clientY });
      change((view, size) => (scaleIn(view, size) === nearest ? view : scaledTo(view, nearest, size, at)));
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}

function measure(element: HTMLElement | null, side: number): Frame | null {
  const pane = element?.querySelector(".pane");
  if (!pane) return null;
  const { width, height } = pane.getBoundingClientRect();
  return { width, height, side };
}

/** A point of the page, from the middle of the pane that it is over. */
function fromMiddle(element: HTMLElement, { clientX, clientY }: { clientX: number; clientY: number }): Point {
  for (const pane of element.querySelectorAll(".pane")) {
    const { left, right, top, bottom } = pane.getBoundingClientRect();
    if (clientX >= left && clientX <= right && clientY >= top && clientY <= bottom)
      return { x: clientX - (left + right) / 2, y: clientY - (top + bottom) / 2 };
  }
  return { x: 0, y: 0 };
}
