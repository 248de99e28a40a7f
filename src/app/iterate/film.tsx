/** @file The strip of a run: one prompt, one seed, from the start to now, and where the next ones will be. */
import { PictureView } from "../parts/picture.tsx";

export interface Frame {
  /** 0: the start */
  readonly step: number;
  readonly picture: string | undefined;
}

export interface FilmProps {
  readonly frames: readonly Frame[];
  /** steps at which there will be more */
  readonly to: readonly number[];
  /** the next one is drawn by itself */
  readonly waiting: boolean;
  readonly chosen: number;
  readonly onChoose: (step: number) => void;
}

export function Film({ frames, to, waiting, chosen, onChoose }: FilmProps) {
  return (
    <div className="strip" role="group" aria-label="Steps">
      {frames.map(({ step, picture }) => (
        <button type="button" key={step} aria-pressed={step === chosen} onClick={() => onChoose(step)}>
          <PictureView id={picture} label="" waiting />
          <span>{stepInWords(step)}</span>
        </button>
      ))}
      {to.map((step, at) => (
        <button type="button" key={step} disabled>
          <PictureView id={undefined} label="" waiting={waiting && at === 0} />
          <span>{step}</span>
        </button>
      ))}
    </div>
  );
}

export function stepInWords(step: number): string {
  return step === 0 ? "start" : `step ${step}`;
}
