// What records and acts are called: in addresses, among others, and the one act the product knows by its name.
// Not here: the pages (each entry's router). Used by routers, pages and parts.

import type { LocationQuery, LocationQueryRaw, RouteLocationRaw } from "vue-router";
import type { ActKey, RecordKey, Topic } from "@core";

/** Whatever changes a record, a list of them or what may be done to one. */
export const RECORD_TOPICS: readonly Topic[] = ["orders", "outbox", "session"];

/** The product's own act by which a person sees what is masked, and is recorded. No pack means another thing by it. */
export const REVEAL = "reveal";
/** The product's own acts that a person may do besides: giving a record away. */
const OWN_ACTS: ReadonlySet<string> = new Set([REVEAL, "reassign"]);

/** Whether the act is the product's own, which is never what comes next. */
export function isOwnAct(key: ActKey): boolean {
  return OWN_ACTS.has(key.act);
}

export function recordRoute(key: RecordKey): RouteLocationRaw {
  return { name: "record", params: { kind: key.kind, id: key.id } };
}

export function recordQuery(key: RecordKey): LocationQueryRaw {
  return { kind: key.kind, id: key.id };
}

/** The record that stands beside the list, if one does. */
export function recordIn(query: LocationQuery): RecordKey | null {
  const { kind, id } = query;
  return typeof kind === "string" && typeof id === "string" ? { kind, id } : null;
}

export function actRoute(key: ActKey): RouteLocationRaw {
  const record = key.id === undefined ? {} : { id: key.id };
  return { name: "act", params: { kind: key.kind, act: key.act, role: key.role, ...record } };
}

/** Names a record or an act among others, as one text. */
export function textOf(key: RecordKey | ActKey): string {
  return "act" in key ? [key.kind, key.id ?? "", key.act, key.role].join(" ") : `${key.kind} ${key.id}`;
}
