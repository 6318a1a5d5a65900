// The unit tests of the front end: formats, texts, theme, stores, the waist. Run by `npm test`.

import { mergeConfig } from "vite";
import { defineConfig } from "vitest/config";
import build from "./vite.config.ts";

const tests = { include: ["ui/tests/**/*.test.ts", "ui/src/**/*.test.ts"], environment: "node" };

export default mergeConfig(build, defineConfig({ test: tests }));
