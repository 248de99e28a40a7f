/** @file One thing after another: a serial queue of asynchronous tasks that survives their failures. */

export class SerialQueue {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /** Whether nothing runs and nothing waits. */
  get idle(): boolean {
    return this.waiting === 0;
  }

  /** Runs `task` when all tasks given before have settled. A rejection reaches its own caller and nobody else. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.waiting += 1;
    const result = this.last.then(task).finally(() => {
      this.waiting -= 1;
    });
    this.last = result.catch(() => undefined);
    return result;
  }
}
