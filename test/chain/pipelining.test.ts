import { createPublicClient, custom, encodeFunctionData, numberToHex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyAccountAbi } from "../../src/chain/abi/policyAccount.ts";
import { createGateReader } from "../../src/chain/gateReader.ts";
import { readLane } from "../../src/chain/readLane.ts";
import type { SignedGateCall } from "../../src/signer/gateCall.ts";
import type { GateReader } from "../../src/signer/gateReader.ts";
import { createSigner, type Signer } from "../../src/signer/signer.ts";
import { stateCommitment } from "../../src/state/state.ts";
import { CHAIN_ID, createWorld, openProver, SECRET, type World } from "./support/world.ts";

let world: World;
let reader: GateReader;
let signer: Signer;
/** Number of the block that the node calls final; the local chain itself would finalize at once. */
let finalized = 0n;

/** The chain's own node, but for what it calls final. */
function nodeOf({ chain, control }: World["local"]) {
  const request = ({ method, params }: { method: string; params?: unknown[] }) => {
    const isFinal = method === "eth_getBlockByNumber" && params?.[0] === "finalized";
    const asked = isFinal ? [numberToHex(finalized), false] : params;
    return control.request({ method, params: asked } as never);
  };
  return createPublicClient({
    chain,
    cacheTime: 0,
    transport: custom({ request }, { retryCount: 0 }),
  });
}

beforeAll(async () => {
  world = await createWorld();
  const { gate, key, store, lanes, local } = world;
  reader = createGateReader(nodeOf(local), { gate });
  const [lane] = lanes;
  if (!lane) throw new Error("the world has lanes");
  signer = createSigner({
    chainId: CHAIN_ID,
    gate,
    lane: 0,
    committed: lane.committed,
    secret: SECRET,
    key,
    prover: openProver,
    reader,
    store,
    maxInFlight: 3,
  });
  await world.local.control.setAutomine(false);
});
afterAll(() => world.close());

type Points = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

/** Hands calls to the node without waiting; gas is given, since none but the first would execute now. */
async function send(calls: readonly SignedGateCall[]) {
  const { submitter, gate } = world;
  const nonce = await submitter.getTransactionCount({
    address: submitter.account.address,
    blockTag: "pending",
  });
  return Promise.all(
    calls.map(({ call, proof, signature }, i) =>
      submitter.sendTransaction({
        to: gate,
        data: encodeFunctionData({
          abi: policyAccountAbi,
          functionName: "execute",
          args: [call, proof as typeof proof & { points: Points }, signature],
        }),
        gas: 1_000_000n,
        nonce: nonce + i,
      }),
    ),
  );
}

const mine = () => world.local.control.mine({ blocks: 1 });
const finalize = async () => {
  finalized = await world.local.control.getBlockNumber();
};
const statuses = async (hashes: readonly `0x${string}`[]) =>
  Promise.all(
    hashes.map(async (hash) => {
      const { status, blockNumber } = await world.local.control.getTransactionReceipt({ hash });
      return { status, blockNumber };
    }),
  );
const three = async (amounts: readonly bigint[]) => {
  const signed: SignedGateCall[] = [];
  for (const amount of amounts) signed.push(await signer.sign(world.transfer(amount)));
  return signed;
};

describe("three actions in flight", () => {
  it("land in one block, each on the state after the one before it", async () => {
    const { local, gate, balance, deployer } = world;
    const before = await balance(deployer.account.address);
    const signed = await three([900n, 40n, 700n]);
    const hashes = await send(signed);
    await mine();
    const results = await statuses(hashes);
    expect(results.map(({ status }) => status)).toEqual(["success", "success", "success"]);
    expect(new Set(results.map(({ blockNumber }) => blockNumber)).size).toBe(1);
    expect(await balance(deployer.account.address)).toBe(before + 1_640n);
    const { seq, state } = await readLane(local.control, { gate, lane: 0 });
    expect([seq, state]).toEqual([3n, signed[2]?.proof.stateNew]);
    const { inFlight, latestSeq, levels } = await signer.standing();
    expect([inFlight, latestSeq]).toEqual([[], 3n]);
    expect(levels.map(({ level }) => level)).toEqual([1_600n, 1n, 0n, 0n]);
  });

  it("are undone by a reorganisation and land again, in another block", async () => {
    const { local } = world;
    const snapshot = await local.control.snapshot();
    const signed = await three([10n, 20n, 30n]);
    await send(signed);
    await mine();
    expect((await signer.standing()).latestSeq).toBe(6n);
    await local.control.revert({ id: snapshot });
    const standing = await signer.standing();
    expect(standing.inFlight).toEqual(signed);
    expect(signed.map(standing.statusOf)).toEqual(["inFlight", "inFlight", "inFlight"]);
    const hashes = await send(signed);
    await mine();
    const results = await statuses(hashes);
    expect(results.map(({ status }) => status)).toEqual(["success", "success", "success"]);
  });

  it("die together when the first is dropped, and make room once that is final", async () => {
    const { local, gate, transfer } = world;
    await mine();
    const [first, ...rest] = await three([100n, 200n, 300n]);
    if (!first) throw new Error("three were signed");
    // Without the first, the gate refuses those after it.
    const early = await send(rest);
    await mine();
    const refused = await statuses(early);
    expect(refused.map(({ status }) => status)).toEqual(["reverted", "reverted"]);
    await expect(signer.sign(transfer(5n))).rejects.toMatchObject({ name: "LaneBusyError" });

    await local.advance(301);
    await expect(signer.sign(transfer(5n))).rejects.toMatchObject({ name: "LaneBusyError" });
    await finalize();
    const { dead, nextSeq } = await signer.standing();
    expect([dead, nextSeq]).toEqual([[first, ...rest], first.seq]);
    const again = await three([100n, 200n, 300n]);
    expect(again.map(({ seq }) => seq)).toEqual([first, ...rest].map(({ seq }) => seq));
    const hashes = await send([first, ...rest, ...again]);
    await mine();
    const results = await statuses(hashes);
    expect(results.map(({ status }) => status)).toEqual([
      ...Array(3).fill("reverted"),
      ...Array(3).fill("success"),
    ]);
    const { state } = await readLane(local.control, { gate, lane: 0 });
    const recorded = await world.store.read({ chainId: CHAIN_ID, gate, lane: 0 });
    const last = recorded?.pending.at(-1)?.stateNew;
    expect(last && stateCommitment(last)).toBe(state);
  });
});

describe("the finalized block of a snapshot", () => {
  it("tells of the lane at that block", async () => {
    const { local, gate, submitter } = world;
    await finalize();
    const at = { gate, lane: 0, blockNumber: finalized };
    const { epoch, seq, state } = await readLane(local.control, at);
    const { timestamp } = await local.control.getBlock({ blockNumber: finalized });
    await send([await signer.sign(world.transfer(1n, submitter.account.address))]);
    await mine();
    const snapshot = await reader.snapshot({ lane: 0, priceFeeds: [] });
    expect(snapshot.finalized).toEqual({ epoch, seq, state });
    expect(snapshot.finalizedTime).toBe(timestamp);
    expect(snapshot.lane.seq).toBe(seq + 1n);
  });

  it("tells nothing of a gate that it does not have yet", async () => {
    finalized = 0n;
    const snapshot = await reader.snapshot({ lane: 0, priceFeeds: [] });
    expect(snapshot.finalized).toBeUndefined();
    expect(snapshot.lane.epoch).toBe(1);
  });
});
