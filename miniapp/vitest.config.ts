// The unit tests of the front end: formats, texts, theme, stores. Run by `npm test`.

import { mergeConfig } from "vite";
import { defineConfig } from "vitest/config";
import build from "./vite.config";

export default mergeConfig(build, defineConfig({ test: { include: ["ui/tests/**/*.test.ts", "ui/src/**/*.test.ts"], environment: "node" } }));
