/** @file The browser's own window for choosing files, opened by a click on the element behind `ref`. */
import type { RefObject } from "react";

/** not in React's types */
const FOLDER = { webkitdirectory: "" };

export interface FileInputProps {
  readonly ref: RefObject<HTMLInputElement | null>;
  readonly label: string;
  /** all files of a folder instead of single ones */
  readonly folder?: boolean;
  /** endings, as the element takes them */
  readonly accept?: string;
  /** more than one may be chosen */
  readonly multiple?: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

export function FileInput({ ref, label, folder = false, accept, multiple = false, onFiles }: FileInputProps) {
  return (
    <input
      ref={ref}
      type="file"
      hidden
      multiple={multiple}
      {...(folder ? FOLDER : {})}
      accept={accept}
      aria-label={label}
      onChange={({ target }) => {
        const files = [...(target.files ?? [])];
        target.value = ""; // the same ones may be chosen again
        onFiles(files);
      }}
    />
  );
}
