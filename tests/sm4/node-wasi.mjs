// Runs one WebAssembly program (a test of the block function built for wasm32-wasip1) in Node.js, as cargo's
// runner. It gets no files and no environment but SM4_BLOCKS.
import { readFile } from "node:fs/promises";
import process from "node:process";
import { WASI } from "node:wasi";

const [program, ...rest] = process.argv.slice(2);
const { SM4_BLOCKS } = process.env;
const wasi = new WASI({
  version: "preview1",
  args: [program, ...rest],
  env: SM4_BLOCKS ? { SM4_BLOCKS } : {},
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(program));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
