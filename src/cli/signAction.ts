import { type Address, isAddressEqual, zeroAddress } from "viem";
import { readContract } from "viem/actions";
import { aggregatorAbi } from "../chain/aggregator.ts";
import type { ReadClient } from "../chain/client.ts";
import { readGate } from "../chain/readGate.ts";
import { readLane } from "../chain/readLane.ts";
import type { GateProof } from "../signer/gateCall.ts";
import type { SigningRequest } from "../signer/signingRequest.ts";
import type { LaneSigner } from "./laneSigner.ts";
import { withProgress } from "./progress.ts";
import type { SignedCallFile } from "./signedCallFile.ts";

/** Decides, proves and signs one action, and adds what makes it checkable without the gate. */
export async function signAction(
  { signer, client, deployment, lane }: LaneSigner,
  request: SigningRequest,
): Promise<SignedCallFile> {
  const { gate, chainId } = deployment;
  const before = await readLane(client, { gate, lane });
  const signed = await withProgress("proving and signing", () => signer.sign(request));
  const feeds = await readings(client, gate, signed.proof);
  const { policy, state: stateOld } = before;
  return { version: 1, chainId, gate, context: { policy, stateOld, ...feeds }, signed };
}

/** What the rounds that a proof names answered. */
async function readings(client: ReadClient, gate: Address, proof: GateProof) {
  const { riskFeed } = await readGate(client, { gate });
  const [price, risk] = await Promise.all([
    readNamedRound(client, proof.priceFeed, proof.priceRound),
    readNamedRound(client, riskFeed, proof.riskRound),
  ]);
  return { priceAnswer: price.answer, priceUpdatedAt: price.updatedAt, riskAnswer: risk.answer };
}

async function readNamedRound(client: ReadClient, feed: Address, round: bigint) {
  if (isAddressEqual(feed, zeroAddress)) return { answer: 0n, updatedAt: 0n };
  const [, answer, , updatedAt] = await readContract(client, {
    address: feed,
    abi: aggregatorAbi,
    functionName: "getRoundData",
    args: [round],
  });
  return { answer, updatedAt };
}
