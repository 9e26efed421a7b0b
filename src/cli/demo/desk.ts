import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Address, parseEther, zeroAddress } from "viem";
import { deployGate } from "../../chain/deployGate.ts";
import { deployTimelock } from "../../chain/deployTimelock.ts";
import { deployVerifiers } from "../../chain/deployVerifiers.ts";
import { createGateReader } from "../../chain/gateReader.ts";
import { laneGenesis } from "../../chain/rotation.ts";
import { ecdsaKey } from "../../keys/ecdsaKey.ts";
import type { AgentKey } from "../../keys/keys.ts";
import { SealIdentity } from "../../keys/sealed.ts";
import { createKernelProver } from "../../prover/kernel/kernelProver.ts";
import type { Prover } from "../../prover/prover.ts";
import { createFileLaneStore } from "../../signer/fileLaneStore.ts";
import type { SignedGateCall } from "../../signer/gateCall.ts";
import type { GateReader } from "../../signer/gateReader.ts";
import { createSigner, type Signer } from "../../signer/signer.ts";
import { type LaneRecord, type LaneStore, startRecord } from "../../state/laneStore.ts";
import { SECRET_BYTES } from "../../state/salt.ts";
import { createLocalChain, type LocalChain, type Sender } from "./localChain.ts";
import { compileMandate, type DeskMandate, type PolicyNames } from "./mandate.ts";
import { type Market, openMarket } from "./market.ts";

export const CHAIN_ID = 31_337;
/** seconds between announcing a change of the gate and making it */
export const TIMELOCK_DELAY = 48n * 3_600n;
/** seconds */
export const MAX_DELAY = 300;
export const RISK_MAX_AGE = 3_600;
/** Monday, so that the demo does not depend on the day it runs. */
const STARTS_AT = new Date("2026-06-01T09:00:00Z");

/** What the desk holds for one epoch. All of it is secret but the key's address. */
export interface Epoch {
  mandate: DeskMandate;
  /** The state secret. */
  secret: Uint8Array;
  key: AgentKey;
}

/** A desk with its gate on a local chain. */
export interface Desk {
  local: LocalChain;
  market: Market;
  gate: Address;
  timelock: Address;
  /** Block of the gate's deployment. */
  fromBlock: bigint;
  /** Gas of timelock, verifiers and gate. */
  deploymentGas: bigint;
  /** Announces changes to the timelock. */
  governor: Sender;
  /** May stop the gate at once. */
  guardian: Sender;
  /** Submits the agent's actions. */
  relayer: Sender;
  prover: Prover;
  reader: GateReader;
  store: LaneStore<SignedGateCall>;
  epoch: Epoch;
  /** Signs for a lane under an epoch's mandate and key. */
  signer(epoch: Epoch, lane: number): Signer;
  /** A policy, a secret and a key for another epoch. */
  prepareEpoch(max: string): Promise<Epoch>;
  close(): Promise<void>;
}

/** Opens the market, deploys the gate with 400 WETH in it, and sets the signer up. */
export async function openDesk(): Promise<Desk> {
  const local = await createLocalChain({ chainId: CHAIN_ID, startsAt: STARTS_AT });
  const deployer = await local.createSender();
  const governor = await local.createSender();
  const guardian = await local.createSender();
  const relayer = await local.createSender();
  const market = await openMarket(local, await local.createSender());
  const names: Omit<PolicyNames, "MAX"> = {
    WETH: market.uniswap.weth,
    USDC: market.usdc,
    ETHUSD: market.ethUsd,
    VOL: market.volatility,
    ROUTER: market.uniswap.router,
  };
  const prepareEpoch = async (MAX: string): Promise<Epoch> => ({
    mandate: await compileMandate(CHAIN_ID, { ...names, MAX }),
    secret: new Uint8Array(randomBytes(SECRET_BYTES)),
    key: ecdsaKey(secp256k1.utils.randomSecretKey()),
  });
  const epoch = await prepareEpoch("40 WETH");

  const { timelock, gasUsed: timelockGas } = await deployTimelock(deployer, {
    minDelay: TIMELOCK_DELAY,
    proposers: [governor.account.address],
    executors: [zeroAddress],
  });
  const { gasUsed: verifierGas, ...verifiers } = await deployVerifiers(deployer);
  const records: LaneRecord<SignedGateCall>[] = [];
  const { gate, blockNumber, gasUsed } = await deployGate(deployer, {
    timelock,
    verifiers,
    guardian: guardian.account.address,
    submitters: [relayer.account.address],
    agent: epoch.key.onchain,
    riskFeed: market.volatility,
    riskMaxAge: RISK_MAX_AGE,
    maxDelay: MAX_DELAY,
    genesis: (moment) =>
      epoch.mandate.lanes.map((committed, lane) => {
        const { secret } = epoch;
        const { state, rotation } = laneGenesis({
          ...moment,
          lane,
          committed,
          secret,
          fill: "empty",
        });
        records.push(startRecord({ ...moment, lane, seq: 0n, state, quietUntil: 0n }));
        return rotation;
      }),
  });
  await market.fund(gate, parseEther("400"));

  const folder = await mkdtemp(join(tmpdir(), "zkmandate-demo-"));
  const store = createFileLaneStore(folder, await SealIdentity.generate());
  for (const record of records) await store.write(record);
  const prover = createKernelProver({
    onFallback: (reason) =>
      console.warn(`snarkjs proves, since the kernel does not work here: ${reason}`),
  });
  const reader = createGateReader(local.control, { gate });

  return {
    local,
    market,
    gate,
    timelock,
    fromBlock: blockNumber,
    deploymentGas: timelockGas + verifierGas + gasUsed,
    governor,
    guardian,
    relayer,
    prover,
    reader,
    store,
    epoch,
    signer: ({ mandate, secret, key }, lane) =>
      createSigner({
        chainId: CHAIN_ID,
        gate,
        lane,
        committed: mandate.lanes[lane] as DeskMandate["lanes"][number],
        secret,
        key,
        prover,
        reader,
        store,
        labels: mandate.labels,
      }),
    prepareEpoch,
    async close() {
      await prover.close();
      await local.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
