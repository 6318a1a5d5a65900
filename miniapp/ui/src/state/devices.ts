// The devices an administrator manages: fetched from the gateway on opening and on demand, narrowed down on the
// page, invited and revoked.
// Not here: who may (gateway), how it looks (desk). Used by the desk's 设备管理 page.

import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from "vue";
import type { DeviceId, DeviceList, DeviceView, ErrorCode, Invitation, UserId, Waist } from "@core";
import { codeOf } from "./failure";

export type DeviceFilter = "valid" | "revoked" | "all";

export const DEVICE_FILTERS: readonly DeviceFilter[] = ["valid", "revoked", "all"];

const standing = (device: DeviceView): DeviceFilter => (device.revoked_at === null ? "valid" : "revoked");

/** Devices of this standing whose person, unit, name or fingerprint holds every word of `search`. */
export function narrowDevices(devices: readonly DeviceView[], filter: DeviceFilter, search: string): DeviceView[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return devices.filter((device) => {
    if (filter !== "all" && standing(device) !== filter) return false;
    const text = [device.user_name, device.user_id, device.unit_name, device.name, device.key_fingerprint, device.id]
      .join(" ")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export interface Person {
  id: UserId;
  name: string;
  unit: string;
}

/** Everybody who has a device, once each, in the order of their names. */
export function peopleOf(devices: readonly DeviceView[]): Person[] {
  const people = new Map<UserId, Person>();
  for (const { user_id: id, user_name: name, unit_name: unit } of devices) people.set(id, { id, name, unit });
  return [...people.values()].sort((a, b) => a.name.localeCompare(b.name, "zh-CN"));
}

export interface Devices {
  readonly list: Readonly<ShallowRef<DeviceList | null>>;
  readonly error: Readonly<Ref<ErrorCode | null>>;
  readonly loading: Readonly<Ref<boolean>>;
  readonly filter: Ref<DeviceFilter>;
  readonly search: Ref<string>;
  readonly shown: ComputedRef<DeviceView[]>;
  readonly counts: ComputedRef<Record<DeviceFilter, number>>;
  readonly people: ComputedRef<Person[]>;
  refresh(): Promise<void>;
  /** Rejects as the call does. */
  revoke(id: DeviceId): Promise<void>;
  /** Rejects as the call does. */
  release(id: DeviceId): Promise<void>;
  /** Rejects as the call does. */
  invite(user: UserId): Promise<Invitation>;
}

export function useDevices(waist: Waist): Devices {
  const list = shallowRef<DeviceList | null>(null);
  const error = ref<ErrorCode | null>(null);
  const loading = ref(false);
  const filter = ref<DeviceFilter>("valid");
  const search = ref("");
  const devices = computed(() => list.value?.devices ?? []);
  let round = 0;

  async function refresh(): Promise<void> {
    round += 1;
    const mine = round;
    loading.value = true;
    try {
      const answer = await waist.call("devices.list", {});
      if (mine !== round) return;
      list.value = answer;
      error.value = null;
    } catch (failure) {
      if (mine === round) error.value = codeOf(failure);
    } finally {
      if (mine === round) loading.value = false;
    }
  }

  async function decide(method: "devices.revoke" | "devices.release", id: DeviceId): Promise<void> {
    const answer = await waist.call(method, { id });
    // A list asked for before the decision must not replace this one.
    round += 1;
    loading.value = false;
    list.value = answer;
    error.value = null;
  }

  return {
    list,
    error,
    loading,
    filter,
    search,
    shown: computed(() => narrowDevices(devices.value, filter.value, search.value)),
    counts: computed(() => ({
      valid: narrowDevices(devices.value, "valid", "").length,
      revoked: narrowDevices(devices.value, "revoked", "").length,
      all: devices.value.length,
    })),
    people: computed(() => peopleOf(devices.value)),
    refresh,
    revoke: (id) => decide("devices.revoke", id),
    release: (id) => decide("devices.release", id),
    invite: (user) => waist.call("devices.invite", { user }),
  };
}
