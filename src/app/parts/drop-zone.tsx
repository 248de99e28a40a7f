/** @file Where files and folders are dropped or chosen. */
import { useRef, useState, type DragEvent } from "react";
import { useDropzone } from "react-dropzone";
import { count } from "../format.ts";
import { useTake } from "../take.ts";
import { FileInput } from "./file-input.tsx";
import { useActions, useStudio } from "../state/context.tsx";

export interface DropZoneProps {
  readonly title: string;
  readonly help?: string;
  /** also offers the sample pairs */
  readonly samples?: boolean;
}

export function DropZone({ title, help, samples = false }: DropZoneProps) {
  const actions = useActions();
  const take = useTake();
  const locked = take === null;
  const ready = useStudio((state) => state.machine === "ready");
  const [dragged, setDragged] = useState(1);
  const folder = useRef<HTMLInputElement>(null);
  const { getRootProps, getInputProps, isDragActive, open } = useDropzone({
    noClick: true,
    noKeyboard: true,
    noDragEventsBubbling: true, // the screen around it takes files too
    disabled: locked,
    onDrop: (files) => take?.(files),
  });
  // a folder is one, whatever is in it
  const onDragEnter = ({ dataTransfer }: DragEvent): void => setDragged(Math.max(1, dataTransfer.items.length));
  return (
    <div {...getRootProps({ onDragEnter })} className={isDragActive ? "drop over" : "drop"}>
      <input {...getInputProps()} aria-label="Choose pictures and captions" />
      <FileInput ref={folder} label="Choose a folder" folder onFiles={(files) => take?.(files)} />
      <b>{isDragActive ? `Let go to add ${count(dragged, "file")}` : title}</b>
      {isDragActive ? (
        <span className="small quiet">They are read here and stay here.</span>
      ) : (
        <>
          {help === undefined ? null : <span className="small quiet">{help}</span>}
          <span className="row">
            <button type="button" className="button" disabled={locked} onClick={open}>
              Choose files
            </button>
            <button type="button" className="button" disabled={locked} onClick={() => folder.current?.click()}>
              Choose a folder
            </button>
            {samples ? (
              <button
                type="button"
                className="button"
                disabled={locked || !ready}
                onClick={() => void actions.takeSamples()}
              >
                Use the 48 sample pairs
              </button>
            ) : null}
          </span>
        </>
      )}
    </div>
  );
}
