// The files a Worker of this build is made of, kept by the page: once a new build is deployed the server has others, and
// a page that is open must still be able to start its core again.
// Not here: starting it (`live.ts`). The addresses are the build's.

import workerUrl from "./worker?worker&url";
import moduleUrl from "./wasm/shenhai_web_bg.wasm?url";

export interface Program {
  /** The Worker's script. */
  script: Blob;
  /** The core's WebAssembly. */
  module: Blob;
}

let kept: Program | null = null;
let keeping = false;

/** Fetched when the core runs, so from the browser's own cache; later, should that fail now. */
export async function keepProgram(): Promise<void> {
  if (kept !== null || keeping) return;
  keeping = true;
  try {
    const [script, module] = await Promise.all([fetched(workerUrl), fetched(moduleUrl)]);
    kept = { script, module };
  } catch {
    // Offline without a cache, or too late: the files of this build are gone. The addresses are all there is then.
  } finally {
    keeping = false;
  }
}

async function fetched(url: string): Promise<Blob> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} is not there`);
  return answer.blob();
}

export interface Started {
  worker: Worker;
  /** To be given to the Worker; `null` where it has to fetch the module. */
  module: Blob | null;
}

/** A new Worker of this build. */
export function startWorker(): Started {
  const options = { type: "module", name: "shenhai-core" } as const;
  if (kept === null) return { worker: new Worker(workerUrl, options), module: null };
  const url = URL.createObjectURL(kept.script);
  const worker = new Worker(url, options);
  const { module } = kept;
  // Needed until the script is loaded, which its first word or its failure tells.
  for (const event of ["message", "error"]) worker.addEventListener(event, () => URL.revokeObjectURL(url), { once: true });
  return { worker, module };
}
