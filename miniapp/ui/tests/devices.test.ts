import { describe, expect, it } from "vitest";
import type { DeviceList, DeviceView, Waist } from "@core";
import { drawQr } from "@ui/format/qr";
import { narrowDevices, peopleOf, useDevices } from "@ui/state/devices";

const device = (changes: Partial<DeviceView>): DeviceView => ({
  id: "d1",
  name: "Chrome · Android",
  user_id: "h-310101-1",
  user_name: "陈工",
  unit_name: "黄浦区水务",
  key_fingerprint: "ab12cd34ef567890",
  certificate_serial: "01",
  not_after: 2_000,
  enrolled_at: 1_000,
  last_seen_at: null,
  revoked_at: null,
  how: "container",
  held: false,
  ...changes,
});
const chen = device({});
const chenOld = device({ id: "d0", revoked_at: 900, key_fingerprint: "0000111122223333" });
const lin = device({ id: "d2", user_id: "r-310115", user_name: "林审", unit_name: "浦东新区水务", how: "code" });
const all = [chen, chenOld, lin];

describe("the list of devices", () => {
  it("is narrowed by standing", () => {
    expect(narrowDevices(all, "valid", "")).toEqual([chen, lin]);
    expect(narrowDevices(all, "revoked", "")).toEqual([chenOld]);
    expect(narrowDevices(all, "all", "")).toEqual(all);
  });

  it("is searched for every word, in person, unit, name and fingerprint", () => {
    expect(narrowDevices(all, "all", "林审")).toEqual([lin]);
    expect(narrowDevices(all, "all", "黄浦 0000")).toEqual([chenOld]);
    expect(narrowDevices(all, "all", " chrome ANDROID ")).toEqual(all);
    expect(narrowDevices(all, "all", "黄浦 林审")).toEqual([]);
  });

  it("names everybody once", () => {
    expect(peopleOf(all).map((person) => person.id)).toEqual(["h-310101-1", "r-310115"]);
  });

  it("keeps the answer of a revocation over a list asked for before it", async () => {
    const answers: ((list: DeviceList) => void)[] = [];
    const waist = { call: () => new Promise((done) => answers.push(done)) } as unknown as Waist;
    const devices = useDevices(waist);
    const authority = { name: "申海", fingerprint: "aaaa", not_after: 1 };
    const asked = devices.refresh();
    const revoking = devices.revoke("d1");
    answers[1]?.({ devices: [{ ...chen, revoked_at: 1 }], authority });
    await revoking;
    answers[0]?.({ devices: [chen], authority });
    await asked;
    expect(devices.counts.value).toEqual({ valid: 0, revoked: 1, all: 1 });
    expect(devices.loading.value).toBe(false);
  });

  it("shows what a release came to", async () => {
    const asked: unknown[] = [];
    const authority = { name: "申海", fingerprint: "aaaa", not_after: 1 };
    const waist = {
      call: (method: string, params: unknown) => {
        asked.push([method, params]);
        const held = method !== "devices.release";
        return Promise.resolve({ devices: [{ ...chenOld, held }], authority });
      },
    } as unknown as Waist;
    const devices = useDevices(waist);
    devices.filter.value = "revoked";
    await devices.refresh();
    expect(devices.shown.value.map((device) => device.held)).toEqual([true]);
    await devices.release("d0");
    expect(asked).toEqual([
      ["devices.list", {}],
      ["devices.release", { id: "d0" }],
    ]);
    expect(devices.shown.value.map((device) => device.held)).toEqual([false]);
  });

  it("keeps what it had when a refresh fails, and says why", async () => {
    let fail = false;
    const authority = { name: "申海", fingerprint: "aaaa", not_after: 1 };
    const waist = {
      call: () => (fail ? Promise.reject({ code: "offline" }) : Promise.resolve({ devices: [chen], authority })),
    } as unknown as Waist;
    const devices = useDevices(waist);
    await devices.refresh();
    fail = true;
    await devices.refresh();
    expect(devices.error.value).toBe("offline");
    expect(devices.shown.value).toEqual([chen]);
  });
});

describe("a QR code", () => {
  /** Dark modules of the drawing as rows of 0 and 1, the quiet zone of four left out. */
  function modules(text: string): string[] {
    const { size, path } = drawQr(text);
    const dark = new Set(Array.from(path.matchAll(/M(\d+) (\d+)h1v1h-1z/g), (found) => `${found[1]},${found[2]}`));
    const side = Array.from({ length: size - 8 }, (_, at) => at + 4);
    return side.map((y) => side.map((x) => (dark.has(`${x},${y}`) ? "1" : "0")).join(""));
  }
  const FINDER = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"];

  it("is of the size the standard gives its length, with its three finder patterns", () => {
    // ISO/IEC 18004, table 7: version 3 takes 42 bytes with level M; this is 41. Version 3 has 29 modules a side.
    const rows = modules("shenhai-enrol:1:7K3MPQ0Z:ab12cd34ef567890");
    expect(rows).toHaveLength(29);
    expect(rows.slice(0, 7).map((row) => row.slice(0, 7))).toEqual(FINDER);
    expect(rows.slice(0, 7).map((row) => row.slice(-7))).toEqual(FINDER);
    expect(rows.slice(-7).map((row) => row.slice(0, 7))).toEqual(FINDER);
  });
});
