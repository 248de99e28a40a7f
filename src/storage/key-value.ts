/** @file The one door to stored data: a map from strings to values whose writes are all or none. */

export interface KeyValue {
  get(key: string): Promise<unknown>;
  /** Keys only: a store may hold gigabytes of values. */
  keys(): Promise<readonly string[]>;
  /** Sets and deletes, all or none; on disk when it resolves. */
  setMany(entries: readonly (readonly [string, unknown])[], gone?: readonly string[]): Promise<void>;
  /** All or none; missing keys are fine. */
  deleteMany(keys: readonly string[]): Promise<void>;
}

/** The same without a disk: for tests, and for a browser that gives none. Values are copied, as IndexedDB does. */
export function memoryKeyValue(): KeyValue {
  const values = new Map<string, unknown>();
  return {
    get: async (key) => structuredClone(values.get(key)),
    keys: async () => [...values.keys()].sort(),
    setMany: async (entries, gone = []) => {
      const copies = entries.map(([key, value]) => [key, structuredClone(value)] as const);
      for (const key of gone) values.delete(key);
      for (const [key, value] of copies) values.set(key, value);
    },
    deleteMany: async (keys) => {
      for (const key of keys) values.delete(key);
    },
  };
}

/** A store whose writes are refused, with the signal's reason, once another may write. */
export function whileHeld(store: KeyValue, lost: AbortSignal): KeyValue {
  return {
    ...store,
    setMany: async (entries, gone) => {
      lost.throwIfAborted();
      await store.setMany(entries, gone);
    },
    deleteMany: async (keys) => {
      lost.throwIfAborted();
      await store.deleteMany(keys);
    },
  };
}
