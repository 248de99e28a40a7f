/** @file LoRAs from a person's disk, each with its weight, taken into the tree as one node. */
import { useRef, useState } from "react";
import { room } from "../format.ts";
import { Dialog } from "../parts/dialog.tsx";
import { FileInput } from "../parts/file-input.tsx";
import { Glyph } from "../parts/glyph.tsx";
import { sourceFile } from "../read-files.ts";
import { useActions } from "../state/context.tsx";
import type { LorasTaken } from "../state/studio-state.ts";

interface Row {
  readonly file: File;
  /** as it is typed */
  readonly weight: string;
}

const [LEAST, MOST] = [-5, 5];

/** Null where it is no weight. */
function weightOf({ weight }: Row): number | null {
  const value = Number(weight.trim().replace(",", "."));
  return weight.trim() !== "" && value >= LEAST && value <= MOST ? value : null;
}

type Outcome = LorasTaken | { readonly kind: "taking" };

export function LorasDialog({ onClose }: { readonly onClose: () => void }) {
  const actions = useActions();
  const input = useRef<HTMLInputElement>(null);
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const wrong = rows.find((row) => weightOf(row) === null);
  const taking = outcome?.kind === "taking";
  const take = async (): Promise<void> => {
    setOutcome({ kind: "taking" });
    const loras = rows.map((row) => ({ file: sourceFile(row.file), multiplier: weightOf(row) ?? 1 }));
    setOutcome(await actions.takeLoras(loras));
  };
  if (outcome?.kind === "taken")
    return (
      <Dialog title={`${outcome.name} is in the tree`} onClose={onClose}>
        <p>
          The next iteration starts from it, unless you choose otherwise. It can be played against, and draws in
          Compare.
        </p>
        {outcome.notes.map((note) => (
          <p key={note} className="small quiet">
            {note}
          </p>
        ))}
        <form method="dialog">
          <button className="button primary">Go on</button>
        </form>
      </Dialog>
    );
  return (
    <Dialog title="Add LoRAs to the tree" onClose={onClose}>
      <p className="quiet">
        Files for Stable Diffusion 1.5, of kohya’s trainers, PEFT or diffusers. Several are added up, each times its
        weight; 1 is as it was trained.
      </p>
      {rows.length === 0 ? null : (
        <ul className="loras">
          {rows.map((row, at) => (
            <li key={row.file.name}>
              <label>
                <span>
                  {row.file.name} <span className="small quiet">{room(row.file.size)}</span>
                </span>
                <input
                  className="field"
                  inputMode="decimal"
                  aria-label={`Weight of ${row.file.name}`}
                  aria-invalid={weightOf(row) === null}
                  value={row.weight}
                  disabled={taking}
                  onChange={({ target }) =>
                    setRows(rows.map((each, i) => (i === at ? { ...each, weight: target.value } : each)))
                  }
                />
              </label>
              <button
                type="button"
                className="button plain"
                aria-label={`Leave ${row.file.name} out`}
                disabled={taking}
                onClick={() => setRows(rows.filter((each) => each !== row))}
              >
                Leave out
              </button>
            </li>
          ))}
        </ul>
      )}
      <p role="status" className={wrong || outcome?.kind === "refused" ? "small bad" : "small quiet"}>
        {wrong ? (
          <>
            <Glyph name="bang" />
            The weight of {wrong.file.name} is a number from {LEAST} to {MOST}.
          </>
        ) : outcome?.kind === "refused" ? (
          outcome.sentence
        ) : taking ? (
          "Reading them."
        ) : (
          ""
        )}
      </p>
      <div className="row">
        <button
          type="button"
          className={rows.length === 0 ? "button primary" : "button"}
          disabled={taking}
          onClick={() => input.current?.click()}
        >
          Choose files
        </button>
        <button
          type="button"
          className={rows.length === 0 ? "button" : "button primary"}
          disabled={rows.length === 0 || wrong !== undefined || taking}
          onClick={() => void take()}
        >
          Add to the tree
        </button>
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
      </div>
      <FileInput
        ref={input}
        label="LoRA files"
        accept=".safetensors"
        multiple
        onFiles={(files) => {
          const fresh = files.filter(({ name }) => !rows.some((row) => row.file.name === name));
          setRows([...rows, ...fresh.map((file) => ({ file, weight: "1" }))]);
          setOutcome(null);
        }}
      />
    </Dialog>
  );
}
