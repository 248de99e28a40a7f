/** @file sha256 of bytes, as 64 hexadecimal digits. */

export async function sha256(bytes: Uint8Array): Promise<string> {
  // the digest's type refuses shared memory; so does Chromium, and nothing of ours that is hashed lies there
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
