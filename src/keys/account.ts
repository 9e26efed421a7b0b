import {
  hashMessage,
  hashTypedData,
  keccak256,
  type LocalAccount,
  parseSignature,
  serializeTransaction,
} from "viem";
import { toAccount } from "viem/accounts";
import type { AgentKey } from "./keys.ts";

/**
 * A key as a viem account, so that wallet clients can send transactions with it.
 *
 * @example
 * const wallet = createWalletClient({ account: keyAccount(key), chain, transport: http() });
 */
export function keyAccount(key: AgentKey): LocalAccount {
  return toAccount({
    address: key.address,
    sign: ({ hash }) => key.sign(hash),
    signMessage: ({ message }) => key.sign(hashMessage(message)),
    signTypedData: (typedData) => key.sign(hashTypedData(typedData)),
    async signTransaction(transaction, { serializer = serializeTransaction } = {}) {
      const signature = await key.sign(keccak256(await serializer(transaction)));
      return serializer(transaction, parseSignature(signature));
    },
  });
}
