/**
 * @file IndexedDB through idb-keyval, with our own transactions: strict durability (a resolved write is on disk), aborted when a
 * value cannot be stored, reopened when the browser closes the connection, and every rejection a StudioError.
 */
import { get, keys, promisifyRequest, type UseStore } from "idb-keyval";
import { StudioError } from "../lib/errors.ts";
import type { KeyValue } from "./key-value.ts";

const storeName = "keyval";

/** One store a database. Nothing is opened before the first use. */
export function openKeyValue(database: string): KeyValue {
  const useStore = strictStore(database);
  return {
    get: (key) => guarded(() => get<unknown>(key, useStore)),
    keys: () => guarded(() => keys<string>(useStore)),
    setMany: (entries, gone = []) => guarded(() => write(useStore, entries, gone)),
    deleteMany: (all) => guarded(() => write(useStore, [], all)),
  };
}

/** idb-keyval sets or deletes; a commit does both in one transaction. */
function write(opened: UseStore, entries: readonly (readonly [string, unknown])[], gone: readonly string[]) {
  return opened("readwrite", (store) => {
    for (const key of gone) store.delete(key);
    for (const [key, value] of entries) store.put(value, key);
    return promisifyRequest(store.transaction);
  });
}

function strictStore(database: string): UseStore {
  let opening: Promise<IDBDatabase> | null = null;
  const open = async (): Promise<IDBDatabase> => {
    const request = indexedDB.open(database);
    request.onupgradeneeded = () => request.result.createObjectStore(storeName);
    const db = await promisifyRequest(request);
    const forget = () => {
      opening = null;
    };
    db.onclose = forget;
    // another tab deletes or upgrades the database: do not stand in its way
    db.onversionchange = () => {
      forget();
      db.close();
    };
    return db;
  };
  return async (mode, callback) => {
    opening ??= open();
    let db: IDBDatabase;
    try {
      db = await opening;
    } catch (error) {
      opening = null;
      throw error;
    }
    const transaction = begin(db, mode);
    if (!transaction) {
      opening = null;
      throw new DOMException("The connection was closed.", "InvalidStateError");
    }
    try {
      return await callback(transaction.objectStore(storeName));
    } catch (error) {
      // what was put before the failing value would otherwise be kept
      abort(transaction);
      throw error;
    }
  };
}

function begin(db: IDBDatabase, mode: IDBTransactionMode): IDBTransaction | null {
  try {
    return db.transaction(storeName, mode, { durability: "strict" });
  } catch {
    return null;
  }
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // it has ended already
  }
}

/** Every operation may be repeated, so a fault that is not about the data gets one more try. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (nameOf(error) === "QuotaExceededError" || nameOf(error) === "DataCloneError") throw explain(error);
  }
  try {
    return await work();
  } catch (error) {
    throw explain(error);
  }
}

/** idb-keyval rejects with null where a request's error reaches the transaction first. */
function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : "no reason given";
}

function explain(error: unknown): StudioError {
  const name = nameOf(error);
  if (name === "QuotaExceededError") {
    const hint =
      "What was saved before is safe. Delete an old iteration or project, or free space on the disk, and save again.";
    return new StudioError("quota", "The browser's storage is full, and nothing of this was saved.", hint);
  }
  const detail = error instanceof Error && error.message ? `: ${error.message.replace(/\.$/, "")}` : "";
  return new StudioError(
    "storage",
    `The browser's storage failed (${name}${detail}).`,
    "What was saved before is safe.",
  );
}
