import type { Address, Hex } from "viem";
import type { SigningEvidence } from "./evidence.ts";

/** Which scheme a gate checks an agent's signature with; the number stands in the gate's storage. */
export const agentKeyKinds = { ecdsa: 1, schnorr: 2 } as const;
export type AgentKeyKind = keyof typeof agentKeyKinds;

/**
 * A key that signs gated actions, wherever it lives: a keystore file, a hardware module, a threshold group.
 *
 * Implementations never reveal the key: not through properties, logs, `JSON.stringify` or `util.inspect`.
 */
export interface AgentKey {
  readonly kind: AgentKeyKind;
  /** Of the public key; a Schnorr key has one too, under which it signs nothing. */
  readonly address: Address;
  /**
   * What the gate stores: the scheme and 32 bytes (ECDSA: the address, padded with zeros on the left; Schnorr: the
   * x coordinate of the public key, whose y is even).
   */
  readonly onchain: { kind: number; id: Hex };
  /**
   * Signs a 32-byte digest.
   *
   * @param digest 32 bytes, an EIP-712 digest
   * @param evidence what shows that the digest may be signed, for keys whose holders decide for themselves; others
   * ignore it
   * @returns ECDSA: 65 bytes `r ‖ s ‖ v`, low `s`, v = 27 or 28; Schnorr: 52 bytes, see `verifySchnorr`
   * @throws {KeyClosedError} after `close`
   */
  sign(digest: Hex, evidence?: SigningEvidence): Promise<Hex>;
  /** Forgets the key; it cannot sign any more. */
  close(): Promise<void>;
}
