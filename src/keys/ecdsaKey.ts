import { inspect } from "node:util";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import {
  type Address,
  bytesToHex,
  type Hex,
  hexToBytes,
  isHex,
  numberToHex,
  pad,
  size,
} from "viem";
import { publicKeyToAddress } from "viem/utils";
import { InvalidDigestError, InvalidPrivateKeyError, KeyClosedError } from "../errors/keys.ts";
import { type AgentKey, agentKeyKinds } from "./keys.ts";

/** A secp256k1 key held in this process's memory. */
class EcdsaKey implements AgentKey {
  readonly kind = "ecdsa";
  readonly address: Address;
  readonly onchain: { kind: number; id: Hex };
  #privateKey: Uint8Array | undefined;

  constructor(privateKey: Uint8Array) {
    this.address = addressOf(privateKey);
    this.onchain = {
      kind: agentKeyKinds.ecdsa,
      id: pad(this.address, { size: 32 }).toLowerCase() as Hex,
    };
    this.#privateKey = Uint8Array.from(privateKey);
  }

  async sign(digest: Hex): Promise<Hex> {
    if (this.#privateKey === undefined) throw new KeyClosedError({ address: this.address });
    if (!isHex(digest) || size(digest) !== 32) {
      throw new InvalidDigestError({
        received: isHex(digest) ? `${size(digest)} bytes` : typeof digest,
      });
    }
    // noble puts the recovery bit first and normalises s; r and s follow, 32 bytes each.
    const signature = secp256k1.sign(hexToBytes(digest), this.#privateKey, {
      prehash: false,
      lowS: true,
      format: "recovered",
    });
    const v = 27 + (signature[0] as number);
    return `${bytesToHex(signature.subarray(1))}${numberToHex(v, { size: 1 }).slice(2)}`;
  }

  async close(): Promise<void> {
    this.#privateKey?.fill(0);
    this.#privateKey = undefined;
  }

  toJSON() {
    return { kind: this.kind, address: this.address };
  }

  [inspect.custom]() {
    return `AgentKey(${this.kind}, ${this.address})`;
  }
}

/**
 * The address of a private key.
 *
 * @param privateKey 32 bytes, 0 < key < order of secp256k1
 * @throws {InvalidPrivateKeyError} if the bytes are not a private key
 */
export function addressOf(privateKey: Uint8Array): Address {
  if (!secp256k1.utils.isValidSecretKey(privateKey)) {
    throw new InvalidPrivateKeyError({
      received: privateKey.length === 32 ? "32 bytes out of range" : `${privateKey.length} bytes`,
    });
  }
  return publicKeyToAddress(bytesToHex(secp256k1.getPublicKey(privateKey, false)));
}

/**
 * A key from its bytes; it keeps a copy that `close` wipes, and the caller wipes its own.
 *
 * @param privateKey 32 bytes, 0 < key < order of secp256k1
 * @throws {InvalidPrivateKeyError} if the bytes are not a private key
 *
 * @example
 * const key = ecdsaKey(secp256k1.utils.randomSecretKey());
 * await key.sign(gatedActionDigest(chainId, gate, message));
 */
export function ecdsaKey(privateKey: Uint8Array): AgentKey {
  return new EcdsaKey(privateKey);
}
