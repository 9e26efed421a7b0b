import { isAddressEqual, zeroAddress } from "viem";
import type { GateProof } from "../action/gateCall.ts";
import { readGate } from "../chain/readGate.ts";
import { type ReadRoundAtReturnType, readRoundAt } from "../chain/readRoundAt.ts";
import { FeedUnusableError } from "../errors/chain.ts";
import { NodeRefusalError } from "../errors/node.ts";
import type { GateSnapshot } from "../signer/gateReader.ts";
import type { NodeGate } from "./judge.ts";

/** The rounds that an action names; nothing for a feed that it has not. */
export interface NamedRounds {
  price: ReadRoundAtReturnType | undefined;
  risk: ReadRoundAtReturnType | undefined;
}

/**
 * Reads the rounds that an action names by the gate's own rules, at the node's own chain.
 *
 * @throws {NodeRefusalError} `wrong-round` if the gate would refuse one, `chain-unavailable`
 */
export async function readNamedRounds(
  { gate, client }: NodeGate,
  { time, priceFeed, priceRound, riskRound }: Omit<GateProof, "points">,
  snapshot: GateSnapshot,
): Promise<NamedRounds> {
  const readRisk = async () => {
    if (!snapshot.risk) return undefined;
    const { riskFeed } = await readGate(client, { gate });
    return readRoundAt(client, { feed: riskFeed, round: riskRound, time });
  };
  try {
    const [price, risk] = await Promise.all([
      isAddressEqual(priceFeed, zeroAddress)
        ? undefined
        : readRoundAt(client, { feed: priceFeed, round: priceRound, time }),
      readRisk(),
    ]);
    return { price, risk };
  } catch (cause) {
    const reason = cause instanceof FeedUnusableError ? "wrong-round" : "chain-unavailable";
    throw new NodeRefusalError({ reason, cause });
  }
}
