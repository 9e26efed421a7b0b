import { type Address, createClient, getAddress, isAddressEqual, type JsonRpcAccount } from "viem";
import { toAccount } from "viem/accounts";
import { AccountNotServedError } from "../../errors/server.ts";
import { type MandateTransportOptions, mandateTransport } from "./mandateTransport.ts";

/**
 * A gate behind a signer service as a viem account: whatever it sends is held against the hidden policy,
 * proven, and executed from the gate.
 *
 * @param options.gate which of the gates that the token may use; needed where there are several
 * @throws {AccountNotServedError} if the token may use no such gate, or several and none is named
 *
 * @example
 * const account = await toMandateAccount({ url: "http://127.0.0.1:8645", token });
 * const wallet = createWalletClient({ account, chain, transport: mandateTransport({ url, token }) });
 */
export async function toMandateAccount(
  options: MandateTransportOptions & { gate?: Address | undefined },
): Promise<JsonRpcAccount> {
  const { gate } = options;
  const client = createClient({ transport: mandateTransport(options) });
  const served: readonly Address[] = await client.request({ method: "eth_accounts" });
  const [account, other] = served.filter(
    (address) => gate === undefined || isAddressEqual(address, gate),
  );
  if (account === undefined || other !== undefined) {
    throw new AccountNotServedError({ wanted: gate, served });
  }
  return toAccount(getAddress(account));
}
