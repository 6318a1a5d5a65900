// Where the device is, asked once when a person presses for it.
// Not here: what it is for. Used by the field of a place.

import { pointText } from "./records/answers";

/** Longest wait for a fix, milliseconds; outdoors a cold start takes some twenty seconds. */
const PATIENCE = 30_000;

export interface Fix {
  /** `latitude longitude`, degrees, WGS 84. */
  text: string;
  /** Radius that holds the true place with 95 % confidence (W3C Geolocation). */
  meters: number;
}

/** `null` where it is forbidden, unknown or too slow. */
export function askFix(): Promise<Fix | null> {
  const { geolocation } = navigator as { geolocation?: Geolocation };
  if (!geolocation) return Promise.resolve(null);
  return new Promise((answer) => {
    geolocation.getCurrentPosition(
      ({ coords }) => answer({ text: pointText(coords.latitude, coords.longitude), meters: coords.accuracy }),
      () => answer(null),
      { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: 0 },
    );
  });
}
