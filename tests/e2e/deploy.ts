// A new build put in the place of the one a gateway serves. It is the same program under other names, as if every file had
// changed.
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtPages } from "./stack";

/** A copy of the built pages in a folder of its own. */
export function copyOfPages(): string {
  const folder = mkdtempSync(join(tmpdir(), "shenhai-pages-"));
  cpSync(builtPages, folder, { recursive: true });
  return folder;
}

/** Replace the build in `folder`; `generation` makes its names. Nothing of the one before is left. */
export function deploy(folder: string, generation: string) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const digests = new Set(
    files.map((file) => /assets\/.*-([\w-]{8})\.\w+$/.exec(file)?.[1]).filter((digest) => digest !== undefined),
  );
  const renamed = (text: string) => {
    let changed = text;
    for (const digest of digests) changed = changed.replaceAll(digest, `${generation}${digest.slice(generation.length)}`);
    return changed;
  };
  for (const file of files) {
    // Its twin would still be the old text.
    if (/\.(br|gz)$/.test(file)) rmSync(file);
    else {
      if (/\.(html|js|css|json)$/.test(file)) {
        const text = renamed(readFileSync(file, "utf8"));
        // The service worker knows pages by a digest of their content.
        writeFileSync(file, file.endsWith("sw.js") ? text.replace(/[0-9a-f]{32}/g, (old) => old.slice(1) + old[0]) : text);
      }
      if (renamed(file) !== file) renameSync(file, renamed(file));
    }
  }
}
