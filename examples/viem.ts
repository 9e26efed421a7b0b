/**
 * A script in viem as its documentation has it (https://viem.sh/docs/actions/wallet/sendTransaction and
 * https://viem.sh/docs/contract/writeContract). Nothing in it knows of zkmandate: whether a private key or a
 * gate with hidden limits sends is decided by the account and the transport alone.
 *
 *   // a private key
 *   const account = privateKeyToAccount("0x…");
 *   const transport = http("http://127.0.0.1:8545");
 *
 *   // a gate, through its signer service
 *   const account = await toMandateAccount({ url: "http://127.0.0.1:8645", token });
 *   const transport = mandateTransport({ url: "http://127.0.0.1:8645", token });
 *
 * Outside this repository the imports are from "zkmandate".
 */
import {
  type Account,
  type Address,
  type Chain,
  createPublicClient,
  createWalletClient,
  erc20Abi,
  parseEther,
  parseUnits,
  type Transport,
} from "viem";

export interface ScriptParameters {
  account: Account;
  transport: Transport;
  chain: Chain;
  recipient: Address;
  /** An ERC-20 with 6 decimals. */
  token: Address;
}

/** Sends ether and tokens to a recipient. */
export async function runScript({ account, transport, chain, recipient, token }: ScriptParameters) {
  const publicClient = createPublicClient({ chain, transport });
  const walletClient = createWalletClient({ account, chain, transport });

  const ether = await walletClient.sendTransaction({
    to: recipient,
    value: parseEther("0.001"),
  });
  await publicClient.waitForTransactionReceipt({ hash: ether });

  const tokens = await walletClient.writeContract({
    address: token,
    abi: erc20Abi,
    functionName: "transfer",
    args: [recipient, parseUnits("25", 6)],
  });
  return publicClient.waitForTransactionReceipt({ hash: tokens });
}
