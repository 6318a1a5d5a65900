// Made from core/protocol and core/client/src/rpc by `cargo xtask bindings`. Do not edit.

/**
 * Answer of `records.act`.
 */
export type ActDone = { 
/**
 * The entry it was signed as.
 */
cmd_id: CmdId, 
/**
 * The record as this device now sees it.
 */
record: RecordDetail, };

/**
 * A kept draft of an act.
 */
export type ActDraft = { 
/**
 * The act with what was typed.
 */
params: ActParams, 
/**
 * When it was last kept.
 */
saved_at: UnixMillis, };

/**
 * One act that is not done.
 */
export type ActItem = { 
/**
 * The entry it was signed as.
 */
cmd_id: CmdId, 
/**
 * Upon which record.
 */
record: RecordKey, 
/**
 * The act.
 */
act: ActName, 
/**
 * What people call it; its name where the law is not here, or while the lease is over.
 */
title: string, 
/**
 * What people call the record's kind, likewise.
 */
kind_title: string, 
/**
 * The line by which lists show the record; `None` where it is not here, and while the lease is over.
 */
record_title: string | null, 
/**
 * What was filled in, so that nothing typed is out of sight; empty while the lease is over.
 */
answers: Array<Labelled>, 
/**
 * When it was made.
 */
created_at: UnixMillis, 
/**
 * Where it stands.
 */
state: OutboxState, 
/**
 * Times sent.
 */
attempts: number, 
/**
 * Next try.
 */
next_at: UnixMillis | null, 
/**
 * Why it waits or was parked.
 */
reason: ErrorCode | null, 
/**
 * It is parked, and `records.mend` takes it back to be filled in anew.
 */
mendable: boolean, };

/**
 * Names an act on a record, or one that opens a record.
 */
export type ActKey = { 
/**
 * Of which kind the record is.
 */
kind: Kind, 
/**
 * Which record; absent for an act that opens one.
 */
id?: OrderId, 
/**
 * The act.
 */
act: ActName, 
/**
 * In which of the person's roles.
 */
role: RoleName, };

/**
 * Answer of `records.mend`: which act to open.
 */
export type ActMended = { 
/**
 * The act.
 */
key: ActKey, 
/**
 * There is another draft of it, which was left as it is: nothing was done.
 */
draft_in_the_way: boolean, };

/**
 * What somebody does to a record, by name.
 */
export type ActName = string;

/**
 * An act with what was filled in so far: parameters of `records.check`, `records.save` and `records.act`.
 */
export type ActParams = { 
/**
 * The act.
 */
key: ActKey, 
/**
 * Answers by name: text, number, code, day, time and place in their one spelling, yes and no as booleans, codes as an
 * array, the rows of a table as an array of objects. Empty for an act without a form.
 */
answers: Record<string, unknown>, };

/**
 * Answer of `records.check`.
 */
export type ActReport = { 
/**
 * Empty when the answers may be handed in.
 */
issues: Array<AnswerIssue>, 
/**
 * Why the act would be refused although the answers are in order, in the pack's words.
 */
refused: string | null, 
/**
 * Answers that must be given.
 */
required: Array<string>, 
/**
 * Answers that are asked now.
 */
relevant: Array<string>, 
/**
 * What choices offer.
 */
offered: { [key in string]: Array<Choice> }, };

/**
 * An act that the record's law knows for one of the person's roles.
 */
export type ActView = { 
/**
 * The act.
 */
key: ActKey, 
/**
 * What people call it.
 */
title: string, 
/**
 * The form it wants filled in.
 */
form: FormName | null, 
/**
 * It can be done now.
 */
enabled: boolean, 
/**
 * Why not, in the pack's words; empty where the state says it.
 */
why: string, };

/**
 * What is wrong with an answer.
 */
export type AnswerIssue = { 
/**
 * The answer, `table/nth/name` within a table, counted from 1; empty for all of it.
 */
answer: string, 
/**
 * What: `required`, `type`, `code`, `unknown`, `too_many`, `too_large`.
 */
code: string, };

/**
 * 诉求认定: how the demand is judged.
 */
export type AppealFinding = "reasonable" | "no_policy_basis" | "excessive" | "other";

/**
 * Who issues certificates here.
 */
export type AuthorityView = { 
/**
 * Its name.
 */
name: string, 
/**
 * Of its certificate: the first 16 hex digits of SM3 over the DER, in groups of four.
 */
fingerprint: string, 
/**
 * When it ends.
 */
not_after: UnixMillis, };

/**
 * Parameters of `session.begin`.
 */
export type BeginParams = { 
/**
 * Where the container sends the person back to: this page's own address.
 */
redirect_uri: string, };

/**
 * Answer of `session.begin`.
 */
export type BeginReply = { 
/**
 * Send the browser there.
 */
authorize_url: string, 
/**
 * Comes back with the code.
 */
state: string, };

/**
 * Parameters of `lock.set_biometric`.
 */
export type BiometricParams = { 
/**
 * The present PIN.
 */
pin: string, 
/**
 * Whether the platform may open the data after it recognised the person.
 */
on: boolean, };

/**
 * Answer of `orders.bundle`: a file to be saved.
 */
export type BundleFile = { 
/**
 * `<order>.shenhai-case.json`.
 */
file_name: string, 
/**
 * Its content.
 */
text: string, };

/**
 * The citizen as shown.
 */
export type CallerView = { 
/**
 * Masked name.
 */
name: string, 
/**
 * Masked phone.
 */
phone: string, 
/**
 * 匿名.
 */
anonymous: boolean, 
/**
 * 保密.
 */
confidential: boolean, 
/**
 * `orders.reveal` may be called.
 */
revealable: boolean, };

/**
 * Where a record stands in the eyes of others.
 */
export type CategoryView = "new" | "active" | "waiting" | "done" | "void";

/**
 * The upper platform an order came from (来源).
 */
export type Channel = "h12345" | "h12319" | "h110";

/**
 * What a check of a signature found.
 */
export type Check = "valid" | "invalid";

/**
 * A choice of a list.
 */
export type Choice = { 
/**
 * Its code.
 */
code: string, 
/**
 * What people call it.
 */
label: string, };

/**
 * One command; also its idempotency key. A UUID version 7 in lower-case hyphenated form (RFC 9562).
 */
export type CmdId = string;

/**
 * Colours, most urgent first.
 */
export type Colour = "red" | "yellow" | "blue" | "green";

/**
 * The kinds of command, without their data.
 */
export type CommandKind = "accept" | "contact" | "reply" | "return" | "reveal" | "reassign";

/**
 * Names one command.
 */
export type CommandParams = { 
/**
 * Which.
 */
cmd_id: CmdId, };

/**
 * 先行联系: the first call to the citizen. A missing value is one not answered yet.
 */
export type ContactForm = { 
/**
 * 已联 (true) or 未联 (false).
 */
reached: boolean | null, 
/**
 * 联系时间, required when reached.
 */
contacted_at: UnixMillis | null, 
/**
 * 联系人, required when reached.
 */
contact_person: string, 
/**
 * 未联原因, required when not reached.
 */
unreached_reason: UnreachedReason | null, 
/**
 * 备注.
 */
note: string, };

/**
 * How far a record has come.
 */
export type Delivery = "on_device" | "received" | "parked";

/**
 * One installation of a client: the first 16 bytes of SM3(public key), 32 hex digits.
 */
export type DeviceId = string;

/**
 * Answer to `GET /v1/devices`.
 */
export type DeviceList = { 
/**
 * Newest first.
 */
devices: Array<DeviceView>, 
/**
 * Who issued their certificates.
 */
authority: AuthorityView, };

/**
 * Parameters of `devices.revoke` and `devices.release`.
 */
export type DeviceParams = { 
/**
 * Which.
 */
id: DeviceId, };

/**
 * What does the cryptography on this device.
 */
export type DeviceProvider = { 
/**
 * Its name.
 */
name: string, 
/**
 * Whether it is a certified cryptographic module (商用密码产品认证).
 */
certified: boolean, };

/**
 * Answer of `device.status` and `device.rotate`.
 */
export type DeviceStatus = { 
/**
 * This device.
 */
device_id: DeviceId, 
/**
 * First 16 hex digits of SM3(public key), for comparing by eye.
 */
key_fingerprint: string, 
/**
 * Who issued this device's certificate; empty before the first sign-in.
 */
authority_name: string, 
/**
 * Of the authority's certificate, in groups of four, for comparing by eye; empty before the first sign-in.
 */
authority_fingerprint: string, 
/**
 * When this device's certificate ends.
 */
certificate_until: UnixMillis | null, 
/**
 * Until when personal data may be opened without having heard from the gateway.
 */
lease_until: UnixMillis | null, 
/**
 * That instant has passed: connect, and it is renewed.
 */
lease_expired: boolean, 
/**
 * Where the data lies.
 */
storage: StorageKind, 
/**
 * The data on this device is, or was when it was opened, older than what this device last wrote.
 */
rollback_suspected: boolean, 
/**
 * What does the cryptography.
 */
provider: DeviceProvider, };

/**
 * A device as an administrator sees it.
 */
export type DeviceView = { 
/**
 * Its id.
 */
id: DeviceId, 
/**
 * What its owner calls it.
 */
name: string, 
/**
 * Whose it is.
 */
user_id: UserId, 
/**
 * Their name; the id where they left the directory.
 */
user_name: string, 
/**
 * Their unit; empty where they left the directory.
 */
unit_name: string, 
/**
 * First 16 hex digits of SM3 over its key: what is compared by eye.
 */
key_fingerprint: string, 
/**
 * Serial number of its certificate, hex; empty for a device that has not come by since certificates exist.
 */
certificate_serial: string, 
/**
 * When the certificate ends.
 */
not_after: UnixMillis | null, 
/**
 * When it was let in.
 */
enrolled_at: UnixMillis, 
/**
 * When it was last heard, to the minute.
 */
last_seen_at: UnixMillis | null, 
/**
 * When it was revoked or replaced its key.
 */
revoked_at: UnixMillis | null, 
/**
 * By what it was let in.
 */
how: EnrolledHow, 
/**
 * It was revoked, and its owner needs a one-time code for any new device until an administrator releases them.
 */
held: boolean, };

/**
 * A form being filled in.
 */
export type Draft = { "kind": "contact", "form": ContactForm } | { "kind": "reply", "form": ReplyForm } | { "kind": "return", "form": ReturnForm };

/**
 * Names one draft.
 */
export type DraftKey = { 
/**
 * Which order.
 */
id: OrderId, 
/**
 * Which of its forms.
 */
kind: FormKind, };

/**
 * Parameters of `draft.save` and `form.check`.
 */
export type DraftParams = { 
/**
 * Which order.
 */
id: OrderId, 
/**
 * The form.
 */
draft: Draft, };

/**
 * Answer of `draft.save` and `draft.discard`.
 */
export type DraftSaved = { 
/**
 * When.
 */
saved_at: UnixMillis, };

/**
 * A clock that runs.
 */
export type DueView = { 
/**
 * What is due.
 */
label: string, 
/**
 * When.
 */
at: UnixMillis, 
/**
 * That instant has passed.
 */
late: boolean, };

/**
 * How safe unsent work is on this device.
 */
export type Durability = "durable" | "best_effort";

/**
 * No parameters: `{}`.
 */
export type Empty = Record<symbol, never>;

/**
 * By what a device was let in.
 */
export type EnrolledHow = "container" | "code" | "rotated";

/**
 * Parameters of `lock.erase`.
 */
export type EraseParams = { 
/**
 * The word `erase`: everything on this device is lost, unsent work included.
 */
confirm: string, };

/**
 * Why something was not done. Stable: a code is never reused for another meaning.
 */
export type ErrorCode = "malformed" | "too_large" | "unsupported_version" | "unknown_channel" | "unknown_endpoint" | "unauthenticated" | "session_expired" | "bad_login_code" | "unknown_user" | "forbidden" | "not_found" | "bad_signature" | "unknown_device" | "device_revoked" | "enrolment_needed" | "bad_enrolment_code" | "wrong_device" | "wrong_actor" | "seq_gap" | "chain_broken" | "id_reused" | "scope_denied" | "order_not_in_scope" | "reassigned" | "wrong_state" | "law_changed" | "exists" | "facts_changed" | "rule_refused" | "record_too_large" | "form_invalid" | "clock_out_of_range" | "cursor_gone" | "rate_limited" | "overloaded" | "storage_full" | "upstream_unavailable" | "internal" | "offline" | "bad_answer" | "store_failed" | "core_restarted" | "bad_request" | "lease_expired" | "locked" | "pin_wrong" | "erased" | "pack_missing" | "authority_changed";

/**
 * Something changed: fetch it anew. The first event of a subscription gives every topic's version.
 */
export type Event = { 
/**
 * What.
 */
topic: Topic, 
/**
 * Counts up with every change; a jump means events were merged.
 */
version: number, };

/**
 * 事实认定. Which values are offered depends on the matter of the order (see `shenhai_flow::forms`).
 */
export type FactFinding = "true" | "partly_true" | "false" | "adopted" | "partly_adopted" | "kept_for_reference" | "not_adopted" | "policy_found" | "no_policy" | "policy_not_accepted";

/**
 * What is wrong with a part.
 */
export type Fault = "malformed" | "too_large" | "unsupported_version" | "missing" | "unexpected" | "changed" | "bad_signature" | "not_trusted" | "wrong_use" | "not_in_force" | "other_holder" | "other_command" | "other_order" | "repeated" | "out_of_order" | "after_revocation" | "other_head" | "log_forked" | "inconsistent";

/**
 * One question of a form.
 */
export type Field = { 
/**
 * Its name.
 */
name: string, 
/**
 * What people call it.
 */
label: string, 
/**
 * What it wants.
 */
type: FieldType, 
/**
 * Decimals of a number.
 */
scale: number, 
/**
 * It must be answered.
 */
required: boolean, 
/**
 * It is personal data.
 */
personal: boolean, 
/**
 * What a choice offers.
 */
choices: Array<Choice>, 
/**
 * Columns of a table.
 */
columns: Array<Field>, };

/**
 * What kind of control a field wants.
 */
export type FieldType = "text" | "code" | "codes" | "int" | "decimal" | "bool" | "date" | "time" | "point" | "file" | "table";

/**
 * One thing that is wrong.
 */
export type Finding = { 
/**
 * Where.
 */
part: Part, 
/**
 * In what way.
 */
fault: Fault, };

/**
 * One finding of a form check.
 */
export type FormIssue = { 
/**
 * Name of the field as in the form's JSON.
 */
field: string, 
/**
 * What is wrong with it.
 */
code: IssueCode, };

/**
 * Which of a handler's forms.
 */
export type FormKind = "contact" | "reply" | "return";

/**
 * A form's name.
 */
export type FormName = string;

/**
 * What the choice fields of a form offer for its order.
 */
export type FormOptions = { 
/**
 * 未联原因.
 */
unreached_reason: Array<UnreachedReason>, 
/**
 * 事实认定 for this order's matter.
 */
fact: Array<FactFinding>, 
/**
 * 诉求认定.
 */
appeal: Array<AppealFinding>, 
/**
 * 现场查看.
 */
site_visit: Array<SiteVisit>, 
/**
 * 是否满意.
 */
satisfaction: Array<Satisfaction>, 
/**
 * 答复方式.
 */
mode: Array<ReplyMode>, 
/**
 * Most characters in any text.
 */
text_chars: number, };

/**
 * Answer of `form.check`: all that a page has to know of a form as it is answered. Answers to questions that are not
 * asked do not count.
 */
export type FormReport = { 
/**
 * Empty when the form may be submitted.
 */
issues: Array<FormIssue>, 
/**
 * Fields that must be answered, the answered ones included; names as in the form's JSON.
 */
required: Array<string>, 
/**
 * Fields that are asked now, the required ones included.
 */
relevant: Array<string>, 
/**
 * What the choice fields offer.
 */
offered: FormOptions, };

/**
 * Answer of `form.open`.
 */
export type FormView = { 
/**
 * The act it is for.
 */
key: ActKey, 
/**
 * What people call the act.
 */
title: string, 
/**
 * The questions, in order; none for an act without a form.
 */
fields: Array<Field>, 
/**
 * What was typed before.
 */
answers: Record<string, unknown>, 
/**
 * When that was kept.
 */
saved_at: UnixMillis | null, };

/**
 * An SM3 digest (GB/T 32905): 64 lower-case hex digits.
 */
export type HexHash = string;

/**
 * A one-time code and what is shown with it. The only time the code is seen: the gateway keeps a hash.
 */
export type Invitation = { 
/**
 * `XXXX-XXXX`.
 */
code: string, 
/**
 * For whom.
 */
user_id: UserId, 
/**
 * Their name.
 */
user_name: string, 
/**
 * When the code ends.
 */
expires_at: UnixMillis, 
/**
 * Of the authority's certificate, in groups of four: the person compares it on the device.
 */
authority_fingerprint: string, 
/**
 * What the QR code says, see [`Invitation::qr_text_of`].
 */
qr_text: string, };

/**
 * Parameters of `devices.invite`.
 */
export type InviteParams = { 
/**
 * Whom.
 */
user: UserId, };

/**
 * What is wrong with one field of a form.
 */
export type IssueCode = "required" | "too_long" | "not_offered" | "repeats_option" | "in_future" | "before_order";

/**
 * A kept draft.
 */
export type KeptDraft = { 
/**
 * The form.
 */
draft: Draft, 
/**
 * When it was last kept.
 */
saved_at: UnixMillis, };

/**
 * What a record is, e.g. `hotline.order`: the pack's name, a dot, the kind's name in it.
 */
export type Kind = string;

/**
 * Something with its label.
 */
export type Labelled = { 
/**
 * The fact's or answer's name.
 */
name: string, 
/**
 * What people call it.
 */
label: string, 
/**
 * What it is, as people write it; empty where there is nothing.
 */
text: string, 
/**
 * It is personal data, shown as a mask.
 */
masked: boolean, };

/**
 * What somebody typed and did not submit, of an order that left this device meanwhile. It can be read, copied and
 * discarded (`draft.discard`).
 */
export type LeftDraft = { 
/**
 * The order.
 */
order_id: OrderId, 
/**
 * Its number as last seen; `None` where it is not known, and while the lease is over.
 */
order_no: string | null, 
/**
 * Its title, likewise.
 */
order_title: string | null, 
/**
 * Which of its forms.
 */
kind: FormKind, 
/**
 * What was typed; `None` while the lease is over.
 */
draft: Draft | null, 
/**
 * When it was last kept.
 */
saved_at: UnixMillis, };

/**
 * A linked record.
 */
export type LinkView = { 
/**
 * What people call the link.
 */
title: string, 
/**
 * The other record, once it is known.
 */
key: RecordKey | null, 
/**
 * What is known of where it stands.
 */
category: CategoryView | null, 
/**
 * What it gives.
 */
gives: Array<Labelled>, 
/**
 * Something asked of it has no outcome yet.
 */
pending: boolean, 
/**
 * It is on this device and can be opened.
 */
here: boolean, };

/**
 * A list to choose.
 */
export type ListHead = { 
/**
 * Its name.
 */
id: string, 
/**
 * What people call it.
 */
title: string, 
/**
 * Whose records.
 */
kind: Kind, 
/**
 * It can be searched.
 */
searchable: boolean, };

/**
 * Parameters of `orders.list`.
 */
export type ListParams = { 
/**
 * Which tab.
 */
filter: OrderFilter, 
/**
 * Text that must occur in number, title, address or content; empty for all.
 */
search: string, 
/**
 * How many to leave out from the start.
 */
offset: number, 
/**
 * How many at most, 1–200.
 */
limit: number, };

/**
 * Whether the data on this device is open.
 */
export type LockState = "open" | "locked" | "erased";

/**
 * Answer of every `lock.*` method.
 */
export type LockStatus = { 
/**
 * Whether the data is open.
 */
state: LockState, 
/**
 * There is a PIN.
 */
pin_set: boolean, 
/**
 * Wrong PINs left before the data on this device is erased, unsent work included. At 1, say so.
 */
attempts_left: number, 
/**
 * The next try is taken after so many milliseconds; 0 for at once.
 */
retry_after_ms: number, 
/**
 * The rules of the signed-in person's role want a PIN.
 */
pin_required: boolean, 
/**
 * It locks by itself after so many minutes without use; 0 for never.
 */
lock_after_minutes: number, 
/**
 * Fewest digits of a PIN.
 */
pin_digits: number, 
/**
 * There is a PIN to set: false in a browser that keeps nothing.
 */
available: boolean, 
/**
 * The platform may open the data after it recognised the person.
 */
biometric: boolean, };

/**
 * 诉求类型.
 */
export type Matter = "inquiry" | "help" | "complaint" | "report" | "suggestion" | "opinion";

/**
 * Parameters of `outbox.mend` and `records.mend`.
 */
export type MendParams = { 
/**
 * Which.
 */
cmd_id: CmdId, 
/**
 * Another draft of the same form may be replaced.
 */
replace_draft: boolean, };

/**
 * Answer of `outbox.mend`: which form to open.
 */
export type MendReply = { 
/**
 * Of which order.
 */
order_id: OrderId, 
/**
 * Which of its forms; its draft holds what was typed.
 */
kind: FormKind, 
/**
 * There is another draft of that form and nothing was done: ask the person, then say `replace_draft`.
 */
draft_in_the_way: boolean, };

/**
 * Parameters and answer of one method, for the generated TypeScript.
 */
export type MethodTypes<P, R> = { 
/**
 * Parameters.
 */
params: P, 
/**
 * Answer.
 */
reply: R, };

/**
 * Method name → its parameters and its answer (only named while TypeScript is generated).
 */
export type Methods = { "session.status": MethodTypes<Empty, SessionStatus>, "session.begin": MethodTypes<BeginParams, BeginReply>, "session.sign_in": MethodTypes<SignInParams, SessionStatus>, "session.sign_out": MethodTypes<Empty, SessionStatus>, "orders.list": MethodTypes<ListParams, OrderList>, "orders.get": MethodTypes<OrderParams, OrderDetail>, "orders.accept": MethodTypes<OrderParams, OrderDetail>, "orders.contact": MethodTypes<SubmitParams<ContactForm>, OrderDetail>, "orders.reply": MethodTypes<SubmitParams<ReplyForm>, OrderDetail>, "orders.return": MethodTypes<SubmitParams<ReturnForm>, OrderDetail>, "orders.reveal": MethodTypes<OrderParams, RevealedCaller>, "orders.reassign": MethodTypes<ReassignParams, OrderDetail>, "orders.proof": MethodTypes<OrderParams, ProofReport>, "orders.bundle": MethodTypes<OrderParams, BundleFile>, "records.packs": MethodTypes<Empty, PacksView>, "records.list": MethodTypes<RecordListParams, RecordList>, "records.get": MethodTypes<RecordKey, RecordDetail>, "form.open": MethodTypes<ActKey, FormView>, "records.check": MethodTypes<ActParams, ActReport>, "records.save": MethodTypes<ActParams, DraftSaved>, "records.discard": MethodTypes<ActKey, DraftSaved>, "records.act": MethodTypes<ActParams, ActDone>, "records.mend": MethodTypes<MendParams, ActMended>, "people.list": MethodTypes<Empty, PeopleList>, "draft.save": MethodTypes<DraftParams, DraftSaved>, "draft.discard": MethodTypes<DraftKey, DraftSaved>, "form.check": MethodTypes<DraftParams, FormReport>, "outbox.list": MethodTypes<Empty, OutboxList>, "outbox.retry": MethodTypes<CommandParams, OutboxList>, "outbox.mend": MethodTypes<MendParams, MendReply>, "outbox.discard": MethodTypes<CommandParams, OutboxList>, "lock.status": MethodTypes<Empty, LockStatus>, "lock.touch": MethodTypes<Empty, LockStatus>, "lock.set_pin": MethodTypes<SetPinParams, LockStatus>, "lock.unlock": MethodTypes<UnlockParams, LockStatus>, "lock.lock": MethodTypes<Empty, LockStatus>, "lock.clear_pin": MethodTypes<PinParams, LockStatus>, "lock.set_biometric": MethodTypes<BiometricParams, LockStatus>, "lock.erase": MethodTypes<EraseParams, LockStatus>, "device.status": MethodTypes<Empty, DeviceStatus>, "device.rotate": MethodTypes<Empty, DeviceStatus>, "devices.list": MethodTypes<Empty, DeviceList>, "devices.invite": MethodTypes<InviteParams, Invitation>, "devices.revoke": MethodTypes<DeviceParams, DeviceList>, "devices.release": MethodTypes<DeviceParams, DeviceList>, "sync.status": MethodTypes<Empty, SyncStatus>, "sync.now": MethodTypes<Empty, SyncStatus>, "network.hint": MethodTypes<NetworkParams, SyncStatus>, };

/**
 * Parameters of `network.hint`.
 */
export type NetworkParams = { 
/**
 * Whether the host believes there is a network.
 */
online: boolean, };

/**
 * What is due next.
 */
export type NextDue = { 
/**
 * The form that has to be in by then: `contact` or `reply`.
 */
kind: FormKind, 
/**
 * By when.
 */
at: UnixMillis, };

/**
 * An act that opens a record.
 */
export type OpenableAct = { 
/**
 * The act; its record is absent.
 */
key: ActKey, 
/**
 * What people call it.
 */
title: string, 
/**
 * Something was typed and not submitted.
 */
has_draft: boolean, };

/**
 * How many orders each tab holds.
 */
export type OrderCounts = { 
/**
 * [`OrderFilter::Open`].
 */
open: number, 
/**
 * [`OrderFilter::Overdue`].
 */
overdue: number, 
/**
 * [`OrderFilter::DueToday`].
 */
due_today: number, 
/**
 * [`OrderFilter::ToAccept`].
 */
to_accept: number, 
/**
 * [`OrderFilter::ToContact`].
 */
to_contact: number, 
/**
 * [`OrderFilter::Done`].
 */
done: number, };

/**
 * Answer of `orders.get`.
 */
export type OrderDetail = { 
/**
 * As in the list.
 */
summary: OrderSummary, 
/**
 * 诉求内容.
 */
content: string, 
/**
 * 地图点.
 */
point: Point | null, 
/**
 * 重复工单号.
 */
duplicate_of: string | null, 
/**
 * 先行联系 due.
 */
contact_by: UnixMillis, 
/**
 * 办结 due.
 */
finish_by: UnixMillis, 
/**
 * 承办单位; its name is in the summary.
 */
unit: UnitId, 
/**
 * 经办人, likewise.
 */
handler: UserId, 
/**
 * The citizen.
 */
caller: CallerView, 
/**
 * 先行联系.
 */
contact: RecordView<ContactForm> | null, 
/**
 * The reply.
 */
reply: RecordView<ReplyForm> | null, 
/**
 * The return.
 */
returned: RecordView<ReturnForm> | null, 
/**
 * Oldest first.
 */
timeline: Array<TimelineEntry>, 
/**
 * What was typed and not submitted.
 */
drafts: Array<KeptDraft>, 
/**
 * What this user may do now.
 */
actions: Array<CommandKind>, 
/**
 * Not receipted commands of this device for this order.
 */
outbox: Array<OutboxItem>, 
/**
 * Now, as in [`OrderList::now`].
 */
now: UnixMillis, };

/**
 * The tabs of the list.
 */
export type OrderFilter = "open" | "overdue" | "due_today" | "to_accept" | "to_contact" | "done";

/**
 * A work order (工单) as the gateway names it: `<channel>-<number of the upper platform>`.
 */
export type OrderId = string;

/**
 * Answer of `orders.list`.
 */
export type OrderList = { 
/**
 * The page.
 */
items: Array<OrderSummary>, 
/**
 * How many match filter and search.
 */
total: number, 
/**
 * Per tab, without the search.
 */
counts: OrderCounts, 
/**
 * Now, by the server's clock as this device knows it: count down from here.
 */
now: UnixMillis, };

/**
 * Names one order.
 */
export type OrderParams = { 
/**
 * Which.
 */
id: OrderId, };

/**
 * Where an order stands. Which command leads where is data: `shenhai_flow::Flow`.
 */
export type OrderState = "assigned" | "accepted" | "contacted" | "replied" | "returned";

/**
 * One row of the list.
 */
export type OrderSummary = { 
/**
 * Our id.
 */
id: OrderId, 
/**
 * Where it came from.
 */
channel: Channel, 
/**
 * 工单编号.
 */
source_no: string, 
/**
 * 标题.
 */
title: string, 
/**
 * 诉求类型.
 */
matter: Matter, 
/**
 * 事项分类.
 */
category: string, 
/**
 * 紧急程度.
 */
urgency: Urgency, 
/**
 * Where it stands, the device's own unsent commands included.
 */
state: OrderState, 
/**
 * 区.
 */
district_name: string, 
/**
 * 地址.
 */
address: string, 
/**
 * 受理时间.
 */
received_at: UnixMillis, 
/**
 * What is due next; `None` once finished.
 */
next_due: NextDue | null, 
/**
 * That instant has passed.
 */
overdue: boolean, 
/**
 * The deadline rests on an unpublished calendar.
 */
provisional: boolean, 
/**
 * 复核单.
 */
is_review: boolean, 
/**
 * 督办.
 */
supervised: boolean, 
/**
 * 催单 count.
 */
urge_count: number, 
/**
 * 承办单位.
 */
unit_name: string, 
/**
 * 经办人.
 */
handler_name: string, 
/**
 * Commands of this device that are not receipted yet.
 */
pending: number, 
/**
 * One of them is parked and needs the person.
 */
parked: boolean, 
/**
 * Something was typed and not submitted.
 */
has_draft: boolean, };

/**
 * One command that is not done.
 */
export type OutboxItem = { 
/**
 * Which.
 */
cmd_id: CmdId, 
/**
 * Its order.
 */
order_id: OrderId, 
/**
 * The order's number, as last seen; `None` where it is not known, and while the lease is over.
 */
order_no: string | null, 
/**
 * The order's title, likewise.
 */
order_title: string | null, 
/**
 * The order is no longer on this device: it was given to somebody else, or the person may not see it any more.
 */
order_left: boolean, 
/**
 * What it does.
 */
kind: CommandKind, 
/**
 * The person's own text, so that nothing typed is out of sight.
 */
text: string, 
/**
 * When it was made.
 */
created_at: UnixMillis, 
/**
 * Where it stands.
 */
state: OutboxState, 
/**
 * Times sent.
 */
attempts: number, 
/**
 * Next try.
 */
next_at: UnixMillis | null, 
/**
 * Why it waits or was parked.
 */
reason: ErrorCode | null, 
/**
 * It is parked, and `outbox.mend` opens its form with what was typed.
 */
mendable: boolean, };

/**
 * Answer of `outbox.list`.
 */
export type OutboxList = { 
/**
 * Oldest first.
 */
items: Array<OutboxItem>, 
/**
 * Drafts of orders that left, by order.
 */
left_drafts: Array<LeftDraft>, 
/**
 * Acts on records of packs, oldest first.
 */
acts: Array<ActItem>, 
/**
 * Drafts of acts on records that left, by record; empty while the lease is over.
 */
left_acts: Array<ActDraft>, };

/**
 * Where a command of the outbox stands.
 */
export type OutboxState = "queued" | "sending" | "backoff" | "blocked" | "parked";

/**
 * Answer of one call: `{"ok": …}` or `{"error": …}`.
 */
export type Outcome<T> = { "ok": T } | { "error": RpcError };

/**
 * A pack's name.
 */
export type PackName = string;

/**
 * One pack as far as the person has to do with it.
 */
export type PackView = { 
/**
 * Its name.
 */
id: PackName, 
/**
 * What people call it; its name where it cannot be read.
 */
title: string, 
/**
 * Why it cannot be used here: not fetched yet (`pack_missing`) or made for a newer app (`unsupported_version`).
 */
missing: ErrorCode | null, 
/**
 * It is tried out: its messages go nowhere.
 */
trial: boolean, 
/**
 * Lists for the person's roles, in the pack's order.
 */
lists: Array<ListHead>, 
/**
 * What the person can open.
 */
opens: Array<OpenableAct>, };

/**
 * Answer of `records.packs`: what the person can work on.
 */
export type PacksView = { 
/**
 * By name.
 */
packs: Array<PackView>, };

/**
 * A part of the evidence. Entries count from 1, in the order of the case.
 */
export type Part = { "kind": "bundle" } | { "kind": "authority" } | { "kind": "gateway_certificate", 
/**
 * Its place in the file, from 1.
 */
certificate: number, } | { "kind": "record" } | { "kind": "order", 
/**
 * Which.
 */
field: string, } | { "kind": "head" } | { "kind": "log" } | { "kind": "anchor" } | { "kind": "entry", 
/**
 * Which.
 */
entry: number, } | { "kind": "payload", 
/**
 * Of which entry.
 */
entry: number, } | { "kind": "submission", 
/**
 * Of which entry.
 */
entry: number, } | { "kind": "signature", 
/**
 * Of which entry.
 */
entry: number, } | { "kind": "device_key", 
/**
 * Of which entry.
 */
entry: number, } | { "kind": "device_certificate", 
/**
 * Of which entry.
 */
entry: number, } | { "kind": "chain", 
/**
 * Of which entry.
 */
entry: number, } | { "kind": "receipt", 
/**
 * Of which entry.
 */
entry: number, } | { "kind": "receipt_signature", 
/**
 * Of which entry.
 */
entry: number, } | { "kind": "inclusion", 
/**
 * Of which entry.
 */
entry: number, } | { "kind": "file", 
/**
 * Its name.
 */
name: string, };

/**
 * `GET /v1/people`: whom an order can be given to.
 */
export type PeopleList = { 
/**
 * The units the asker may give orders to, by their ids.
 */
units: Array<PeopleUnit>, };

/**
 * A unit and who works there.
 */
export type PeopleUnit = { 
/**
 * Its id.
 */
id: UnitId, 
/**
 * Its name.
 */
name: string, 
/**
 * Its handlers, by their ids.
 */
handlers: Array<PersonLoad>, };

/**
 * A handler and how much they have to do.
 */
export type PersonLoad = { 
/**
 * Their id.
 */
id: UserId, 
/**
 * Their name.
 */
name: string, 
/**
 * Open orders.
 */
open: number, };

/**
 * Parameters of `lock.clear_pin`.
 */
export type PinParams = { 
/**
 * The present one.
 */
pin: string, };

/**
 * A place.
 */
export type PlaceView = { 
/**
 * What people call it.
 */
label: string, 
/**
 * Degrees, WGS 84.
 */
latitude: number, 
/**
 * Degrees, WGS 84.
 */
longitude: number, };

/**
 * A place. The datum is part of the type: a vendor's order may carry either, and they differ by up
 * to 700 m.
 */
export type Point = { "datum": "wgs84", 
/**
 * Longitude, degrees east.
 */
lng: number, 
/**
 * Latitude, degrees north.
 */
lat: number, } | { "datum": "gcj02", 
/**
 * Longitude, degrees east.
 */
lng: number, 
/**
 * Latitude, degrees north.
 */
lat: number, };

/**
 * One command as verified on this device.
 */
export type ProofItem = { 
/**
 * Which.
 */
cmd_id: CmdId, 
/**
 * What it did.
 */
kind: CommandKind, 
/**
 * Who.
 */
actor_name: string, 
/**
 * On which device.
 */
device_id: DeviceId, 
/**
 * What its owner calls it.
 */
device_name: string, 
/**
 * First 16 hex digits of SM3(public key).
 */
key_fingerprint: string, 
/**
 * When, by the device.
 */
client_time: UnixMillis, 
/**
 * When, by the gateway.
 */
server_time: UnixMillis, 
/**
 * SM3 of the payload.
 */
hash: HexHash, 
/**
 * The device's signature over the payload.
 */
signature: Check, 
/**
 * The gateway's signature over the receipt, and the receipt's hash against the payload.
 */
receipt: Check, 
/**
 * The receipt's place in the gateway's log.
 */
logged: Status, 
/**
 * Which entry of the log it is, counted from 1; `None` where that does not prove right.
 */
log_position: number | null, };

/**
 * Answer of `orders.proof`.
 */
export type ProofReport = { 
/**
 * The order.
 */
order_id: OrderId, 
/**
 * Oldest first.
 */
items: Array<ProofItem>, 
/**
 * Nothing is wrong.
 */
all_valid: boolean, 
/**
 * What is wrong: which part, and in what way.
 */
findings: Array<Finding>, };

/**
 * Parameters of `orders.reassign`.
 */
export type ReassignParams = { 
/**
 * Which order.
 */
id: OrderId, 
/**
 * Whose it becomes.
 */
to: UserId, 
/**
 * Why, at most 500 characters; may be empty.
 */
reason: string, };

/**
 * Answer of `records.get` and of what changes a record.
 */
export type RecordDetail = { 
/**
 * As in the list.
 */
row: RecordRow, 
/**
 * Who holds it: seat by seat.
 */
seats: Array<Labelled>, 
/**
 * Every clock that ran.
 */
dues: Array<DueView>, 
/**
 * From top to bottom.
 */
sections: Array<SectionView>, 
/**
 * Acts that can be done now, then those that cannot and say why.
 */
acts: Array<ActView>, 
/**
 * Drafts on this record.
 */
drafts: Array<ActDraft>, 
/**
 * Acts of this device that are not receipted yet.
 */
outbox: Array<ActItem>, 
/**
 * Now.
 */
now: UnixMillis, };

/**
 * Names one record.
 */
export type RecordKey = { 
/**
 * Of which kind.
 */
kind: Kind, 
/**
 * Which.
 */
id: OrderId, };

/**
 * Answer of `records.list`.
 */
export type RecordList = { 
/**
 * The tabs, in the pack's order.
 */
tabs: Array<TabView>, 
/**
 * The page.
 */
rows: Array<RecordRow>, 
/**
 * How many match tab and search.
 */
total: number, 
/**
 * Now, by the server's clock as this device knows it: count down from here.
 */
now: UnixMillis, };

/**
 * Parameters of `records.list`.
 */
export type RecordListParams = { 
/**
 * Of which pack.
 */
pack: PackName, 
/**
 * Which of its lists.
 */
list: string, 
/**
 * Which tab; the first one when absent.
 */
tab?: string, 
/**
 * Text that must occur in one of the list's search facts; empty for all.
 */
search: string, 
/**
 * How many to leave out from the start.
 */
offset: number, 
/**
 * How many at most, 1–200.
 */
limit: number, };

/**
 * One row of a list.
 */
export type RecordRow = { 
/**
 * Which.
 */
key: RecordKey, 
/**
 * What people call its kind.
 */
kind_title: string, 
/**
 * The line that stands out; the id where the pack is missing.
 */
title: string, 
/**
 * The lines below.
 */
lines: Array<Labelled>, 
/**
 * The tags; a yes-or-no fact is there only when it holds, with its label as text.
 */
tags: Array<Labelled>, 
/**
 * Where it stands, unsent acts of this device included.
 */
state: string, 
/**
 * Its name in the law.
 */
state_id: string, 
/**
 * What that means to others.
 */
category: CategoryView, 
/**
 * What is due next.
 */
due: DueView | null, 
/**
 * Its colour, where the list shows one.
 */
colour: Colour | null, 
/**
 * Acts of this device that are not receipted yet.
 */
pending: number, 
/**
 * One of them is parked and needs the person.
 */
parked: boolean, 
/**
 * Something was typed and not submitted.
 */
has_draft: boolean, 
/**
 * Why it can only be looked at: its law is not here, or not for this app.
 */
missing: ErrorCode | null, };

/**
 * A submitted form with who, when and how far it got.
 */
export type RecordView<F> = { 
/**
 * What was filled in.
 */
form: F, 
/**
 * By whom.
 */
by_name: string, 
/**
 * When they did it.
 */
client_time: UnixMillis, 
/**
 * When the gateway took it.
 */
server_time: UnixMillis | null, 
/**
 * The command.
 */
cmd_id: CmdId, 
/**
 * SM3 of the signed payload.
 */
hash: HexHash, 
/**
 * How far it got.
 */
delivery: Delivery, };

/**
 * 处置反馈: the reply to the citizen and its findings.
 */
export type ReplyForm = { 
/**
 * 事实认定.
 */
fact: FactFinding | null, 
/**
 * 事实认定说明.
 */
fact_note: string, 
/**
 * 诉求认定.
 */
appeal: AppealFinding | null, 
/**
 * 诉求认定说明.
 */
appeal_note: string, 
/**
 * 现场查看.
 */
site_visit: SiteVisit | null, 
/**
 * 现场查看时间, required on a 复核单.
 */
site_visit_at: UnixMillis | null, 
/**
 * 二级部门电话, required on a 复核单.
 */
department_phone: string, 
/**
 * 是否满意.
 */
satisfaction: Satisfaction | null, 
/**
 * 市民反馈说明.
 */
citizen_feedback: string, 
/**
 * 答复方式.
 */
mode: ReplyMode | null, 
/**
 * 处置部门.
 */
department: string, 
/**
 * 回复时间.
 */
replied_at: UnixMillis | null, 
/**
 * 处置情况.
 */
handling: string, 
/**
 * 实际解决 (true) or 解释说明 (false).
 */
resolved: boolean | null, };

/**
 * 答复方式.
 */
export type ReplyMode = "phone" | "written" | "meeting";

/**
 * 退单: the order is not ours, with the reason and the unit it should go to.
 */
export type ReturnForm = { 
/**
 * 退单理由.
 */
reason: string, 
/**
 * 建议承办单位, where the handler knows it.
 */
suggested_unit: UnitId | null, };

/**
 * Answer of `orders.reveal`.
 */
export type RevealedCaller = { 
/**
 * Name.
 */
name: string, 
/**
 * Phone.
 */
phone: string, };

/**
 * What somebody may do.
 */
export type Role = "handler" | "unit_reviewer" | "bureau_reviewer" | "administrator";

/**
 * A role's name.
 */
export type RoleName = string;

/**
 * What a failed call answers.
 */
export type RpcError = { 
/**
 * Which.
 */
code: ErrorCode, 
/**
 * Whether the same call may succeed later.
 */
retryable: boolean, 
/**
 * English, for the log; the UI shows its own text for `code`.
 */
message: string, 
/**
 * With `form_invalid`: what is wrong where.
 */
issues: Array<FormIssue>, };

/**
 * 是否满意: the citizen's answer when asked.
 */
export type Satisfaction = "satisfied" | "dissatisfied" | "accepted" | "not_rated";

/**
 * A section of a record's page.
 */
export type SectionView = { "part": "facts", 
/**
 * The heading.
 */
title: string, 
/**
 * The facts that are there.
 */
facts: Array<Labelled>, 
/**
 * The tables among them.
 */
tables: Array<TableView>, } | { "part": "step", 
/**
 * What people call the act.
 */
title: string, 
/**
 * What was done, if it was.
 */
step: StepView | null, } | { "part": "links", 
/**
 * In the order in which they came.
 */
links: Array<LinkView>, } | { "part": "timeline", 
/**
 * Oldest first.
 */
steps: Array<StepView>, 
/**
 * So many older ones are not on this device.
 */
older: number, } | { "part": "map", 
/**
 * The places.
 */
points: Array<PlaceView>, } | { "part": "files", 
/**
 * By name.
 */
files: Array<Labelled>, };

/**
 * Answer of `session.status`.
 */
export type SessionStatus = { 
/**
 * Who is signed in.
 */
user: UserInfo | null, 
/**
 * The session ended by itself: work goes on offline, sending needs a new sign-in.
 */
expired: boolean, 
/**
 * This device was revoked: received orders are gone, unsent work stays sealed until its author signs in anew.
 */
revoked: boolean, 
/**
 * Whether the data on this device is open. While it is not, nobody is shown as signed in.
 */
lock: LockState, 
/**
 * Too long without the gateway: personal data stays shut until the next synchronisation.
 */
lease_expired: boolean, 
/**
 * The data on this device is, or was when it was opened, older than what this device last wrote. Unsent work
 * that is here is kept.
 */
rollback_suspected: boolean, 
/**
 * The gateway's log of receipts is not the one this device saw before: it shrank or was rewritten. For good;
 * work and synchronisation go on.
 */
log_forked: boolean, 
/**
 * This device; empty while locked.
 */
device_id: DeviceId, 
/**
 * First 16 hex digits of SM3(public key), for comparing by eye; empty while locked.
 */
key_fingerprint: string, 
/**
 * How safe unsent work is here.
 */
durability: Durability, 
/**
 * The data on this device was damaged when the app started. It was put aside and rebuilt; what could be
 * read of drafts and unsent commands was carried over.
 */
recovered: boolean, };

/**
 * Parameters of `lock.set_pin`.
 */
export type SetPinParams = { 
/**
 * The new one: digits.
 */
pin: string, 
/**
 * The present one, where there is one.
 */
old_pin?: string, };

/**
 * Parameters of `session.sign_in`.
 */
export type SignInParams = { 
/**
 * The one-time code from the container's redirect.
 */
code: string, 
/**
 * The `state` from the redirect; must be the one `session.begin` gave.
 */
state: string, 
/**
 * The `state` of `session.begin` as the page itself kept it across the redirect. Used only by a core that
 * keeps nothing (`best_effort`): leaving for the container's page ended it.
 */
kept_state?: string, 
/**
 * The one-time code of an invitation as typed, or the whole text of its QR code; then the gateway's authority
 * must be the one the QR code names.
 */
enrolment_code?: string, };

/**
 * 现场查看: whether somebody went to look.
 */
export type SiteVisit = "yes" | "no" | "no_site";

/**
 * What a check came to.
 */
export type Status = "valid" | "invalid" | "unchecked";

/**
 * An act that was done.
 */
export type StepView = { 
/**
 * What people call the act.
 */
title: string, 
/**
 * By whom: a name where it is known here, else an id; empty where no person acted.
 */
by: string, 
/**
 * When the gateway took it, or when it was signed here.
 */
at: UnixMillis, 
/**
 * What was filled in, as far as it is on this device.
 */
answers: Array<Labelled>, 
/**
 * The entry.
 */
entry: string, 
/**
 * How far it got.
 */
delivery: Delivery, };

/**
 * Where the data on this device lies.
 */
export type StorageKind = "sealed" | "memory";

/**
 * An order and a filled form.
 */
export type SubmitParams<F> = { 
/**
 * Which order.
 */
id: OrderId, 
/**
 * What was filled in.
 */
form: F, };

/**
 * What synchronisation is doing.
 */
export type SyncPhase = "signed_out" | "idle" | "pushing" | "pulling" | "backoff" | "offline";

/**
 * Answer of `sync.status`.
 */
export type SyncStatus = { 
/**
 * What it is doing.
 */
phase: SyncPhase, 
/**
 * Commands not receipted.
 */
pending: number, 
/**
 * Of these, parked.
 */
parked: number, 
/**
 * Last complete round.
 */
last_ok_at: UnixMillis | null, 
/**
 * Next try after a failure.
 */
next_try_at: UnixMillis | null, 
/**
 * Last failure since the last complete round.
 */
last_error: ErrorCode | null, 
/**
 * The first pull of the user's orders is complete.
 */
loaded: boolean, 
/**
 * Device clock minus server clock, milliseconds, as last seen.
 */
clock_skew_ms: number, 
/**
 * As in [`SessionStatus::durability`].
 */
durability: Durability, };

/**
 * A tab with what it holds.
 */
export type TabView = { 
/**
 * Its name.
 */
id: string, 
/**
 * What people call it.
 */
title: string, 
/**
 * How many records, without the search.
 */
count: number, 
/**
 * The count stands out when it is not zero.
 */
badge: boolean, };

/**
 * A table of a record.
 */
export type TableView = { 
/**
 * What people call it.
 */
label: string, 
/**
 * What people call its columns.
 */
columns: Array<string>, 
/**
 * Its rows, a text per column.
 */
rows: Array<Array<string>>, };

/**
 * One line of an order's history.
 */
export type TimelineEntry = { 
/**
 * When, by the gateway's clock.
 */
at: UnixMillis, 
/**
 * What.
 */
kind: TimelineKind, 
/**
 * Who or which unit, as a name.
 */
by: string, };

/**
 * One line of an order's history.
 */
export type TimelineKind = "received" | "assigned" | "accepted" | "contacted" | "replied" | "returned" | "revealed" | "reassigned" | "feedback_delivered" | "urged";

/**
 * What can be followed with `subscribe`.
 */
export type Topic = "session" | "orders" | "outbox" | "sync" | "lock";

/**
 * A unit (承办单位): a district water bureau, a bureau institution, 城投水务.
 */
export type UnitId = string;

/**
 * An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored. May be negative.
 */
export type UnixMillis = number;

/**
 * Parameters of `lock.unlock`: `{"pin": "…"}`, or `{"host_secret": true}` after the platform recognised the person.
 */
export type UnlockParams = { 
/**
 * The PIN.
 */
pin?: string, 
/**
 * Ask the platform instead.
 */
host_secret?: boolean, };

/**
 * 未联原因: why the citizen was not reached.
 */
export type UnreachedReason = "powered_off" | "no_answer" | "other";

/**
 * 紧急程度.
 */
export type Urgency = "normal" | "sub_urgent" | "urgent";

/**
 * A person known to the gateway's directory.
 */
export type UserId = string;

/**
 * Who signed in.
 */
export type UserInfo = { 
/**
 * Their id.
 */
id: UserId, 
/**
 * Their name.
 */
name: string, 
/**
 * What they may do.
 */
role: Role, 
/**
 * Their roles in packs, each once.
 */
roles?: Array<RoleName>, 
/**
 * Where they belong.
 */
unit: UnitId, 
/**
 * Its name.
 */
unit_name: string, };
