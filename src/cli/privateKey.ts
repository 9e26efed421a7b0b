import { InvalidPrivateKeyError } from "../errors/keys.ts";

/**
 * Reads a private key from what a person typed or a file held.
 *
 * @throws {InvalidPrivateKeyError} if it is not 64 hexadecimal digits
 */
export function parsePrivateKey(text: string): Uint8Array {
  const digits = text.trim().replace(/^0x/i, "");
  if (!/^[0-9a-f]{64}$/i.test(digits)) {
    const kind = /^[0-9a-f]*$/i.test(digits) ? "hexadecimal digits" : "characters";
    throw new InvalidPrivateKeyError({ received: `${digits.length} ${kind}` });
  }
  return Uint8Array.from(Buffer.from(digits, "hex"));
}
