// Answers of a form of a pack: how they are spelt for the core, and how people read them outside of their field.
// Not here: which are asked, required or right (core). Used by the draft and the fields.

import type { ActReport, Choice, Field } from "@core";
import { fromWallClock, fullTime, toWallClock } from "@ui/format/time";
import { t } from "@ui/i18n";
import { isBlank, type Answer, type Answers, type Row } from "../draftMerge";

/** Every field of the form, with what is answered of it. */
export function formOf(fields: readonly Field[], given: Record<string, unknown>): Answers {
  return Object.fromEntries(fields.map((field) => [field.name, (given[field.name] as Answer | undefined) ?? null]));
}

/** Only what is answered: absent and empty are one. */
export function given(form: Answers): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(form)
      .filter(([, answer]) => !isBlank(answer))
      .map(([name, answer]) => [name, isRows(answer) ? answer.map((row) => given(row)) : answer]),
  );
}

export function isRows(answer: Answer): answer is readonly Row[] {
  return Array.isArray(answer) && answer.length > 0 && answer.every((row) => typeof row === "object");
}

/** What stands at `table/nth/column`, counted from 1. */
export function columnPath(table: string, nth: number, column: string): string {
  return `${table}/${nth}/${column}`;
}

/** The field behind a name or a `table/nth/column`. */
export function fieldAt(fields: readonly Field[], path: string): Field | undefined {
  const [name, , column] = path.split("/");
  const field = fields.find((one) => one.name === name);
  return column === undefined ? field : field?.columns.find((one) => one.name === column);
}

/** The columns that each row of a table has to answer, as names of answers. */
export function requiredColumns(fields: readonly Field[], form: Answers): string[] {
  return fields.flatMap(({ name, columns }) => {
    const rows = form[name] ?? null;
    if (!isRows(rows)) return [];
    const needed = columns.filter((column) => column.required);
    return rows.flatMap((_row, index) => needed.map((column) => columnPath(name, index + 1, column.name)));
  });
}

/** What a choice offers: what the core said last, by `name` or `table/column`, else what the form came with. */
export function choicesOf(field: Field, offered: ActReport["offered"] | null, path = field.name): readonly Choice[] {
  return offered?.[path.replace(/\/\d+\//, "/")] ?? field.choices;
}

/** `2026-03-04T09:30:00.000+08:00`, the one spelling of an instant. */
export function timeText(millis: number): string {
  const at = toWallClock(millis);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.year}-${two(at.month)}-${two(at.day)}T${two(at.hour)}:${two(at.minute)}:00.000+08:00`;
}

/** The instant such a text says, milliseconds; `null` where it says none. */
export function timeOf(text: string): number | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})/.exec(text)?.slice(1).map(Number);
  if (!parts) return null;
  const [year, month, day, hour, minute] = parts as [number, number, number, number, number];
  return fromWallClock({ year, month, day, hour, minute });
}

/** Digits after the point of a degree: some 10 cm, which no phone does better. */
const DEGREE_DIGITS = 6;

/** `31.2316 121.4844`, the one spelling of a place. */
export function pointText(latitude: number, longitude: number): string {
  // `Number` takes the zeros off the end again.
  const spelt = (degrees: number) => String(Number(degrees.toFixed(DEGREE_DIGITS)));
  return `${spelt(latitude)} ${spelt(longitude)}`;
}

/** What a person typed as a number, as the core reads it: full-width digits, spaces and thousands' commas are habits. */
export function numberText(typed: string): string {
  const narrow = typed.normalize("NFKC").replace(/[\s,]/g, "").replace(/^\+/, "").replace(/[−–]/g, "-");
  // `.5` and `5.` are on their way to a number.
  return narrow.replace(/^(-?)\./, "$10.").replace(/^(-?)0+(?=\d)/, "$1");
}

/** An answer as the form itself shows it. */
export function answerWords(field: Field | undefined, answer: Answer): string {
  if (answer === null || answer === "") return "";
  if (typeof answer === "boolean") return t(answer ? "records.yes" : "records.no");
  if (isRows(answer)) {
    return answer.map((row) => rowWords(field?.columns ?? [], row)).join("\n");
  }
  const codes = Array.isArray(answer) ? (answer as readonly string[]) : [String(answer)];
  if (field?.type === "time") return codes.map((text) => timeWords(text)).join("");
  const label = (code: string) => field?.choices.find((choice) => choice.code === code)?.label ?? code;
  return codes.map(label).join(t("common.listJoin"));
}

function timeWords(text: string): string {
  const millis = timeOf(text);
  return millis === null ? text : fullTime(millis);
}

/** A row in one line. */
export function rowWords(columns: readonly Field[], row: Row): string {
  return columns
    .map((column) => ({ column, text: answerWords(column, row[column.name] ?? null) }))
    .filter(({ text }) => text !== "")
    .map(({ column, text }) => `${column.label} ${text}`)
    .join(" · ");
}

/** Everything answered, a line for each answer: for whom can no longer submit it. */
export function answerLines(fields: readonly Field[], form: Answers): string {
  return fields
    .map((field) => ({ field, text: answerWords(field, form[field.name] ?? null) }))
    .filter(({ text }) => text !== "")
    .map(({ field, text }) => `${field.label}：${text}`)
    .join("\n");
}

/** Answers by their names alone, a line each: of a form whose labels went with its record. */
export function rawLines(answers: Record<string, unknown>): string {
  return Object.entries(answers)
    .map(([name, answer]) => `${name}：${typeof answer === "string" ? answer : JSON.stringify(answer)}`)
    .join("\n");
}
