// Two tabs fill in one form: field by field, what was changed here and what was changed there come together, and of
// what cannot stand beside the other nothing is dropped without a word.
// Not here: reading and keeping drafts (formDraft.ts), how it is shown (forms/). Pure.

/** An answer: a text, a choice, a time, several choices, the rows of a table, or nothing yet. */
export type Answer = string | number | boolean | null | readonly string[] | readonly Row[];
/** A row of a table: what its columns hold. */
export type Row = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
export type Answers = Record<string, Answer>;

/** An answer that did not make it into the form. */
export interface Displaced {
  field: string;
  value: Answer;
  /** Who had given it. */
  from: "here" | "there";
}

export interface Merged<F> {
  form: F;
  /** Fields whose answer is now the one given elsewhere. */
  taken: string[];
  displaced: Displaced[];
}

export interface Sides<F> {
  /** What both began with: the form as it was last read or kept here. */
  base: F;
  /** The form on this screen. */
  mine: F;
  /** The form as it is kept now. */
  theirs: F;
  /** Fields answered on this screen, kept since or not. */
  answered: ReadonlySet<string>;
}

/** `shown` leaves out the answers to questions that are not asked any more. */
export function mergeForms<F extends object>({ base, mine, theirs, answered }: Sides<F>, shown: (form: F) => F): Merged<F> {
  const [before, here, there] = [base, mine, theirs].map((form) => form as unknown as Answers) as [
    Answers,
    Answers,
    Answers,
  ];
  const fields = Object.keys(here);
  const changedThere = fields.filter((field) => !sameAnswer(value(there, field), value(before, field)));
  const taken = changedThere.filter(
    (field) =>
      sameAnswer(value(here, field), value(before, field)) && !sameAnswer(value(there, field), value(here, field)),
  );
  const joined: Answers = { ...here };
  for (const field of taken) joined[field] = value(there, field);
  const form = shown(joined as unknown as F);
  const final = form as unknown as Answers;
  const displaced: Displaced[] = [];
  for (const field of fields) {
    const mineCounts = !sameAnswer(value(here, field), value(before, field)) || answered.has(field);
    if (mineCounts && !holds(value(final, field), value(here, field))) {
      displaced.push({ field, value: value(here, field), from: "here" });
    }
    if (changedThere.includes(field) && !holds(value(final, field), value(there, field))) {
      displaced.push({ field, value: value(there, field), from: "there" });
    }
  }
  return { form, taken, displaced };
}

/** A field an older draft does not have is one that was not answered. */
function value(form: Answers, field: string): Answer {
  return form[field] ?? null;
}

/** Whether nothing is answered. */
export function isBlank(answer: Answer): boolean {
  return answer === null || answer === "" || (Array.isArray(answer) && answer.length === 0);
}

/** Alike in all it holds; what a row leaves out is what it does not answer. */
export function sameAnswer(one: Answer, other: Answer): boolean {
  if (one === other) return true;
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
  const [rows, others] = [one, other] as [readonly (string | Row)[], readonly (string | Row)[]];
  return rows.every((row, nth) => sameRow(row, others[nth] ?? ""));
}

function sameRow(one: string | Row, other: string | Row): boolean {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return Object.keys({ ...one, ...other }).every((column) => sameAnswer(one[column] ?? null, other[column] ?? null));
}

function holds(final: Answer, given: Answer): boolean {
  if (isBlank(given) || sameAnswer(final, given)) return true;
  return typeof final === "string" && typeof given === "string" && final.includes(given.trim());
}
