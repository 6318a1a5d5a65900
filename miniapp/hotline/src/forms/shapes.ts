// The three forms as the screen asks them: what an unanswered form is, and which answers belong to questions that
// are asked now.
// Not here: what is required or allowed (core). Used by the form pages.

import type { FormShape } from "@ui/state/formDraft";

export const contactShape: FormShape<"contact"> = {
  kind: "contact",
  empty: () => ({ reached: null, contacted_at: null, contact_person: "", unreached_reason: null, note: "" }),
  shown: (form) => ({
    ...form,
    contacted_at: form.reached === true ? form.contacted_at : null,
    contact_person: form.reached === true ? form.contact_person : "",
    unreached_reason: form.reached === false ? form.unreached_reason : null,
  }),
  choices: (form) => ({ ...form, contacted_at: null, contact_person: "", note: "" }),
};

export const replyShape: FormShape<"reply"> = {
  kind: "reply",
  empty: () => ({
    fact: null,
    fact_note: "",
    appeal: null,
    appeal_note: "",
    site_visit: null,
    site_visit_at: null,
    department_phone: "",
    satisfaction: null,
    citizen_feedback: "",
    mode: null,
    department: "",
    replied_at: null,
    handling: "",
    resolved: null,
  }),
  shown: (form) => ({
    ...form,
    fact_note: form.fact === null ? "" : form.fact_note,
    appeal_note: form.appeal === null ? "" : form.appeal_note,
    citizen_feedback: form.satisfaction === null ? "" : form.citizen_feedback,
  }),
  choices: (form) => ({
    ...form,
    fact_note: "",
    appeal_note: "",
    site_visit_at: null,
    department_phone: "",
    citizen_feedback: "",
    department: "",
    replied_at: null,
    handling: "",
  }),
};

export const returnShape: FormShape<"return"> = {
  kind: "return",
  empty: () => ({ reason: "", suggested_unit: null }),
  shown: (form) => ({ ...form, suggested_unit: form.suggested_unit?.trim() ? form.suggested_unit : null }),
  choices: () => ({ reason: "", suggested_unit: null }),
};
