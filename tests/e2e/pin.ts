// The PIN of a device, typed as a person does.
import { expect, type Page } from "@playwright/test";

export const PIN = "135790";

export async function typePin(page: Page, pin: string) {
  for (const digit of pin) await page.getByTestId(`pin-key-${digit}`).click();
  await page.getByTestId("pin-enter").click();
}

/** From the page of one's own, which is open. */
export async function setPin(page: Page) {
  await page.getByTestId("pin-set").click();
  await typePin(page, PIN);
  await expect(page.getByTestId("pin-dialog")).toHaveAttribute("data-step", "again");
  await typePin(page, PIN);
  await expect(page.getByTestId("pin-card")).toHaveAttribute("data-set", "true");
}
