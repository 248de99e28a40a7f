/** @file A picture by its id, a picture being drawn, and a place where none is yet. */
import { useLayoutEffect, useRef } from "react";
import type { Pixels } from "../pictures.ts";
import { useWorkbench } from "../state/context.tsx";

export interface PictureProps {
  readonly id: string | null | undefined;
  /** What is seen, for those who do not see it; empty where the words stand beside it. */
  readonly label: string;
  /** drawn next: stripes while there is no picture */
  readonly waiting?: boolean;
}

export function PictureView({ id, label, waiting = false }: PictureProps) {
  const { pictures } = useWorkbench();
  const pixels = id === null || id === undefined ? undefined : pictures.get(id);
  if (pixels === undefined) return <span className={waiting ? "picture waiting" : "picture"} />;
  return <PixelsView pixels={pixels} label={label} />;
}

export function PixelsView({ pixels, label }: { readonly pixels: Pixels; readonly label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current === null) return;
    canvas.current.width = pixels.side;
    canvas.current.height = pixels.side;
    canvas.current.getContext("2d")?.putImageData(new ImageData(pixels.rgba, pixels.side), 0, 0);
  }, [pixels]);
  return label === "" ? (
    <canvas className="picture" ref={canvas} aria-hidden="true" />
  ) : (
    <canvas className="picture" ref={canvas} role="img" aria-label={label} />
  );
}
