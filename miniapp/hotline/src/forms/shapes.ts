// The three forms, not answered.
// Not here: what is asked, required or allowed (core). Used by the form pages.

import type { FormShape } from "@ui/state/formDraft";

export const contactShape: FormShape<"contact"> = {
  kind: "contact",
  empty: () => ({ reached: null, contacted_at: null, contact_person: "", unreached_reason: null, note: "" }),
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
};

export const returnShape: FormShape<"return"> = {
  kind: "return",
  empty: () => ({ reason: "", suggested_unit: null }),
};
