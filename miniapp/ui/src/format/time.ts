// Instants and spans as people read them. All orders live in Shanghai time (UTC+8, no summer time), whatever
// zone the phone is set to.
// Not here: deadlines and whether one has passed, which the core decides. Used by parts and pages.

import { t } from "@ui/i18n";

const SHANGHAI_MILLIS = 8 * 3600_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A wall clock reading in Shanghai; `month` counts from 1. */
export interface WallClock {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

export function toWallClock(millis: number): WallClock {
  const shifted = new Date(millis + SHANGHAI_MILLIS);
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
  };
}

/** The instant of a Shanghai wall clock reading, milliseconds since 1970. */
export function fromWallClock(clock: WallClock): number {
  return Date.UTC(clock.year, clock.month - 1, clock.day, clock.hour, clock.minute) - SHANGHAI_MILLIS;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** `10:32`. */
export function clockTime(millis: number): string {
  const at = toWallClock(millis);
  return `${two(at.hour)}:${two(at.minute)}`;
}

/** `2026-11-23 10:32`. */
export function fullTime(millis: number): string {
  const at = toWallClock(millis);
  return `${at.year}-${two(at.month)}-${two(at.day)} ${clockTime(millis)}`;
}

/** As short as `now` allows: `10:32` today, `11-22 10:32` this year, else the full time. */
export function shortTime(millis: number, now: number): string {
  const at = toWallClock(millis);
  const today = toWallClock(now);
  if (at.year !== today.year) return fullTime(millis);
  if (at.month === today.month && at.day === today.day) return clockTime(millis);
  return `${two(at.month)}-${two(at.day)} ${clockTime(millis)}`;
}

/**
 * `11-25 24:00`, with the year where it is not this one. A deadline at midnight is the end of the day before it,
 * and is written so: `11-26 00:00` reads as if the 26th were still free.
 */
export function deadline(millis: number, now: number): string {
  const full = fullDeadline(millis);
  const year = `${toWallClock(now).year}-`;
  return full.startsWith(year) ? full.slice(year.length) : full;
}

/** `2026-11-25 24:00`. */
export function fullDeadline(millis: number): string {
  const at = toWallClock(millis);
  if (at.hour !== 0 || at.minute !== 0) return fullTime(millis);
  return fullTime(millis - DAY).replace("00:00", "24:00");
}

/** A length of time in its two largest units; the sign is dropped. */
export function span(millis: number): string {
  const length = Math.abs(millis);
  if (length >= DAY) {
    return t("due.spanDays", { days: Math.floor(length / DAY), hours: Math.floor((length % DAY) / HOUR) });
  }
  if (length >= HOUR) {
    return t("due.spanHours", { hours: Math.floor(length / HOUR), minutes: Math.floor((length % HOUR) / MINUTE) });
  }
  return t("due.spanMinutes", {
    minutes: Math.floor(length / MINUTE),
    seconds: Math.floor((length % MINUTE) / SECOND),
  });
}

/** How strongly a deadline is shown. */
export type DueTone = "over" | "soon" | "calm";

/** Less than this left is shown as soon, milliseconds. Only a colour hangs on it. */
const SOON_MILLIS = 4 * HOUR;

export function dueTone(leftMillis: number): DueTone {
  if (leftMillis <= 0) return "over";
  return leftMillis < SOON_MILLIS ? "soon" : "calm";
}
