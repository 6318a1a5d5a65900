// What a field knows of the form around it: its issue, whether an answer is required, whether it was touched.
// Not here: rules (core). Provided by FormFrame, used by the fields.

import { computed, inject, type ComputedRef, type InjectionKey, type Ref } from "vue";
import type { ContactForm, FormIssue, ReplyForm, ReturnForm } from "@core";
import { t } from "@ui/i18n";

/** A field of any form, as in its JSON. */
export type FieldName = keyof ContactForm | keyof ReplyForm | keyof ReturnForm;

export interface FormContext {
  issues: Readonly<Ref<readonly FormIssue[]>>;
  required: Readonly<Ref<ReadonlySet<string>>>;
  touched: Readonly<Ref<ReadonlySet<string>>>;
  limit: Readonly<Ref<number>>;
  touch(field: string): void;
}

export const FORM: InjectionKey<FormContext> = Symbol("form");

export interface FieldState {
  label: string;
  required: ComputedRef<boolean>;
  issue: ComputedRef<string>;
  limit: Readonly<Ref<number>>;
  touch(): void;
}

export function issueText(issue: FormIssue, limit: number): string {
  return t(`issue.${issue.code}`, { field: t(`field.${issue.field as FieldName}`), limit });
}

export function useField(name: FieldName): FieldState {
  const form = inject(FORM);
  if (!form) throw new Error("a field stands inside a form");
  return {
    label: t(`field.${name}`),
    required: computed(() => form.required.value.has(name)),
    issue: computed(() => {
      const found = form.touched.value.has(name) ? form.issues.value.find((issue) => issue.field === name) : undefined;
      return found ? issueText(found, form.limit.value) : "";
    }),
    limit: form.limit,
    touch: () => form.touch(name),
  };
}
