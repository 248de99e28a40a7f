/** @file Where files and folders are dropped or chosen. */
import { useRef, type ChangeEvent } from "react";
import { useDropzone } from "react-dropzone";
import { useActions, useStudio, useWorkbench } from "../state/context.tsx";

export interface DropZoneProps {
  readonly title: string;
  readonly help?: string;
  /** also offers the sample pairs */
  readonly samples?: boolean;
}

export function DropZone({ title, help, samples = false }: DropZoneProps) {
  const actions = useActions();
  const { store, loadReader } = useWorkbench();
  const locked = useStudio((state) => state.current !== null || state.reading !== null);
  const ready = useStudio((state) => state.machine === "ready");
  const side = useStudio((state) => state.model?.resolution ?? 64);
  const folder = useRef<HTMLInputElement>(null);
  const take = async (files: readonly File[]): Promise<void> => {
    if (files.length === 0) return;
    const { readFiles } = await import("../read-files.ts");
    await readFiles({ files, side, loadReader, actions });
    if (store.getState().pairs.length > 0) globalThis.location.hash = "#pairs";
  };
  const { getRootProps, getInputProps, isDragActive, open } = useDropzone({
    noClick: true,
    noKeyboard: true,
    disabled: locked,
    onDrop: (files) => void take(files),
  });
  const onFolder = (event: ChangeEvent<HTMLInputElement>): void => {
    const files = [...(event.target.files ?? [])];
    event.target.value = "";
    void take(files);
  };
  return (
    <div {...getRootProps()} className={isDragActive ? "drop over" : "drop"}>
      <input {...getInputProps()} aria-label="Choose pictures and captions" />
      <input
        ref={(element) => {
          folder.current = element;
          element?.setAttribute("webkitdirectory", ""); // not in React's types
        }}
        type="file"
        hidden
        aria-label="Choose a folder"
        onChange={onFolder}
      />
      <b>{isDragActive ? "Let go to add these files" : title}</b>
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
