import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Address,
  encodeFunctionData,
  type Hex,
  hexToBigInt,
  keccak256,
  parseAbi,
  parseEther,
  zeroAddress,
} from "viem";
import { challenge } from "../../action/digest.ts";
import { gateVerifierAbi } from "../../chain/abi/gateVerifier.ts";
import { policyAccountAbi } from "../../chain/abi/policyAccount.ts";
import { deployContract } from "../../chain/deployContract.ts";
import { deployGate } from "../../chain/deployGate.ts";
import { deployTimelock } from "../../chain/deployTimelock.ts";
import { deployVerifiers } from "../../chain/deployVerifiers.ts";
import { executeAction } from "../../chain/executeAction.ts";
import { createGateReader } from "../../chain/gateReader.ts";
import { laneGenesis } from "../../chain/rotation.ts";
import { ecdsaKey } from "../../keys/ecdsaKey.ts";
import { splitKey } from "../../keys/frost/dealer.ts";
import { groupKeyId } from "../../keys/frost/group.ts";
import { combineShares, ShareSigner } from "../../keys/frost/signing.ts";
import { SealIdentity } from "../../keys/sealed.ts";
import type { Prover } from "../../prover/prover.ts";
import { createFileLaneStore } from "../../signer/fileLaneStore.ts";
import type { SignedGateCall } from "../../signer/gateCall.ts";
import { createSigner } from "../../signer/signer.ts";
import { startRecord } from "../../state/laneStore.ts";
import type { State } from "../../state/state.ts";
import type { Desk } from "../demo/desk.ts";
import { openDesk } from "../demo/desk.ts";
import { sellCall } from "../demo/market.ts";
import { benchCalldata, benchPolicy } from "./benchPolicy.ts";

/** A holder whose balance is not 0, so that a transfer changes storage and allocates none. */
const HOLDER: Address = "0x9ec1000000000000000000000000000000000002";
const MAX_DELAY = 300;
const meterAbi = parseAbi([
  "function measure(address callee, bytes data) view returns (uint256 used, bool success, bytes result)",
]);
/** Made by `npm run build:contracts`. */
const meterArtifact = new URL(
  "../../../build/artifacts/contracts/test/GasMeter.sol/GasMeter.json",
  import.meta.url,
);

const schnorrAbi = parseAbi([
  "function setKey(uint256 px)",
  "function meter(bytes32 digest, bytes signature) view returns (uint256 used, bool valid)",
]);
const schnorrArtifact = new URL(
  "../../../build/artifacts/contracts/test/SchnorrHarness.sol/SchnorrHarness.json",
  import.meta.url,
);

type Eight = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

/** Gas of whole transactions, and of two parts executed alone with warm storage. */
export interface GasBench {
  /** One call of the gate circuit's verifier. */
  verify: number;
  /** Bounds, context vector, digest and fingerprint, read through `digestOf`. */
  context: number;
  /** A gated transfer of an ERC-20 to an existing holder, without feeds. */
  erc20Transfer: number;
  /** The same on a gate with a risk feed. */
  erc20TransferRisk: number;
  /** A gated Uniswap v3 `exactInputSingle` with price band and risk feed. */
  uniswapSwap: number;
  /** Verifying a Schnorr group's signature alone, its key's cold slot included. */
  schnorr: number;
  deployGate: number;
  deployVerifiers: number;
}

/** Transfers WETH twice through a gate of its own; the second transfer is what a desk pays each day. */
async function gatedTransfers(desk: Desk, prover: Prover, riskFeed: Address) {
  const { local, market } = desk;
  const sender = await local.createSender();
  const chainId = local.chain.id;
  const token = market.uniswap.weth;
  const { timelock } = await deployTimelock(sender, {
    minDelay: 60n,
    proposers: [],
    executors: [],
  });
  const { gasUsed: verifierGas, ...verifiers } = await deployVerifiers(sender);
  const key = ecdsaKey(new Uint8Array(32).fill(1));
  const committed = benchPolicy({ circuit: "gate", chainId, token });
  const secret = new Uint8Array(32).fill(2);
  let genesis: State | undefined;
  const { gate, gasUsed } = await deployGate(sender, {
    timelock,
    verifiers,
    guardian: zeroAddress,
    submitters: [sender.account.address],
    agent: key.onchain,
    riskFeed,
    riskMaxAge: riskFeed === zeroAddress ? 0 : 7 * 86_400,
    maxDelay: MAX_DELAY,
    genesis: (moment) => {
      const opened = laneGenesis({ ...moment, lane: 0, committed, secret, fill: "empty" });
      genesis = opened.state;
      return [opened.rotation];
    },
  });
  await market.fund(gate, parseEther("1"));
  await market.fund(HOLDER, 1n);

  const folder = await mkdtemp(join(tmpdir(), "zkmandate-bench-"));
  try {
    const store = createFileLaneStore(folder, await SealIdentity.generate());
    const lane = { chainId, gate, lane: 0 };
    await store.write(
      startRecord({ ...lane, epoch: 1, seq: 0n, state: genesis as State, quietUntil: 0n }),
    );
    const signer = createSigner({
      ...lane,
      committed,
      secret,
      key,
      prover,
      reader: createGateReader(local.control, { gate }),
      store,
    });
    const transfer = async (amount: bigint) => {
      const signed = await signer.sign({
        target: token,
        value: 0n,
        data: benchCalldata("gate", HOLDER, amount),
        submitter: sender.account.address,
      });
      return { signed, send: () => executeAction(sender, { gate, signed }) };
    };
    await (await transfer(123_456_789n)).send();
    const second = await transfer(123_456_788n);
    const parts = await measureParts(desk, {
      gate,
      verifier: verifiers.gate,
      signed: second.signed,
    });
    const { receipt } = await second.send();
    return { total: receipt.gasUsed, parts, verifierGas, gateGas: gasUsed };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Verifier and context alone, called twice from a meter so that everything is warm. */
async function measureParts(
  { local }: Desk,
  { gate, verifier, signed }: { gate: Address; verifier: Address; signed: SignedGateCall },
) {
  const { bytecode } = JSON.parse(await readFile(meterArtifact, "utf8")) as { bytecode: Hex };
  const { address } = await deployContract(await local.createSender(), {
    name: "GasMeter",
    abi: meterAbi,
    bytecode,
  });
  const measure = async (callee: Address, data: Hex) => {
    const [used, success] = await local.control.readContract({
      address,
      abi: meterAbi,
      functionName: "measure",
      args: [callee, data],
    });
    if (!success) throw new Error(`the measured call of ${callee} failed`);
    return Number(used);
  };
  const { call } = signed;
  const points = signed.proof.points as Eight;
  const proof = { ...signed.proof, points };
  const [, , y] = await local.control.readContract({
    address: gate,
    abi: policyAccountAbi,
    functionName: "digestOf",
    args: [call, proof],
  });
  const z = challenge(signed.digest);
  return {
    verify: await measure(
      verifier,
      encodeFunctionData({
        abi: gateVerifierAbi,
        functionName: "verifyProof",
        args: [points, proof.contextCommitment, z, y],
      }),
    ),
    context: await measure(
      gate,
      encodeFunctionData({ abi: policyAccountAbi, functionName: "digestOf", args: [call, proof] }),
    ),
  };
}

/** A signature of a 2-of-3 group, verified in a contract of its own. */
async function measureSchnorr({ local }: Desk): Promise<number> {
  const { bytecode } = JSON.parse(await readFile(schnorrArtifact, "utf8")) as { bytecode: Hex };
  const sender = await local.createSender();
  const contract = { name: "SchnorrHarness", abi: schnorrAbi, bytecode };
  const { address } = await deployContract(sender, contract);
  const { group, shares } = splitKey(new Uint8Array(32).fill(3), {
    threshold: 2,
    participants: [1, 2, 3],
  });
  const hash = await sender.writeContract({
    address,
    abi: schnorrAbi,
    functionName: "setKey",
    args: [hexToBigInt(groupKeyId(group))],
  });
  await local.control.waitForTransactionReceipt({ hash });
  const store = { markUsed: async () => {} };
  const signers = shares.slice(1).map((share) => new ShareSigner({ group, share, store }));
  const request = {
    key: groupKeyId(group),
    epoch: group.epoch,
    digest: keccak256("0x01"),
    commitments: signers.map((signer) => signer.commit()),
  };
  const answers = await Promise.all(signers.map((signer) => signer.sign(request)));
  const byParticipant = new Map(answers.map((answer) => [answer.participant, answer]));
  const [used, valid] = await local.control.readContract({
    address,
    abi: schnorrAbi,
    functionName: "meter",
    args: [request.digest, combineShares(group, request, byParticipant)],
  });
  if (!valid) throw new Error("the measured signature does not verify");
  return Number(used);
}

/** A swap of the demo's desk: the second of two. */
async function gatedSwap(desk: Desk): Promise<bigint> {
  const { gate, market, relayer } = desk;
  const signer = desk.signer(desk.epoch, 0);
  const submitter = relayer.account.address;
  const run = async (call: { target: Address; value: bigint; data: Hex }) => {
    const signed = await signer.sign({ ...call, submitter });
    return (await executeAction(relayer, { gate, signed })).receipt.gasUsed;
  };
  await run({
    target: market.uniswap.weth,
    value: 0n,
    data: encodeFunctionData({
      abi: parseAbi(["function approve(address spender, uint256 amount)"]),
      functionName: "approve",
      args: [market.uniswap.router, parseEther("100")],
    }),
  });
  await run(sellCall(market, { weth: parseEther("1"), recipient: gate }));
  return run(sellCall(market, { weth: parseEther("1"), recipient: gate }));
}

/** Measures gas on a local chain with real proofs, real Uniswap v3 and real WETH. */
export async function benchGas(prover: Prover): Promise<GasBench> {
  const desk = await openDesk();
  try {
    const uniswapSwap = await gatedSwap(desk);
    const plain = await gatedTransfers(desk, prover, zeroAddress);
    const risk = await gatedTransfers(desk, prover, desk.market.volatility);
    return {
      ...plain.parts,
      erc20Transfer: Number(plain.total),
      erc20TransferRisk: Number(risk.total),
      uniswapSwap: Number(uniswapSwap),
      schnorr: await measureSchnorr(desk),
      deployGate: Number(plain.gateGas),
      deployVerifiers: Number(plain.verifierGas),
    };
  } finally {
    await desk.close();
  }
}
