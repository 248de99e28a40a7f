/** @file Zoom and place that two pictures share: whole multiples of a picture's pixel, and the pixel in the middle. */

export interface View {
  /** page pixels of one picture pixel; null: as large as the frame allows */
  readonly scale: number | null;
  /** the picture's point in the middle of the frame, in its pixels from its own middle */
  readonly x: number;
  readonly y: number;
}

/** Of a frame, and of the picture in it: pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly side: number;
}

export const FIT: View = { scale: null, x: 0, y: 0 };
export const SCALES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32] as const;
/** From here on a person looks at pixels, so they are shown hard. */
const HARD = 4;

export function isHard({ scale }: View): boolean {
  return scale !== null && scale >= HARD;
}

export function scaleIn({ scale }: View, frame: Frame): number {
  return scale ?? Math.min(frame.width, frame.height) / frame.side;
}

/** The next scale; `at` is a point of the frame from its middle, which keeps the picture's point under it. */
export function zoomed(view: View, by: 1 | -1, frame: Frame, at = { x: 0, y: 0 }): View {
  const now = scaleIn(view, frame);
  const next = by > 0 ? SCALES.find((scale) => scale > now) : SCALES.findLast((scale) => scale < now);
  return next === undefined ? view : scaledTo(view, next, frame, at);
}

export function scaledTo(view: View, scale: number, frame: Frame, at = { x: 0, y: 0 }): View {
  const now = scaleIn(view, frame);
  const [dx, dy] = [at.x / now - at.x / scale, at.y / now - at.y / scale];
  return held({ scale, x: view.x + dx, y: view.y + dy }, frame);
}

/** By page pixels, in the direction in which the picture goes. */
export function moved(view: View, dx: number, dy: number, frame: Frame): View {
  const scale = scaleIn(view, frame);
  return held({ ...view, x: view.x - dx / scale, y: view.y - dy / scale }, frame);
}

/** Whether some of the picture is outside the frame. */
export function canMove(view: View, frame: Frame): boolean {
  return scaleIn(view, frame) * frame.side > Math.min(frame.width, frame.height) + 1;
}

/** No edge comes into the frame while there is picture beyond the other. */
function held(view: View, frame: Frame): View {
  const scale = scaleIn(view, frame);
  const within = (value: number, length: number): number => {
    const most = Math.max(0, (frame.side - length / scale) / 2);
    return 0 + Math.min(most, Math.max(-most, value)); // no -0
  };
  return { scale: view.scale, x: within(view.x, frame.width), y: within(view.y, frame.height) };
}

/** Where the picture's middle is drawn, in page pixels from the frame's; whole ones. */
export function offsetOf({ scale, x, y }: View): { readonly x: number; readonly y: number } {
  return scale === null ? { x: 0, y: 0 } : { x: Math.round(-x * scale), y: Math.round(-y * scale) };
}
