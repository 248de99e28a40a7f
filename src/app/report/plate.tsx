/** @file A drawing with its name, and in words what it shows. */
import { useId, type ReactNode } from "react";

export interface PlateProps {
  readonly title: string;
  readonly words: string;
  readonly width: number;
  readonly height: number;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Plate({ title, words, width, height, className = "plate", children }: PlateProps) {
  const id = useId();
  return (
    <svg
      className={className}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-labelledby={`${id}t`}
      aria-describedby={`${id}d`}
    >
      <title id={`${id}t`}>{title}</title>
      <desc id={`${id}d`}>{words}</desc>
      {children}
    </svg>
  );
}
