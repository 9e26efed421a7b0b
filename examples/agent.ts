/**
 * zkmandate as a library: from a policy's text to an executed transaction.
 *
 * Outside this repository the imports are from "zkmandate".
 */
import { randomBytes } from "node:crypto";
import { type Address, encodeFunctionData, erc20Abi, zeroAddress } from "viem";
import {
  type AgentKey,
  commitPolicy,
  compilePolicy,
  createFileLaneStore,
  createGateReader,
  createSigner,
  createSnarkjsProver,
  deployGate,
  deployTimelock,
  deployVerifiers,
  executeAction,
  laneGenesis,
  randomFieldElement,
  replaceRecord,
  SealIdentity,
  type SendClient,
  type State,
  startRecord,
  withSalt,
} from "../src/index.ts";

/** What the example needs: a chain, an account with ether, the agent's key, somewhere to keep secrets. */
export interface AgentParameters {
  /** Pays, deploys, governs and submits; a real desk separates these roles. */
  client: SendClient;
  key: AgentKey;
  chainId: number;
  /** An ERC-20 with 6 decimals. */
  token: Address;
  recipient: Address;
  /** Folder of the sealed lane records. */
  folder: string;
  /** Puts tokens into the gate. */
  fund: (gate: Address) => Promise<void>;
}

/** Deploys a gate whose agent may send up to 100 USDC at a time to one recipient, and sends 25. */
export async function runAgent(parameters: AgentParameters) {
  const { client, key, chainId, token, recipient, folder, fund } = parameters;
  const me = client.account.address;

  // 1. The hidden policy and what hides it.
  const { policy, labels } = compilePolicy(`
name: payouts
chain: ${chainId}
assets: { USDC: { address: "${token}", decimals: 6 } }
budgets: { daily: { capacity: 500 USDC, refill: 24h } }
rules:
  - name: pay
    target: USDC
    call: transfer(address to, uint256 amount)
    where: { to: "${recipient}" }
    amount: amount
    max: 100 USDC
    charge: { daily: amount }
`);
  const committed = commitPolicy(withSalt(policy, randomFieldElement()));
  const secret = new Uint8Array(randomBytes(32));

  // 2. The gate: only commitments go on-chain.
  const { timelock } = await deployTimelock(client, {
    minDelay: 86_400n,
    proposers: [me],
    executors: [me],
  });
  const verifiers = await deployVerifiers(client);
  let first: State | undefined;
  const { gate } = await deployGate(client, {
    timelock,
    verifiers,
    guardian: me,
    submitters: [me],
    agent: key.onchain,
    riskFeed: zeroAddress,
    riskMaxAge: 0,
    maxDelay: 120,
    genesis: (moment) => {
      const lane = laneGenesis({ ...moment, lane: 0, committed, secret, fill: "empty" });
      first = lane.state;
      return [lane.rotation];
    },
  });
  await fund(gate);

  // 3. The signer, which knows the lane's state.
  const store = createFileLaneStore(folder, await SealIdentity.generate());
  const lane = { chainId, gate, lane: 0 };
  await replaceRecord(
    store,
    startRecord({ ...lane, epoch: 1, seq: 0n, state: first as State, quietUntil: 0n }),
  );
  const prover = createSnarkjsProver();
  const reader = createGateReader(client, { gate });
  const signer = createSigner({ ...lane, committed, secret, key, prover, reader, store, labels });

  // 4. An action: decided, proven, signed, executed.
  try {
    const pay = (amount: bigint) => ({
      target: token,
      value: 0n,
      data: encodeFunctionData({
        abi: erc20Abi,
        functionName: "transfer",
        args: [recipient, amount],
      }),
      submitter: me,
    });
    const verdict = await signer.check(pay(101_000_000n));
    const signed = await signer.sign(pay(25_000_000n));
    const { receipt } = await executeAction(client, { gate, signed });
    return { gate, overTheLimit: verdict, receipt };
  } finally {
    await prover.close();
  }
}
