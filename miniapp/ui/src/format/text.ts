// Small pieces of text: digests and identifiers cut for the eye, places, characters counted as the hotline counts them.
// Not here: texts of the pages (i18n). Used by parts and pages.

/** `1a2b3c4d…9f8e7d6c`: enough of a digest to compare by eye. */
export function shortDigest(hex: string): string {
  return hex.length <= 20 ? hex : `${hex.slice(0, 8)}…${hex.slice(-8)}`;
}

/** `1a2b 3c4d 5e6f 7a8b`: a fingerprint in groups of four. */
export function grouped(hex: string): string {
  return hex.replace(/(.{4})(?=.)/g, "$1 ");
}

/** `黄浦区 样例路88弄`; the district only once where the address names it itself. */
export function place(district: string, address: string): string {
  const named = address.replace(/^上海市/, "").startsWith(district);
  return named ? address : `${district} ${address}`.trim();
}

/** Characters, not UTF-16 units: 𠮷 counts once, as on the gateway. */
export function countChars(text: string): number {
  return Array.from(text).length;
}
