// A text as a file in the person's downloads.
// Not here: what is in it. Used by the desk's export of evidence.

export function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has the content by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
