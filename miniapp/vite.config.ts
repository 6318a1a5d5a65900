// Builds the pages: one HTML entry per app, shared chunks, the core's Worker and WebAssembly as assets, and a
// compressed twin beside every file, so that the gateway compresses nothing while it serves.
// Not here: how the core is compiled (see bindings/web). Called by `npm run build` and vitest.

import { fileURLToPath } from "node:url";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";
import { offlineShell } from "./offline-shell.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Kinds of file worth compressing, and the size below which it gains nothing. */
const COMPRESSIBLE = /\.(html|js|css|svg|json|wasm|map)$/;
const SMALLEST_BYTES = 1024;

function precompress(): Plugin {
  let outDir = "";
  return {
    name: "precompress",
    apply: "build",
    configResolved(config) {
      outDir = config.build.outDir;
    },
    // After the service worker was written, so that it gets its twins too.
    writeBundle: {
      order: "post",
      sequential: true,
      async handler() {
        const entries = await readdir(outDir, { recursive: true, withFileTypes: true });
        const files = entries
          .filter((entry) => entry.isFile() && COMPRESSIBLE.test(entry.name))
          .map((entry) => join(entry.parentPath, entry.name));
        await Promise.all(files.map(writeTwins));
      },
    },
  };
}

async function writeTwins(file: string): Promise<void> {
  const bytes = await readFile(file);
  if (bytes.length < SMALLEST_BYTES) return;
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
    promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
  ]);
  await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)]);
}

export default defineConfig({
  root: here("."),
  base: "/",
  publicDir: false,
  plugins: [vue(), offlineShell(), precompress()],
  resolve: {
    alias: {
      "@core": here("./ui/src/core/index.ts"),
      "@ui": here("./ui/src"),
    },
  },
  define: {
    __APP_VERSION__: JSON.stringify(process.env["npm_package_version"] ?? "0.0.0"),
  },
  worker: { format: "es" },
  build: {
    outDir: here("./dist"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 2048,
    rollupOptions: {
      input: {
        hotline: here("./hotline/index.html"),
        desk: here("./desk/index.html"),
        cases: here("./cases/index.html"),
      },
    },
  },
});
