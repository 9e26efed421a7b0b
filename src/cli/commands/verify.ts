import { Command } from "commander";
import { type Address, type Hex, keccak256, recoverAddress, size } from "viem";
import { type CircuitName, circuits } from "../../action/circuits.ts";
import {
  contextCommitment,
  contextHash,
  contextVector,
  fingerprint,
} from "../../action/context.ts";
import { challenge, gatedActionDigest } from "../../action/digest.ts";
import { readGate } from "../../chain/readGate.ts";
import { readLane } from "../../chain/readLane.ts";
import { agentKeyKinds } from "../../keys/keys.ts";
import { SCHNORR_SIGNATURE_BYTES, verifySchnorr } from "../../keys/schnorr.ts";
import { verifyProof } from "../../prover/verify.ts";
import { agentOf, agentText } from "../agentKey.ts";
import { type Check, formatChecks, passed } from "../checks.ts";
import { action, type Cli, examples } from "../cli.ts";
import { readClient } from "../clients.ts";
import { exitCodes } from "../exitCodes.ts";
import { readSignedCall, type SignedCallFile } from "../signedCallFile.ts";

/** `zkmandate verify`: checks a signed call, with other code than made it. */
export function verifyCommand(): Command {
  return new Command("verify")
    .description(
      "Recomputes the context, the digest and the public inputs of a signed call, verifies the Groth16 proof " +
        "with the pinned verification key, and recovers the signer. With --onchain the call is also held " +
        "against the gate's storage. The policy is not needed. Ends with 1 if anything is wrong.",
    )
    .argument("<file>", "what `zkmandate prove` wrote")
    .option("--onchain", "compare with the gate's storage")
    .addHelpText(
      "after",
      examples(["zkmandate verify call.json", "zkmandate verify call.json --onchain --json"]),
    )
    .action(
      action<{ onchain?: boolean }>(async (cli, { onchain = false }, path) => {
        const file = await readSignedCall(path as string);
        const { checks, signer } = await checkSignedCall(file);
        if (onchain) checks.push(...(await checkOnchain(cli, file, signer)));
        const valid = passed(checks);
        return {
          data: { valid, signer, digest: file.signed.digest, checks },
          text: formatChecks(checks),
          exitCode: valid ? exitCodes.ok : exitCodes.error,
        };
      }),
    );
}

function check(name: string, ok: boolean, detail: string): Check {
  return { name, status: ok ? "ok" : "fail", detail };
}

async function checkSignedCall(
  file: SignedCallFile,
): Promise<{ checks: Check[]; signer?: Address }> {
  const { chainId, gate, context, signed } = file;
  const { call, proof } = signed;
  const names = Object.keys(circuits) as CircuitName[];
  const circuit = names.find((name) => circuits[name].id === proof.circuit);
  if (circuit === undefined) {
    return { checks: [check("circuit", false, `there is no circuit ${proof.circuit}`)] };
  }
  const { time, priceFeed, stateNew } = proof;
  const vector = contextVector(
    { chainId, gate, ...call, ...context, time, priceFeed, stateNew },
    circuits[circuit].words,
  );
  const c = contextCommitment(vector);
  const digest = gatedActionDigest(chainId, gate, {
    circuit: proof.circuit,
    contextHash: contextHash(vector),
    lane: proof.lane,
    epoch: signed.epoch,
    seq: signed.seq,
    dataHash: keccak256(call.data),
    deadline: proof.deadline,
    submitter: proof.submitter,
    contextCommitment: proof.contextCommitment,
  });
  const z = challenge(digest);
  const publicSignals = [c, z, fingerprint(vector, z)];
  const valid = await verifyProof(circuit, { circuit, points: proof.points, publicSignals });
  const signer = await signerOf(file);
  return {
    checks: [
      check("circuit", true, `${circuit} (${proof.circuit})`),
      check(
        "context",
        c === proof.contextCommitment,
        c === proof.contextCommitment
          ? "commitment recomputed"
          : "the commitment is of another context",
      ),
      check("digest", digest === signed.digest, digest),
      check(
        "proof",
        valid,
        valid ? "Groth16, pinned verification key" : "the proof does not verify",
      ),
      isSchnorr(file)
        ? {
            name: "signature",
            status: "skip",
            detail: "a group's; --onchain tells whether the gate's",
          }
        : check("signature", signer !== undefined, signer ?? "it recovers to no address"),
    ],
    ...(signer !== undefined && { signer }),
  };
}

const isSchnorr = ({ signed }: SignedCallFile) =>
  size(signed.signature) === SCHNORR_SIGNATURE_BYTES;

/** The address that an ECDSA signature recovers to; a Schnorr signature names nobody. */
async function signerOf(file: SignedCallFile): Promise<Address | undefined> {
  if (isSchnorr(file)) return undefined;
  const { digest, signature } = file.signed;
  return recoverAddress({ hash: digest, signature }).catch(() => undefined);
}

/** Whether a gate's agent signed a call. */
function isSignedBy(
  agent: { kind: number; id: Hex },
  { signed: { digest, signature } }: SignedCallFile,
  signer: Address | undefined,
): boolean {
  if (agent.kind === agentKeyKinds.schnorr) return verifySchnorr(agent.id, digest, signature);
  if (agent.kind !== agentKeyKinds.ecdsa || signer === undefined) return false;
  return BigInt(agentOf(signer).id) === BigInt(agent.id);
}

async function checkOnchain(
  cli: Cli,
  file: SignedCallFile,
  signer: Address | undefined,
): Promise<Check[]> {
  const { chainId, gate, context, signed } = file;
  const workspace = await cli.workspace();
  if (workspace.chain.id !== chainId) {
    return [check("chain", false, `the call is for chain ${chainId}, not ${workspace.chain.id}`)];
  }
  const client = await readClient(workspace);
  const [config, lane] = await Promise.all([
    readGate(client, { gate }),
    readLane(client, { gate, lane: signed.proof.lane }),
  ]);
  const agent = agentText(config.agent);
  const isAgent = isSignedBy(config.agent, file, signer);
  const compare = (name: string, expected: unknown, received: unknown) =>
    check(
      name,
      expected === received,
      expected === received ? `${received}` : `on-chain ${expected}, in the call ${received}`,
    );
  return [
    check("agent", isAgent, isAgent ? agent : `the gate's agent is ${agent}`),
    compare("epoch", config.epoch, signed.epoch),
    compare("sequence", lane.seq, signed.seq),
    compare("policy", lane.policy, context.policy),
    compare("state", lane.state, context.stateOld),
    check("paused", !config.paused, config.paused ? "the gate is paused" : "no"),
  ];
}
