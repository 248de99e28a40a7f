/** @file Settings out as a file, named after their iteration. */
import type { SpinSettings } from "../../studio/api.ts";
import { fileName, saveFile } from "../save-file.ts";
import { printSettings } from "../settings-file.ts";

export function SaveSettings({ name, settings }: { readonly name: string; readonly settings: SpinSettings }) {
  return (
    <button
      type="button"
      className="button"
      onClick={() => saveFile(fileName([name, "settings"], "json"), "application/json", printSettings(settings))}
    >
      Save as a file
    </button>
  );
}
