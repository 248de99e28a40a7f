/** @file What is wanted of the next iteration: a preset and the changes in it; kept with the project. */
import type { SpinSettings } from "../../studio/api.ts";
import { readSettings } from "../settings-file.ts";
import { fieldOf, parseNumber, presetSettings } from "../settings.ts";
import { nextNode } from "./nodes.ts";
import type { SettingsSlice, Slice } from "./studio-state.ts";

const NOTE = "settings";

export const emptySettings = {
  presetId: null,
  wanted: {},
  faults: {},
  taken: null,
} satisfies Partial<SettingsSlice>;

export const createSettings: Slice<SettingsSlice> = (set, get, deps) => {
  const { project } = deps;

  const change = (part: Partial<SettingsSlice>): void => {
    set(part);
    const { presetId, wanted, advanced } = get();
    // a convenience: without it the next visit starts with the preset
    void deps.studio
      .call("writeNote", { project, name: NOTE, value: { presetId, wanted, advanced } })
      .catch(() => undefined);
  };

  /** All at once: what was typed in the fields is forgotten. */
  const replace = (part: Partial<SettingsSlice>): void =>
    change({ faults: {}, taken: null, round: get().round + 1, ...part });

  return {
    ...emptySettings,
    advanced: false,
    round: 0,

    setNumber(key, text) {
      const parsed = parseNumber(fieldOf[key], text);
      const { [key]: _, ...faults } = get().faults;
      if ("fault" in parsed) set({ faults: { ...faults, [key]: parsed.fault } });
      else change({ faults, wanted: { ...get().wanted, [key]: parsed.value } });
    },
    setSetting(part) {
      // a field that is set from beside it shows the new value
      change({ wanted: { ...get().wanted, ...part }, round: get().round + 1 });
    },
    setAdvanced: (advanced) => change({ advanced }),
    choosePreset: (id) => replace({ presetId: id, wanted: {} }),
    resetSettings: () => replace({ wanted: {} }),

    takeSettings(title, settings, refused = []) {
      const preset = presetSettings(get().model, nextNode(get()).iteration, get().presetId);
      const kept = Object.entries(settings).filter(([key, value]) => value !== preset?.[key as keyof SpinSettings]);
      replace({ wanted: Object.fromEntries(kept) as Partial<SpinSettings>, taken: { title, refused } });
    },
    dismissTaken: () => set({ taken: null }),

    async recallSettings() {
      const { model } = get();
      const note = await deps.studio.call("readNote", { project, name: NOTE }).catch(() => null);
      if (model === null || typeof note !== "object" || note === null) return;
      const { presetId, wanted, advanced } = note as { readonly [key: string]: unknown };
      const known = model.presets.some(({ id }) => id === presetId);
      set({
        presetId: known ? (presetId as string) : null,
        wanted: readSettings(JSON.stringify(wanted ?? {}), model).settings,
        advanced: advanced === true,
        round: get().round + 1,
      });
    },
  };
};
