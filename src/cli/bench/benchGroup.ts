import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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

/** Milliseconds of a distributed key generation, in processes of their own (`zkmandate node dkg`). */
export interface KeyGenerationBench {
  /** From when the last node listens to the end of the last process. */
  ceremony: Timing;
  /** From the start of the first process. */
  withStart: Timing;
}

export async function benchKeyGeneration(options: {
  threshold: number;
  nodes: number;
}): Promise<KeyGenerationBench> {
  const desk = await openGroupDesk({ ...options, dealt: false });
  try {
    const [samples, withStart]: [number[], number[]] = [[], []];
    for (let n = 0; n < KEY_GENERATIONS; n++) {
      const session = `0x${randomBytes(32).toString("hex")}`;
      const start = performance.now();
      const nodes = desk.members.map(({ participant }) =>
        desk.run(participant, ["dkg", "--session", session]),
      );
      await Promise.all(desk.members.map(({ port }) => listening(port)));
      const listened = performance.now();
      for (const { exited, log } of nodes) {
        if ((await exited) !== 0) throw new Error(`a node made no key: ${log()}`);
      }
      samples.push(performance.now() - listened);
      withStart.push(performance.now() - start);
      // A key that exists is not overwritten.
      for (const { folder } of desk.members) await rm(nodeFiles(folder).share);
    }
    return { ceremony: summarize(samples), withStart: summarize(withStart) };
  } finally {
    await desk.close();
  }
}

/** Waits until somebody listens at a port of this machine, for a minute at most. */
async function listening(port: number): Promise<void> {
  const ended = performance.now() + 60_000;
  for (;;) {
    const socket = connect({ host: "127.0.0.1", port });
    try {
      await once(socket, "connect");
      return;
    } catch (error) {
      if (performance.now() > ended) throw error;
    } finally {
      socket.destroy();
    }
    await sleep(50);
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
