import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Address, encodeFunctionData, type Hex, zeroAddress } from "viem";
import { deployContract } from "../../../src/chain/deployContract.ts";
import { deployGate } from "../../../src/chain/deployGate.ts";
import { deployTimelock } from "../../../src/chain/deployTimelock.ts";
import { createGateReader } from "../../../src/chain/gateReader.ts";
import { laneGenesis } from "../../../src/chain/rotation.ts";
import { demoFeedAbi } from "../../../src/cli/demo/abi/demoFeed.ts";
import { demoTokenAbi } from "../../../src/cli/demo/abi/demoToken.ts";
import { demoFeedBytecode } from "../../../src/cli/demo/bytecode/demoFeed.ts";
import { demoTokenBytecode } from "../../../src/cli/demo/bytecode/demoToken.ts";
import { createLocalChain } from "../../../src/cli/demo/localChain.ts";
import { ecdsaKey } from "../../../src/keys/ecdsaKey.ts";
import { SealIdentity } from "../../../src/keys/sealed.ts";
import { type CommittedPolicy, commitPolicy } from "../../../src/policy/commitment.ts";
import type { Policy } from "../../../src/policy/policy.ts";
import type { Prover } from "../../../src/prover/prover.ts";
import { createFileLaneStore } from "../../../src/signer/fileLaneStore.ts";
import { createSigner } from "../../../src/signer/signer.ts";
import { startRecord } from "../../../src/state/laneStore.ts";
import type { State } from "../../../src/state/state.ts";
import { compiled } from "../../contracts/support/contracts.ts";
import { openProof, type PublicSignals } from "../../contracts/support/openProof.ts";
import { basePolicy, baseRule } from "../../support/mandate.ts";

export const CHAIN_ID = 31_337;
/** seconds */
export const TIMELOCK_DELAY = 3_600n;
export const SECRET = new Uint8Array(32).fill(7);
export const CAPACITY = 5_000n;

/**
 * Proves any statement, with the open circuit and a real key: these tests are about the way to the
 * chain and back, not about what a policy allows.
 */
export const openProver: Prover = {
  name: "open",
  async prove(circuit, { contextCommitment, challenge, fingerprint }) {
    const publicSignals = [contextCommitment, challenge, fingerprint] as unknown as PublicSignals;
    return { circuit, publicSignals, points: await openProof(circuit, publicSignals) };
  },
  close: async () => undefined,
};

/** Transfers of a token up to 1,000 a time, 5,000 in all, with a budget that half refills in 100 s. */
export function transferPolicy(token: Address, salt = 1n): Policy {
  return {
    ...basePolicy,
    rules: [
      {
        ...baseRule,
        name: "small",
        targetLo: token,
        targetHi: token,
        limitAgent: 100n,
        charges: [{ budget: 1, givesBack: false, perAmount: 0n, perNotional: 0n, perCall: 1n }],
      },
      {
        ...baseRule,
        name: "large",
        targetLo: token,
        targetHi: token,
        charges: [{ budget: 0, givesBack: false, perAmount: 1n, perNotional: 0n, perCall: 0n }],
      },
    ],
    budgets: basePolicy.budgets.map((budget, i) =>
      i < 2 ? { ...budget, capacity: CAPACITY } : budget,
    ),
    salt,
  };
}

/** A gate on a chain of its own: timelock, guardian, a risk feed, two lanes or more, and a signer for each. */
export async function createWorld({ laneCount = 2 } = {}) {
  const local = await createLocalChain({ chainId: CHAIN_ID });
  const deployer = await local.createSender();
  const governor = await local.createSender();
  const guardian = await local.createSender();
  const submitter = await local.createSender();
  const deploy = async (
    name: string,
    code: { abi: readonly unknown[]; bytecode: Hex },
    args: readonly unknown[] = [],
  ) => (await deployContract(deployer, { name, ...code, args })).address;

  const token = await deploy(
    "DemoToken",
    { abi: demoTokenAbi, bytecode: demoTokenBytecode.creation },
    ["USD", "USD"],
  );
  const riskFeed = await deploy(
    "DemoFeed",
    { abi: demoFeedAbi, bytecode: demoFeedBytecode.creation },
    ["volatility", 8, 40n],
  );
  const verifiers = {
    gate: await deploy("OpenGateVerifier", compiled("test/OpenGateVerifier")),
    wide: await deploy("OpenWideVerifier", compiled("test/OpenWideVerifier")),
  };
  const { timelock } = await deployTimelock(deployer, {
    minDelay: TIMELOCK_DELAY,
    proposers: [governor.account.address],
    executors: [zeroAddress],
  });
  const key = ecdsaKey(secp256k1.utils.randomSecretKey());
  const lanes = Array.from({ length: laneCount }, (_, lane) => ({
    lane,
    committed: commitPolicy(transferPolicy(token, BigInt(lane) + 1n)),
  }));
  const first = new Map<number, State>();
  const deployment = await deployGate(deployer, {
    timelock,
    verifiers,
    guardian: guardian.account.address,
    submitters: [submitter.account.address],
    agent: key.onchain,
    riskFeed,
    riskMaxAge: 86_400,
    maxDelay: 300,
    genesis: (moment) =>
      lanes.map(({ lane, committed }) => {
        const opened = laneGenesis({ ...moment, lane, committed, secret: SECRET, fill: "empty" });
        first.set(lane, opened.state);
        return opened.rotation;
      }),
  });
  const { gate } = deployment;
  await deployer.writeContract({
    address: token,
    abi: demoTokenAbi,
    functionName: "mint",
    args: [gate, 1_000_000n],
  });

  const folder = await mkdtemp(join(tmpdir(), "zkmandate-"));
  const store = createFileLaneStore(folder, await SealIdentity.generate());
  for (const [lane, state] of first) {
    const id = { chainId: CHAIN_ID, gate, lane };
    await store.write(startRecord({ ...id, epoch: 1, seq: 0n, state, quietUntil: 0n }));
  }
  const reader = createGateReader(local.control, { gate });
  const signerOf = (lane: number, committed: CommittedPolicy, secret = SECRET) =>
    createSigner({
      chainId: CHAIN_ID,
      gate,
      lane,
      committed,
      secret,
      key,
      prover: openProver,
      reader,
      store,
    });

  return {
    ...deployment,
    local,
    deployer,
    governor,
    guardian,
    submitter,
    token,
    riskFeed,
    verifiers,
    timelock,
    key,
    lanes,
    reader,
    store,
    signerOf,
    signers: lanes.map(({ lane, committed }) => signerOf(lane, committed)),
    /** A request to pay someone from the gate. */
    transfer: (amount: bigint, to: Address = deployer.account.address) => ({
      target: token,
      value: 0n,
      data: encodeFunctionData({
        abi: demoTokenAbi,
        functionName: "transfer",
        args: [to, amount],
      }),
      submitter: submitter.account.address,
    }),
    balance: (owner: Address) =>
      local.control.readContract({
        address: token,
        abi: demoTokenAbi,
        functionName: "balanceOf",
        args: [owner],
      }),
    async close() {
      await local.close();
      await rm(folder, { recursive: true });
    },
  };
}
export type World = Awaited<ReturnType<typeof createWorld>>;
