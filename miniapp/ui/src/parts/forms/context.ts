// What a field knows of the form around it: its words, its issue, whether an answer is required, whether it was touched.
// Not here: rules (core), the words themselves (who draws the form). Provided by FormFrame, used by the fields.

import { computed, inject, type ComputedRef, type InjectionKey, type Ref } from "vue";
import type { FieldIssue } from "@ui/state/draft";
import type { Answer } from "@ui/state/draftMerge";

/** How a form speaks of its fields. */
export interface FormWords {
  label(field: string): string;
  issue(issue: FieldIssue): string;
  /** An answer as the form itself shows it. */
  text(field: string, answer: Answer): string;
  /** Whether the answer is a text of a person's own, which another can be written behind. */
  isText(field: string, answer: Answer): boolean;
}

export interface FormContext {
  words: FormWords;
  issues: Readonly<Ref<readonly FieldIssue[]>>;
  required: Readonly<Ref<ReadonlySet<string>>>;
  touched: Readonly<Ref<ReadonlySet<string>>>;
  /** Most characters of a text; 0 where there is no such bound to count towards. */
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

export function useForm(): FormContext {
  const form = inject(FORM);
  if (!form) throw new Error("a field stands inside a form");
  return form;
}

export function useField(name: string): FieldState {
  const form = useForm();
  return {
    label: form.words.label(name),
    required: computed(() => form.required.value.has(name)),
    issue: computed(() => {
      const found = form.touched.value.has(name) ? form.issues.value.find((issue) => issue.field === name) : undefined;
      return found ? form.words.issue(found) : "";
    }),
    limit: form.limit,
    touch: () => form.touch(name),
  };
}
