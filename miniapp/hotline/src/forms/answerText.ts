// An answer of a form in words, as the form itself shows it.
// Not here: the fields' names (i18n). Used where answers are shown outside of their field.

import type { ContactForm, ReplyForm, ReturnForm } from "@core";
import { fullTime } from "@ui/format/time";
import { t, type TextKey } from "@ui/i18n";
import type { Answer } from "@ui/state/draftMerge";

/** A field of any form of the hotline, as in its JSON. */
export type FieldName = keyof ContactForm | keyof ReplyForm | keyof ReturnForm;

/** The texts of choices, by field. */
const CHOICES: Record<string, string> = {
  fact: "fact",
  appeal: "appeal",
  site_visit: "siteVisit",
  satisfaction: "satisfaction",
  mode: "mode",
  unreached_reason: "unreachedReason",
};
/** Fields answered by yes or no, and what that is called. */
const EITHER: Record<string, string> = { reached: "reached", resolved: "resolved" };

export function answerText(field: string, answer: Answer): string {
  // No form of the hotline has lists or tables.
  if (answer === null || typeof answer === "object") return "";
  if (typeof answer === "number") return fullTime(answer);
  if (typeof answer === "boolean") return t(`${EITHER[field]}.${answer ? "yes" : "no"}` as TextKey);
  const choice = CHOICES[field];
  return choice === undefined ? answer : t(`${choice}.${answer}` as TextKey);
}

/** Everything answered in a form, a line for each answer: for whom can no longer submit it. */
export function typedLines(form: object): string {
  return Object.entries(form as Record<string, Answer>)
    .map(([field, answer]) => ({ field, text: answerText(field, answer) }))
    .filter(({ text }) => text !== "")
    .map(({ field, text }) => `${t(`field.${field as FieldName}`)}：${text}`)
    .join("\n");
}

/** Whether it is a text of a person's own, which another can be written behind. */
export function isText(field: string, answer: Answer): answer is string {
  return typeof answer === "string" && CHOICES[field] === undefined;
}
