// What a deployment sets at build time, from the environment or miniapp/.env.
// Not here: anything a user may change. Read by the pages.

export const config = {
  /** 备案号; empty: not shown. */
  filingNo: import.meta.env.VITE_FILING_NO ?? "",
  /** 投诉建议: where it leads; empty: not offered. */
  complaintsUrl: import.meta.env.VITE_COMPLAINTS_URL ?? "",
  /** Version of the pages. */
  version: __APP_VERSION__,
} as const;
