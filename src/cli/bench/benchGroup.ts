import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { executeAction } from "../../chain/executeAction.ts";
import { createGateReader } from "../../chain/gateReader.ts";
import { recoverState } from "../../chain/recoverState.ts";
import type { AgentKey } from "../../keys/keys.ts";
import { createGroupKey } from "../../node/groupKey.ts";
import type { Prover } from "../../prover/prover.ts";
import { createFileLaneStore } from "../../signer/fileLaneStore.ts";
import { createSigner, type SignerOptions } from "../../signer/signer.ts";
import { nodeFiles } from "../nodeFolder.ts";
import { type GroupDesk, openGroupDesk } from "./groupDesk.ts";
import { summarize, type Timing } from "./measure.ts";

/** The runs before the counted ones: code is compiled at the nodes, too. */
const WARM_UP_RUNS = 10;

/**
 * Milliseconds from evidence to the group's signature: nodes in processes of their own (`zkmandate node serve`), TLS on
 * this machine, a local chain, and a proof that each node verifies. One action after the other, each landed.
 *
 * @param runs how many signatures count
 */
export async function benchGroup(
  options: { threshold: number; nodes: number },
  prover: Prover,
  runs: number,
): Promise<Timing> {
  const desk = await openGroupDesk(options);
  try {
    await Promise.all(desk.members.map(({ participant }) => desk.serve(participant)));
    const { group, members, coordinator, gate } = desk;
    const key = createGroupKey({ group, nodes: members, identity: coordinator });
    const samples: number[] = [];
    const timed: AgentKey = {
      ...{ kind: key.kind, address: key.address, onchain: key.onchain },
      async sign(digest, evidence) {
        const start = performance.now();
        const signature = await key.sign(digest, evidence);
        samples.push(performance.now() - start);
        return signature;
      },
      close: () => key.close(),
    };
    try {
      const signer = await signerOf(desk, timed, prover);
      for (let n = 1; n <= WARM_UP_RUNS + runs; n++) {
        const signed = await signer.sign(desk.transfer(BigInt(n)));
        await executeAction(desk.submitter, { gate, signed });
      }
    } finally {
      await key.close();
    }
    return summarize(samples.slice(WARM_UP_RUNS));
  } finally {
    await desk.close();
  }
}

/** How often a key is made: each takes seconds. */
const KEY_GENERATIONS = 3;

/**
 * Milliseconds of a distributed key generation, from the start of the first node's process (`zkmandate node dkg`) to the
 * end of the last one's.
 */
export async function benchKeyGeneration(options: {
  threshold: number;
  nodes: number;
}): Promise<Timing> {
  const desk = await openGroupDesk({ ...options, dealt: false });
  try {
    const samples: number[] = [];
    for (let n = 0; n < KEY_GENERATIONS; n++) {
      const session = `0x${randomBytes(32).toString("hex")}`;
      const start = performance.now();
      const nodes = desk.members.map(({ participant }) =>
        desk.run(participant, ["dkg", "--session", session]),
      );
      for (const { exited, log } of nodes) {
        if ((await exited) !== 0) throw new Error(`a node made no key: ${log()}`);
      }
      samples.push(performance.now() - start);
      // A key that exists is not overwritten.
      for (const { folder } of desk.members) await rm(nodeFiles(folder).share);
    }
    return summarize(samples);
  } finally {
    await desk.close();
  }
}

/** A signer of its own whose record is made from the chain, without the quiet time after a loss: there was none. */
export async function signerOf(
  desk: GroupDesk,
  key: AgentKey,
  prover: Prover,
  options: Pick<SignerOptions, "maxInFlight"> = {},
) {
  const { chain, chainId, gate, lane, committed, secret, folder, members } = desk;
  const [{ seal }] = members as [(typeof members)[0]];
  const store = createFileLaneStore(await mkdtemp(join(folder, "lanes-")), seal);
  const { control } = chain;
  const { record } = await recoverState(control, { gate, lane, committed, secret, fromBlock: 0n });
  await store.write({ ...record, quietUntil: 0n });
  const reader = createGateReader(control, { gate });
  return createSigner({
    ...{ chainId, gate, lane, committed, secret, key, prover, reader, store },
    ...options,
  });
}
