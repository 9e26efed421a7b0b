import { inspect } from "node:util";
import { ed25519 } from "@noble/curves/ed25519.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { bytesToHex, type Hex, hexToBytes } from "viem";

/** A node's own key, with which it signs what it says in a ceremony. Never shows itself. */
export class NodeIdentity {
  /** Ed25519, 32 bytes: what the other nodes know it by. */
  readonly publicKey: Hex;
  readonly #secret: Uint8Array;

  /** @param secret 32 bytes; a copy is kept */
  constructor(secret: Uint8Array = ed25519.utils.randomSecretKey()) {
    this.#secret = Uint8Array.from(secret);
    this.publicKey = bytesToHex(ed25519.getPublicKey(this.#secret));
  }

  /** Signs a statement: a list of strings, numbers and lists. */
  sign(statement: Statement): Hex {
    return bytesToHex(ed25519.sign(encode(statement), this.#secret));
  }

  /** The secret's 32 bytes, to be sealed and nothing else. */
  reveal(): Hex {
    return bytesToHex(this.#secret);
  }

  toJSON() {
    return { publicKey: this.publicKey };
  }

  [inspect.custom]() {
    return `NodeIdentity(${this.publicKey})`;
  }
}

/** What is signed: its first entry says what kind of statement it is. */
export type Statement = readonly (string | number | Statement)[];

/** JSON of lists, strings and integers has one form. */
const encode = (statement: Statement) => utf8ToBytes(JSON.stringify(statement));

/** Whether a node signed a statement (RFC 8032's strict rules: one encoding of a signature). */
export function isSignedBy(publicKey: Hex, statement: Statement, signature: Hex): boolean {
  try {
    return ed25519.verify(hexToBytes(signature), encode(statement), hexToBytes(publicKey), {
      zip215: false,
    });
  } catch {
    return false;
  }
}
