// Who is signed in on this page, whether its data is open, and how synchronisation and the core stand: what every
// page shows.
// Not here: the sign-in itself (signIn.ts). Made once by an entry's root, used below it.

import {
  computed,
  inject,
  onScopeDispose,
  provide,
  shallowRef,
  watch,
  type ComputedRef,
  type InjectionKey,
  type ShallowRef,
} from "vue";
import type { CoreStatus, LockStatus, SessionStatus, SyncStatus, UserInfo } from "@core";
import { seedServerNow } from "./clock";
import { useLive, type Live } from "./live";
import { watchTouches } from "./touch";
import { useWaist } from "./waist";

export interface SessionState {
  readonly session: Live<SessionStatus>;
  readonly lock: Live<LockStatus>;
  readonly sync: Live<SyncStatus>;
  readonly core: Readonly<ShallowRef<CoreStatus>>;
  readonly user: ComputedRef<UserInfo | null>;
}

const KEY: InjectionKey<SessionState> = Symbol("session");

export function provideSession(): SessionState {
  const waist = useWaist();
  const session = useLive(waist, ["session", "lock"], () => waist.call("session.status", {}));
  const lock = useLive(waist, ["lock", "session"], () => waist.call("lock.status", {}));
  const sync = useLive(waist, ["sync", "outbox", "session", "lock"], () => waist.call("sync.status", {}));
  const core = shallowRef(waist.status.value);
  onScopeDispose(waist.status.watch((status) => (core.value = status)));
  onScopeDispose(watchTouches(waist));
  watch(sync.value, (status) => status && status.last_ok_at !== null && seedServerNow(status.clock_skew_ms));
  const user = computed(() => session.value.value?.user ?? null);
  const state: SessionState = { session, lock, sync, core, user };
  provide(KEY, state);
  return state;
}

export function useSession(): SessionState {
  const state = inject(KEY);
  if (!state) throw new Error("the session is provided by the entry's root");
  return state;
}
