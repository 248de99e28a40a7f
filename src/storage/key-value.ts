/** @file The one door to stored data: a map from strings to values whose writes are all or none. */

export interface KeyValue {
  get(key: string): Promise<unknown>;
  /** Keys only: a store may hold gigabytes of values. */
  keys(): Promise<readonly string[]>;
  /** All or none; on disk when it resolves. */
  setMany(entries: readonly (readonly [string, unknown])[]): Promise<void>;
  /** All or none; missing keys are fine. */
  deleteMany(keys: readonly string[]): Promise<void>;
}

/** The same without a disk: for tests, and for a browser that gives none. Values are copied, as IndexedDB does. */
export function memoryKeyValue(): KeyValue {
  const values = new Map<string, unknown>();
  return {
    get: async (key) => structuredClone(values.get(key)),
    keys: async () => [...values.keys()].sort(),
    setMany: async (entries) => {
      const copies = entries.map(([key, value]) => [key, structuredClone(value)] as const);
      for (const [key, value] of copies) values.set(key, value);
    },
    deleteMany: async (keys) => {
      for (const key of keys) values.delete(key);
    },
  };
}
