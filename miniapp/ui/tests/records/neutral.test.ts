// The shared parts draw any pack: none of them may know one by name. Held against every pack of this repository.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = new URL("../../../../", import.meta.url).pathname;
const SHARED = ["miniapp/cases/src", "miniapp/ui/src/parts/records", "miniapp/ui/src/parts/forms", "miniapp/ui/src/state/records"];
const PACKS = ["packs", "tests/packs"];
/** The sheets of a law that name things, and in which columns. */
const SHEETS: Record<string, readonly string[]> = {
  "facts.csv": ["kind", "name"],
  "states.csv": ["id"],
  "acts.csv": ["act"],
  "seats.csv": ["id"],
};
/** Words of the product that some pack uses too, and what the product means by them. */
const SAME_WORD: Record<string, string> = {
  address: "an attribute",
  area: "a template ref",
  found: "a class of the style sheet",
  late: "a class of the style sheet",
  name: "a prop",
  number: "a computed value",
  ok: "a tone",
  open: "a prop and an i18n key",
  place: "an i18n key of a coordinate",
  point: "a type of answer",
  refused: "a value of the draft",
  reassign: "an act of the product's own",
  reveal: "an act of the product's own",
  submit: "a handler",
  take: "a handler",
  title: "a prop",
  what: "a class of the style sheet",
};

function filesUnder(dir: string): string[] {
  return readdirSync(join(root, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function namesOf(pack: string): string[] {
  const law = join(pack, "law");
  return readdirSync(law)
    .filter((sheet) => sheet in SHEETS)
    .flatMap((sheet) => {
      const [head, ...lines] = readFileSync(join(law, sheet), "utf8").split(/\r?\n/);
      const columns = head?.split(",") ?? [];
      const wanted = (SHEETS[sheet] ?? []).map((column) => columns.indexOf(column)).filter((at) => at >= 0);
      return lines.flatMap((line) => wanted.map((at) => line.split(",")[at] ?? ""));
    })
    .flatMap((name) => [name, ...name.split(".")]);
}

/** Every string literal of a file, whole. */
function literalsOf(file: string): string[] {
  const text = readFileSync(file, "utf8").replace(/<style[\s\S]*/, "");
  return Array.from(text.matchAll(/"([^"\n]*)"|'([^'\n]*)'|`([^`]*)`/g), (found) => found[1] ?? found[2] ?? found[3] ?? "");
}

describe("the shared parts", () => {
  const packs = PACKS.flatMap((dir) =>
    readdirSync(join(root, dir), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(root, dir, entry.name)),
  );
  const names = new Set(packs.flatMap(namesOf).filter((name) => name !== "" && !(name in SAME_WORD)));

  it("are held against packs that are there", () => {
    expect(packs.length).toBeGreaterThan(2);
    expect(names.size).toBeGreaterThan(50);
  });

  it.each(SHARED.flatMap(filesUnder).map((file) => [file.slice(root.length), file]))("know no pack: %s", (_name, file) => {
    const known = literalsOf(file).flatMap((literal) => literal.split(/[^a-z0-9_]+/i).filter((word) => word === literal));
    expect(known.filter((word) => names.has(word))).toEqual([]);
  });
});
