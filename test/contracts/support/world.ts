import { type Address, encodeFunctionData, type Hex, pad, parseEther, zeroAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { accounts, type Chain, type Deployed, type Outcome, startChain } from "./chain.ts";
import { type CompiledContract, compiled, timelockController } from "./contracts.ts";
import { schnorrSigner } from "./schnorr.ts";

/** The contracts under test; a mutant replaces them. */
export interface GateContracts {
  account: CompiledContract;
  gateVerifier: CompiledContract;
  wideVerifier: CompiledContract;
  /** The library by which a gate verifies a group's signature, by itself. */
  schnorr: CompiledContract;
}

export interface LaneRotation {
  lane: number;
  keepState: boolean;
  policy: bigint;
  state: bigint;
}

export interface Rotation {
  epoch: number;
  eta: bigint;
  agent: { kind: number; id: Hex };
  riskFeed: Address;
  riskMaxAge: number;
  maxDelay: number;
  lanes: readonly LaneRotation[];
}

/** What laneOf returns. */
export interface LaneRecord {
  policy: bigint;
  state: bigint;
  epoch: number;
  seq: bigint;
  lastTime: bigint;
}

export const MAX_DELAY = 120;
export const RISK_MAX_AGE = 3_600;
export const TIMELOCK_DELAY = 3_600n;

const [deployer, submitter, stranger, guardian, recipient] = accounts.map(
  ({ address }) => address,
) as [Address, Address, Address, Address, Address];
/** The roles that the tests play. The timelock's proposer and executor is the deployer. */
export const roles = { deployer, submitter, stranger, guardian, recipient };

/** The agent's key, and that of somebody who is not the agent. */
export const agent = privateKeyToAccount(pad("0xa9e47", { size: 32 }));
export const impostor = privateKeyToAccount(pad("0xbad", { size: 32 }));
export const agentKey = { kind: 1, id: pad(agent.address) };

/** A group's key, and another's. */
export const group = schnorrSigner(0x9509n);
export const otherGroup = schnorrSigner(0xbad9n);
export const groupKey = { kind: 2, id: group.id };

/** Whoever signs digests. */
export interface DigestSigner {
  sign(parameters: { hash: Hex }): Promise<Hex>;
}

/** Lanes 0 and 1 are twins, so that nothing but the lane's number tells them apart. Lane 2 is different. */
export const genesisLanes: readonly LaneRotation[] = [
  { lane: 0, keepState: false, policy: 1_001n, state: 2_001n },
  { lane: 1, keepState: false, policy: 1_001n, state: 2_001n },
  { lane: 2, keepState: false, policy: 1_002n, state: 2_002n },
];

/** A gate with everything around it, on a chain of its own. */
export interface World {
  chain: Chain;
  gate: Deployed;
  timelock: Deployed;
  token: Deployed;
  target: Deployed;
  priceFeed: Deployed;
  /** Whether the gate has a risk feed is up to the first rotation; the feed always exists. */
  riskFeed: Deployed;
  verifiers: { gate: Deployed; wide: Deployed };
  schnorr: Deployed;
  /** The agent as the gate stores it, and who signs for it. */
  agentKey: { kind: number; id: Hex };
  signer: DigestSigner;
}

export const productionContracts = (): GateContracts => ({
  account: compiled("gate/PolicyAccount"),
  gateVerifier: compiled("test/OpenGateVerifier"),
  wideVerifier: compiled("test/OpenWideVerifier"),
  schnorr: compiled("test/SchnorrHarness"),
});

/** Rounds of both feeds as they stand at the start: the round and its answer. */
export const firstRound = { round: 100n, answer: 3_000n };

/**
 * Deploys a gate with three lanes, a token that it holds, a target, two feeds and a timelock.
 *
 * @param options.riskFeed whether the gate is configured with the risk feed
 * @param options.byGroup whether the agent is a Schnorr group instead of an ECDSA key
 */
export async function createWorld(
  contracts: GateContracts = productionContracts(),
  {
    riskFeed: withRiskFeed = false,
    byGroup = false,
    chain: existing,
  }: { riskFeed?: boolean; byGroup?: boolean; chain?: Chain } = {},
): Promise<World> {
  const chain = existing ?? (await startChain({ allowUnlimitedContractSize: true }));
  const timelock = await chain.deploy(timelockController, [
    TIMELOCK_DELAY,
    [roles.deployer],
    [roles.deployer],
    zeroAddress,
  ]);
  const verifiers = {
    gate: await chain.deploy(contracts.gateVerifier),
    wide: await chain.deploy(contracts.wideVerifier),
  };
  const token = await chain.deploy(compiled("test/TestToken"));
  const target = await chain.deploy(compiled("test/TestTarget"));
  const priceFeed = await chain.deploy(compiled("test/RoundFeed"));
  const riskFeed = await chain.deploy(compiled("test/RoundFeed"));
  const start = await chain.now();
  for (const feed of [priceFeed, riskFeed]) {
    await chain.transact(roles.deployer, feed, "set", [
      firstRound.round,
      firstRound.answer,
      start - 100n,
    ]);
  }
  const eta = await chain.now();
  const gate = await chain.deploy(contracts.account, [
    { gate: verifiers.gate.address, wide: verifiers.wide.address, quorum: zeroAddress },
    timelock.address,
    roles.guardian,
    [roles.submitter, target.address],
    {
      epoch: 1,
      eta,
      agent: byGroup ? groupKey : agentKey,
      riskFeed: withRiskFeed ? riskFeed.address : zeroAddress,
      riskMaxAge: withRiskFeed ? RISK_MAX_AGE : 0,
      maxDelay: MAX_DELAY,
      lanes: genesisLanes,
    } satisfies Rotation,
  ]);
  await chain.transact(roles.deployer, token, "mint", [gate.address, 1_000_000n]);
  await chain.transact(roles.deployer, token, "mint", [roles.recipient, 1n]);
  await chain.mustSend(
    { from: roles.deployer, to: gate.address, value: parseEther("10") },
    gate.abi,
  );
  const schnorr = await chain.deploy(contracts.schnorr);
  return {
    chain,
    gate,
    timelock,
    token,
    target,
    priceFeed,
    riskFeed,
    verifiers,
    schnorr,
    ...(byGroup ? { agentKey: groupKey, signer: group } : { agentKey, signer: agent }),
  };
}

export async function laneOf(world: World, lane: number): Promise<LaneRecord> {
  return world.chain.read<LaneRecord>(world.gate, "laneOf", [lane]);
}

const salt = pad("0x", { size: 32 });

/** Proposes a call of the gate's governance and waits until it may be executed. */
export async function schedule(
  world: World,
  functionName: string,
  args: readonly unknown[],
  delay = TIMELOCK_DELAY,
): Promise<(timestamp?: bigint) => Promise<Outcome>> {
  const { chain, gate, timelock } = world;
  const data = encodeFunctionData({ abi: gate.abi, functionName, args });
  const operation = [gate.address, 0n, data, salt, salt] as const;
  const proposed = await chain.transact(roles.deployer, timelock, "schedule", [
    ...operation,
    delay,
  ]);
  if (!proposed.ok) throw new Error(`schedule reverted with ${proposed.refusal.name}`);
  const ready = (await chain.now()) + delay;
  return async (timestamp = ready) => {
    const executeData = encodeFunctionData({
      abi: timelock.abi,
      functionName: "execute",
      args: operation,
    });
    // The timelock passes the gate's own error on.
    return chain.send(
      { from: roles.deployer, to: timelock.address, data: executeData, timestamp },
      gate.abi,
    );
  };
}

/** Proposes and executes a call of the gate's governance. */
export async function govern(
  world: World,
  functionName: string,
  args: readonly unknown[],
): Promise<Outcome> {
  const execute = await schedule(world, functionName, args);
  return execute();
}

/** A rotation that changes nothing but the epoch, with changes. */
export async function rotationOf(world: World, changes: Partial<Rotation>): Promise<Rotation> {
  const config = await world.chain.read<{ epoch: number; riskFeed: Address; riskMaxAge: number }>(
    world.gate,
    "config",
  );
  return {
    epoch: config.epoch + 1,
    eta: (await world.chain.now()) + TIMELOCK_DELAY,
    agent: world.agentKey,
    riskFeed: config.riskFeed,
    riskMaxAge: config.riskMaxAge,
    maxDelay: MAX_DELAY,
    lanes: genesisLanes,
    ...changes,
  };
}
