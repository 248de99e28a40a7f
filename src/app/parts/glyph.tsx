/** @file Line drawings of 16 units: the signs that stand beside words, never instead of them. */
import type { ReactNode } from "react";

const SHAPES = {
  check: <path d="m3 8.5 3.2 3.2L13 4.8" />,
  no: <path d="M4 8h8" />,
  bang: <path d="M8 1.8 14.6 13.5H1.4Z M8 6v3.6 M8 11.2v.6" strokeLinejoin="round" />,
  more: <path className="heavy" d="M3 8h.01M8 8h.01M13 8h.01" strokeLinecap="round" />,
  stop: <path className="solid" d="M3.5 3.5h9v9h-9Z" />,
  pause: <path className="heavy" d="M5.5 3v10M10.5 3v10" />,
  play: <path className="solid" d="M4.5 2.8 13 8l-8.5 5.2Z" />,
  half: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path className="solid" d="M8 2a6 6 0 0 1 0 12Z" />
    </>
  ),
  sun: (
    <>
      <circle cx="8" cy="8" r="3.2" />
      <path d="M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6 13 13M3 13l1.4-1.4M11.6 4.4 13 3" />
    </>
  ),
  moon: <path d="M12.8 9.8A5.6 5.6 0 0 1 6.2 3.2a5.6 5.6 0 1 0 6.6 6.6Z" strokeLinejoin="round" />,
  shield: <path d="M8 1.8 13.5 4v4c0 3.2-2.3 5.2-5.5 6.3C4.8 13.2 2.5 11.2 2.5 8V4Z" />,
} as const satisfies { [name: string]: ReactNode };

export type GlyphName = keyof typeof SHAPES;

export function Glyph({ name }: { readonly name: GlyphName }) {
  return (
    <svg className="glyph" viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[name]}
    </svg>
  );
}
