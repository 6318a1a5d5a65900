// A text as a QR code (ISO/IEC 18004, error correction M), drawn as one SVG path of unit squares.
// Not here: colours and size (QrCode.vue).

import qrcode from "qrcode-generator";

/** Clear modules around the code, as the standard wants. */
const QUIET = 4;

export interface QrDrawing {
  /** Width and height with the quiet zone, modules. */
  size: number;
  path: string;
}

export function drawQr(text: string): QrDrawing {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const count = code.getModuleCount();
  const squares: string[] = [];
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < count; column += 1) {
      if (code.isDark(row, column)) squares.push(`M${column + QUIET} ${row + QUIET}h1v1h-1z`);
    }
  }
  return { size: count + 2 * QUIET, path: squares.join("") };
}
