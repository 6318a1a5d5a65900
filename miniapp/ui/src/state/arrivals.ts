// Which rows of a list are new or changed since the person last looked.
// Not here: fetching (orderPages.ts). Used by the desk's table.

import type { OrderState } from "@core";

export interface SeenRow {
  id: string;
  state: OrderState;
}

export interface Arrivals {
  /** Rows never shown before that came while the same list was open. */
  fresh: ReadonlySet<string>;
  /** Rows whose state became another while the same list was open. */
  changed: ReadonlySet<string>;
}

/**
 * Compares each answer with the rows shown before. `total` tells a row that arrived from one that merely moved up
 * from the next page: without growth nothing arrived.
 */
export class ArrivalWatch {
  private states = new Map<string, OrderState>();
  private fresh = new Set<string>();
  private changed = new Set<string>();
  private list: string | null = null;
  private total = 0;

  /** `list` names tab, search and page; marks are kept as long as it stays the same. */
  take(list: string, total: number, rows: readonly SeenRow[]): Arrivals {
    const same = list === this.list;
    if (!same) this.forget();
    for (const row of rows) {
      const before = this.states.get(row.id);
      if (same && before === undefined && total > this.total) this.fresh.add(row.id);
      if (before !== undefined && before !== row.state && !this.fresh.has(row.id)) this.changed.add(row.id);
      this.states.set(row.id, row.state);
    }
    this.list = list;
    this.total = total;
    return this.marks();
  }

  /** The person has looked. */
  forget(): Arrivals {
    this.fresh.clear();
    this.changed.clear();
    return this.marks();
  }

  private marks(): Arrivals {
    return { fresh: new Set(this.fresh), changed: new Set(this.changed) };
  }
}
