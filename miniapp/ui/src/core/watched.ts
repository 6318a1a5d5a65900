// A value that can be watched. Not a store and not reactive by itself; a page wraps it in its framework's own.
// Used for the waist's status.

import type { Observable } from "./waist";

export class Watched<T extends object> implements Observable<T> {
  private readonly watchers = new Set<(value: T) => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  watch(watcher: (value: T) => void): () => void {
    const own = (value: T) => watcher(value);
    this.watchers.add(own);
    own(this.current);
    return () => this.watchers.delete(own);
  }

  /** Changes some fields and tells the watchers, unless everything is as it was. */
  update(changes: Partial<T>): boolean {
    const keys = Object.keys(changes) as (keyof T)[];
    if (keys.every((key) => Object.is(this.current[key], changes[key]))) return false;
    this.current = { ...this.current, ...changes };
    for (const watcher of [...this.watchers]) watcher(this.current);
    return true;
  }
}
