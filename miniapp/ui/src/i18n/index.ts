// Texts by key, with `{name}` places filled in.
// Not here: the texts (zh-CN.ts). Used by every part and page.

import { zhCN } from "./zh-CN";

type Leaves<T, P extends string = ""> = {
  [K in keyof T & string]: T[K] extends string ? `${P}${K}` : Leaves<T[K], `${P}${K}.`>;
}[keyof T & string];

export type TextKey = Leaves<typeof zhCN>;

const flat = new Map<string, string>();

function flatten(branch: object, prefix: string): void {
  for (const [name, value] of Object.entries(branch)) {
    if (typeof value === "string") flat.set(prefix + name, value);
    else flatten(value as object, `${prefix}${name}.`);
  }
}
flatten(zhCN, "");

/** The text of `key`; `{name}` is replaced by `values.name`. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  const text = flat.get(key) ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name: string) => (name in values ? String(values[name]) : place));
}
