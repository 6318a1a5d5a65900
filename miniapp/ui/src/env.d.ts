/// <reference types="vite/client" />

/** Version of the pages, from package.json. */
declare const __APP_VERSION__: string;

interface ImportMetaEnv {
  /** 备案号, shown on the page of one's own when set. */
  readonly VITE_FILING_NO?: string;
  /** Address of the 投诉建议 page, offered when set. */
  readonly VITE_COMPLAINTS_URL?: string;
}
