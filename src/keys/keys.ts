import type { Address, Hex } from "viem";

/** Which scheme a gate checks an agent's signature with; the number stands in the gate's storage. */
export const agentKeyKinds = { ecdsa: 1 } as const;
export type AgentKeyKind = keyof typeof agentKeyKinds;

/**
 * A key that signs gated actions, wherever it lives: a keystore file, a hardware module, a threshold group.
 *
 * Implementations never reveal the key: not through properties, logs, `JSON.stringify` or `util.inspect`.
 */
export interface AgentKey {
  readonly kind: AgentKeyKind;
  readonly address: Address;
  /** What the gate stores: the scheme and 32 bytes (an address is padded with zeros on the left). */
  readonly onchain: { kind: number; id: Hex };
  /**
   * Signs a 32-byte digest.
   *
   * @param digest 32 bytes, an EIP-712 digest
   * @returns 65 bytes `r ‖ s ‖ v`, low `s`, v = 27 or 28
   * @throws {KeyClosedError} after `close`
   */
  sign(digest: Hex): Promise<Hex>;
  /** Forgets the key; it cannot sign any more. */
  close(): Promise<void>;
}
