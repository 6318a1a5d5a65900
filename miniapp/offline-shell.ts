// Makes the pages open without a network: after the build a service worker is generated that keeps every
// file of this build on the device and answers with it. Data never pass through it: calls to /v1 go to the
// network and fail there when there is none, which the core handles.
// Not here: the registration (ui/src/offline.ts). Called by vite.config.ts.

import { generateSW } from "workbox-build";
import type { Plugin } from "vite";

/** The program with SQLite inside is about 2.5 MB; a file beyond this bound is a mistake. */
const LARGEST_BYTES = 8 * 1024 * 1024;

export function offlineShell(): Plugin {
  let outDir = "";
  return {
    name: "offline-shell",
    apply: "build",
    configResolved(config) {
      outDir = config.build.outDir;
    },
    writeBundle: {
      sequential: true,
      async handler() {
        const { warnings } = await generateSW({
          globDirectory: outDir,
          globPatterns: ["**/*.{html,js,css,wasm,svg,png,woff2,webmanifest}"],
          swDest: `${outDir}/sw.js`,
          inlineWorkboxRuntime: true,
          sourcemap: false,
          maximumFileSizeToCacheInBytes: LARGEST_BYTES,
          // Hashed names say themselves which content they are.
          dontCacheBustURLsMatching: /^assets\//,
          // The container's redirect comes back to the page with these; they are not part of its name.
          ignoreURLParametersMatching: [/^code$/, /^state$/],
          cleanupOutdatedCaches: true,
          // A page that is open keeps its build, and so do those opened beside it, until the last one is closed or
          // somebody accepts the new build (ui/src/state/newBuild.ts): files of two builds are never mixed.
          skipWaiting: false,
          clientsClaim: true,
        });
        // A file left out would make the page fail offline only: better fail the build.
        if (warnings.length > 0) throw new Error(`offline shell: ${warnings.join("; ")}`);
      },
    },
  };
}
