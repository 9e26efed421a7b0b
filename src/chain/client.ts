import type { Account, Chain, Client, Transport } from "viem";

/** Any viem client that reads the chain. */
export type ReadClient = Client<Transport, Chain>;
/** A viem client that also sends transactions, as its account. */
export type SendClient = Client<Transport, Chain, Account>;
