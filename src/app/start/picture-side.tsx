/** @file The side of a model's pictures, typed; a plan for it takes a moment, so it is made when the number is whole. */
import { useId, useState } from "react";
import type { Sides } from "../../studio/api.ts";
import { Glyph } from "../parts/glyph.tsx";
import { parseSide, sidesInWords } from "../picture-side.ts";

export interface PictureSideProps {
  readonly sides: Sides;
  readonly value: number;
  readonly onValue: (side: number) => void;
}

export function PictureSide({ sides, value, onValue }: PictureSideProps) {
  const [text, setText] = useState(String(value));
  const [fault, setFault] = useState<string | null>(null);
  const id = useId();
  const settle = () => {
    const parsed = parseSide(sides, text);
    setFault("fault" in parsed ? parsed.fault : null);
    if ("value" in parsed && parsed.value !== value) onValue(parsed.value);
  };
  return (
    <div className="setting">
      <label htmlFor={id}>Picture size</label>
      <input
        id={id}
        className="field"
        inputMode="numeric"
        value={text}
        aria-invalid={fault !== null}
        aria-describedby={`${id}-help`}
        onChange={(event) => setText(event.target.value)}
        onBlur={settle}
        onKeyDown={({ key }) => {
          if (key === "Enter") settle();
        }}
      />
      <small id={`${id}-help`} className={fault === null ? undefined : "fault"}>
        {fault === null ? (
          sidesInWords(sides)
        ) : (
          <>
            <Glyph name="bang" />
            {fault}
          </>
        )}
      </small>
    </div>
  );
}
