// A core that knows one made-up pack – lamps along a street – and remembers what it is told. For tests of the shared
// parts only: the names here stand in no other place.

import type {
  ActDraft,
  ActItem,
  ActKey,
  ActParams,
  ActReport,
  ActView,
  AnswerIssue,
  Field,
  FormView,
  Methods,
  MethodName,
  PackView,
  RecordDetail,
  RecordListParams,
  RecordRow,
  Topic,
  TopicEvent,
  Waist,
} from "@core";

/** 2026-03-04 09:30 at the city's clock. */
export const NOW = Date.UTC(2026, 2, 4, 1, 30);
const HOUR = 3_600_000;

export const KIND = "lamp.fault";

export function field(name: string, type: Field["type"], more: Partial<Field> = {}): Field {
  return { name, label: `${name}字段`, type, scale: 0, required: false, personal: false, choices: [], columns: [], ...more };
}

export const FIELDS: Field[] = [
  field("finding", "text", { label: "检查情况", required: true }),
  field("level", "code", {
    label: "等级",
    required: true,
    choices: [
      { code: "low", label: "一般" },
      { code: "high", label: "严重" },
    ],
  }),
  field("kinds", "codes", {
    label: "问题类型",
    choices: [
      { code: "dark", label: "不亮" },
      { code: "bent", label: "倾斜" },
      { code: "loose", label: "松动" },
    ],
  }),
  field("street", "code", {
    label: "所在道路",
    choices: Array.from({ length: 120 }, (_none, nth) => ({ code: `s${nth + 1}`, label: `样例路${nth + 1}号段` })),
  }),
  field("poles", "int", { label: "灯杆数" }),
  field("height", "decimal", { label: "高度（米）", scale: 2 }),
  field("safe", "bool", { label: "可安全通行" }),
  field("seen_on", "date", { label: "发现日期" }),
  field("seen_at", "time", { label: "发现时间" }),
  field("place", "point", { label: "位置" }),
  field("phone", "text", { label: "联系电话", personal: true }),
  field("photo", "file", { label: "照片" }),
  field("parts", "table", {
    label: "更换部件",
    columns: [field("part", "text", { label: "部件", required: true }), field("count", "int", { label: "数量", required: true })],
  }),
];

export function row(nth: number, more: Partial<RecordRow> = {}): RecordRow {
  return {
    key: { kind: KIND, id: `lamp-${nth}` },
    kind_title: "路灯故障",
    title: `样例路${nth}号路灯不亮`,
    lines: [
      { name: "address", label: "地址", text: `样例路${nth}号门前`, masked: false },
      { name: "reporter", label: "报修人", text: nth % 3 === 0 ? "" : "王*", masked: true },
    ],
    tags: [{ name: "level", label: "等级", text: nth % 2 === 0 ? "严重" : "一般", masked: false }],
    state: "维修中",
    state_id: "taken",
    category: "active",
    due: { label: "修复", at: NOW + (nth - 2) * 5 * HOUR, late: nth < 2 },
    colour: (["red", "yellow", "blue", "green"] as const)[nth % 4] ?? null,
    pending: nth === 3 ? 1 : 0,
    parked: false,
    has_draft: nth === 4,
    missing: null,
    ...more,
  };
}

function actView(act: string, title: string, more: Partial<ActView> = {}): ActView {
  return { key: { kind: KIND, id: "lamp-1", act, role: "fitter" }, title, form: null, enabled: true, why: "", ...more };
}

export function detail(more: Partial<RecordDetail> = {}): RecordDetail {
  const step = (title: string, hours: number, entry: string, delivery: "received" | "on_device" = "received") => ({
    title,
    by: "张工（样例）",
    at: NOW - hours * HOUR,
    answers: [{ name: "finding", label: "检查情况", text: "灯头损坏", masked: false }],
    entry,
    delivery,
  });
  return {
    row: row(1),
    seats: [{ name: "main", label: "维修人", text: "张工（样例）", masked: false }],
    dues: [
      { label: "修复", at: NOW - 5 * HOUR, late: true },
      { label: "回访", at: NOW + 50 * HOUR, late: false },
    ],
    sections: [
      {
        part: "facts",
        title: "报修内容",
        facts: [
          { name: "address", label: "地址", text: "样例路1号门前", masked: false },
          { name: "reporter", label: "报修人", text: "王*", masked: true },
          { name: "remark", label: "备注", text: "", masked: false },
        ],
        tables: [
          {
            label: "更换部件",
            columns: ["部件", "数量", "型号", "厂家", "备注"],
            rows: [["灯头", "2", "LED-60W", "样例照明有限公司", "室外防水型"]],
          },
        ],
      },
      { part: "step", title: "检查", step: step("检查", 3, "e2") },
      {
        part: "links",
        links: [
          {
            title: "采购申请",
            key: { kind: "lamp.order", id: "order-7" },
            category: "waiting",
            gives: [{ name: "arrives_on", label: "预计到货", text: "2026-03-09", masked: false }],
            pending: true,
            here: true,
          },
          { title: "道路占用", key: null, category: null, gives: [], pending: true, here: false },
        ],
      },
      { part: "map", points: [{ label: "灯杆", latitude: 31.2316, longitude: 121.4844 }] },
      { part: "files", files: [{ name: "photo", label: "现场照片", text: "lamp.jpg", masked: false }] },
      { part: "timeline", steps: [step("登记", 20, "e1"), step("检查", 3, "e2"), step("接单", 0, "e3", "on_device")], older: 4 },
    ],
    acts: [
      actView("inspect", "检查", { form: "inspect" }),
      actView("take", "接单"),
      actView("repair", "修好", { form: "repair", enabled: false, why: "费用超过五千元须另行报批" }),
      actView("close", "办结", { enabled: false }),
    ],
    drafts: [],
    outbox: [],
    now: NOW,
    ...more,
  };
}

/** The same with the reporter's name in full. */
function revealed(record: RecordDetail): RecordDetail {
  return JSON.parse(JSON.stringify(record).replaceAll("王*", "王小明（样例）")) as RecordDetail;
}

export function actItem(more: Partial<ActItem> = {}): ActItem {
  return {
    cmd_id: "c-1",
    record: { kind: KIND, id: "lamp-1" },
    act: "inspect",
    title: "检查",
    kind_title: "路灯故障",
    record_title: "样例路1号路灯不亮",
    answers: [{ name: "finding", label: "检查情况", text: "灯头损坏，已断电", masked: false }],
    created_at: NOW - HOUR,
    state: "parked",
    attempts: 2,
    next_at: null,
    reason: "facts_changed",
    mendable: true,
    ...more,
  };
}

export class FakeCore {
  packs: PackView[] = [
    {
      id: "lamp",
      title: "路灯报修",
      missing: null,
      trial: false,
      lists: [{ id: "mine", title: "我的路灯", kind: KIND, searchable: true }],
      opens: [{ key: { kind: KIND, act: "note", role: "fitter" }, title: "登记路灯", has_draft: false }],
    },
  ];
  rows: RecordRow[] = Array.from({ length: 8 }, (_none, nth) => row(nth + 1));
  record: RecordDetail | null = detail();
  fields: Field[] = FIELDS;
  acts: ActItem[] = [];
  /** Drafts of records that are not here any more. */
  left: ActDraft[] = [];
  /** Drafts by act. */
  kept = new Map<string, { answers: Record<string, unknown>; saved_at: number }>();
  /** What `records.check` finds besides answers that are required. */
  issues: AnswerIssue[] = [];
  refused: string | null = null;
  /** Every call, in order. */
  calls: { method: MethodName; params: unknown }[] = [];
  /** Methods that fail, with their code. */
  broken = new Map<MethodName, string>();

  private watchers: { topics: readonly Topic[]; watcher: (event: TopicEvent) => void }[] = [];

  readonly waist: Waist = {
    status: {
      value: { phase: "ready", role: "owner", durability: "durable", persisted: true, restarts: 0 },
      watch: (watcher) => {
        watcher(this.waist.status.value);
        return () => undefined;
      },
    },
    call: async (method, params) => {
      // As through the Worker: text both ways.
      const copy = JSON.parse(JSON.stringify(params)) as unknown;
      this.calls.push({ method, params: copy });
      const code = this.broken.get(method);
      if (code !== undefined) throw { code };
      return JSON.parse(JSON.stringify(this.answer(method, copy))) as never;
    },
    subscribe: (topics, watcher) => {
      const entry = { topics, watcher };
      this.watchers.push(entry);
      for (const topic of topics) watcher({ topic, version: 0, reset: true });
      return () => (this.watchers = this.watchers.filter((other) => other !== entry));
    },
    close: () => undefined,
  };

  /** Something of this topic changed. */
  tell(topic: Topic): void {
    for (const { topics, watcher } of this.watchers) {
      if (topics.includes(topic)) watcher({ topic, version: 1, reset: false });
    }
  }

  asked<M extends MethodName>(method: M): Methods[M]["params"][] {
    return this.calls.filter((call) => call.method === method).map((call) => call.params as Methods[M]["params"]);
  }

  private answer(method: MethodName, params: unknown): unknown {
    switch (method) {
      case "records.packs":
        return { packs: this.packs };
      case "records.list":
        return this.list(params as RecordListParams);
      case "records.get":
        if (this.record === null) throw { code: "not_found" };
        return this.record;
      case "form.open":
        return this.open(params as ActKey);
      case "records.check":
        return this.check(params as ActParams);
      case "records.save":
        return this.save(params as ActParams);
      case "records.discard":
        this.kept.delete((params as ActKey).act);
        return { saved_at: NOW };
      case "records.act":
        return this.act(params as ActParams);
      case "records.mend":
        return { key: { kind: KIND, id: "lamp-1", act: "inspect", role: "fitter" }, draft_in_the_way: false };
      case "outbox.list":
      case "outbox.retry":
      case "outbox.discard":
        return { items: [], left_drafts: [], acts: this.acts, left_acts: this.left };
      case "session.status":
        return { user: USER, lock: "open", revoked: false, expired: false, durability: "durable" };
      case "lock.status":
        return { state: "open", pin_required: false, pin_set: true, available: true };
      case "sync.status":
      case "sync.now":
        return SYNC;
      default:
        return {};
    }
  }

  private list({ tab, search, offset, limit }: RecordListParams) {
    const found = this.rows.filter((one) => one.title.includes(search) && (tab !== "late" || one.due?.late));
    const late = this.rows.filter((one) => one.due?.late).length;
    return {
      tabs: [
        { id: "open", title: "在修", count: this.rows.length, badge: false },
        { id: "late", title: "已超期", count: late, badge: true },
      ],
      rows: found.slice(offset, offset + limit),
      total: found.length,
      now: NOW,
    };
  }

  private open(key: ActKey): FormView {
    if (key.id !== undefined && this.record === null) throw { code: "not_found" };
    const draft = this.kept.get(key.act);
    const title = this.record?.acts.find((act) => act.key.act === key.act)?.title ?? "登记路灯";
    return { key, title, fields: this.fields, answers: draft?.answers ?? {}, saved_at: draft?.saved_at ?? null };
  }

  private check({ answers }: ActParams): ActReport {
    const required = this.fields.filter((one) => one.required).map((one) => one.name);
    const missing = required.filter((name) => answers[name] === undefined);
    const rows = (answers["parts"] as Record<string, unknown>[] | undefined) ?? [];
    const inRows = rows.flatMap((one, nth) =>
      ["part", "count"].filter((name) => one[name] === undefined).map((name) => `parts/${nth + 1}/${name}`),
    );
    return {
      issues: [...[...missing, ...inRows].map((answer) => ({ answer, code: "required" })), ...this.issues],
      refused: this.refused,
      required,
      relevant: this.fields.map((one) => one.name),
      offered: {},
    };
  }

  private save({ key, answers }: ActParams) {
    this.kept.set(key.act, { answers, saved_at: NOW });
    return { saved_at: NOW };
  }

  private act(params: ActParams) {
    if (this.refused !== null) throw { code: "rule_refused" };
    if (this.fields.length > 0 && this.check(params).issues.length > 0 && !["take", "reveal"].includes(params.key.act)) {
      throw { code: "form_invalid" };
    }
    this.kept.delete(params.key.act);
    if (params.key.act === "reveal") return { cmd_id: "c-8", record: revealed(this.record ?? detail()) };
    return { cmd_id: "c-9", record: this.record ?? detail() };
  }
}

const USER = { id: "f-1", name: "张工（样例）", role: "handler", unit: "north", unit_name: "北片所" };
const SYNC = {
  phase: "idle",
  pending: 0,
  parked: 0,
  last_ok_at: NOW - HOUR,
  next_try_at: null,
  last_error: null,
  clock_skew_ms: 0,
  loaded: true,
};
