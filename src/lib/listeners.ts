/** @file Those who want to be told of something, as long as they do. */

export interface Listeners<T> {
  readonly tell: (value: T) => void;
  /** Until the function that it gives back is called. */
  readonly on: (listener: (value: T) => void) => () => void;
}

export function createListeners<T = void>(): Listeners<T> {
  const all = new Set<(value: T) => void>();
  return {
    tell: (value) => {
      for (const listener of all) listener(value);
    },
    on: (listener) => {
      all.add(listener);
      return () => all.delete(listener);
    },
  };
}
