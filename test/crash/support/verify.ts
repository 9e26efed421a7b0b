/**
 * What must hold whatever was killed when. Witnesses are the chain, the node that saw every transaction leave,
 * the clients' logs and copies of the journal from in between; the journal is held against them.
 */
import { join } from "node:path";
import {
  type Address,
  hexToBigInt,
  isAddressEqual,
  keccak256,
  parseTransaction,
  recoverTransactionAddress,
} from "viem";
import { call as ethCall, getTransactionCount } from "viem/actions";
import type { AuditEntry } from "../../../src/audit/auditEntry.ts";
import { verifyAuditLog } from "../../../src/audit/hashChain.ts";
import { gateEvents } from "../../../src/chain/gateEvents.ts";
import { readLane } from "../../../src/chain/readLane.ts";
import { recoverState } from "../../../src/chain/recoverState.ts";
import { loadMandate } from "../../../src/cli/mandates.ts";
import { loadWorkspace } from "../../../src/cli/workspace.ts";
import type { DatabaseJournal } from "../../../src/journal/databaseJournal.ts";
import { loadSealIdentity } from "../../../src/keys/sealed.ts";
import { stateCommitment } from "../../../src/state/state.ts";
import { passphrase } from "../../server/support/desk.ts";
import type { Archive } from "./archive.ts";
import { CHAIN_ID, type CrashWorld } from "./crashWorld.ts";
import { checkDigests, checkLiveDigests } from "./digests.ts";
import type { Evidence } from "./evidence.ts";

/** What was found, as figures; and what does not hold. */
export interface Findings {
  orders: number;
  executed: number;
  denied: number;
  failed: number;
  expired: number;
  /** Different signed calls that were ever seen. */
  signedCalls: number;
  /** Of them, those whose sequence number an earlier digest had that was dead. */
  signedAnew: number;
  /** Versions of outer transactions that left. */
  broadcast: number;
  nonces: number;
  auditEntries: number;
  /** Empty, or something is wrong. */
  violations: string[];
}

/**
 * Holds journal, chain and witnesses against each other. To be called when every order has ended, everything
 * is final, and no process runs.
 */
export async function verifyWorld(
  world: CrashWorld,
  journal: DatabaseJournal,
  archive: Archive,
): Promise<Findings> {
  await archive.collect(journal);
  const violations: string[] = [];
  const executed: Evidence["executed"][number][] = [];
  for await (const event of gateEvents(world.chain, { gate: world.desk.gate, fromBlock: 0n })) {
    if (event.eventName === "ActionExecuted") executed.push(event);
  }
  const evidence: Evidence = {
    ...{ world, journal, archive, executed },
    requests: await journal.requests.list({}),
    signed: [...archive.signed]
      .map(([calldata, call]) => ({ ...call, calldata }))
      .toSorted((a, b) => Number(a.seq - b.seq) || Number(a.proof.time - b.proof.time)),
    violate: (what) => violations.push(what),
  };
  checkWitnessed(evidence);
  const signedAnew = checkLiveDigests(evidence, await checkDigests(evidence));
  checkOrders(evidence);
  checkExecutions(evidence);
  await checkLanes(evidence);
  const nonces = await checkNonces(evidence);
  await checkReplays(evidence);
  const auditEntries = await checkAudit(evidence);
  const count = (status: string) =>
    evidence.requests.filter((request) => request.status === status).length;
  return {
    orders: world.client.logs.length,
    executed: executed.length,
    denied: count("denied"),
    failed: count("failed"),
    expired: count("expired"),
    signedCalls: evidence.signed.length,
    signedAnew,
    broadcast: world.witness.sent.size,
    nonces,
    auditEntries,
    violations,
  };
}

/** Whatever left was durable: the node and the clients have seen nothing that the journal never had. */
function checkWitnessed({ world, archive, violate }: Evidence): void {
  const { witness, client, desk } = world;
  for (const [hash, raw] of witness.sent) {
    const { to, data } = parseTransaction(raw);
    if (!to || !isAddressEqual(to, desk.gate)) continue;
    if (!data || !archive.signed.has(data)) violate(`transaction ${hash} carries an unknown call`);
  }
  for (const log of client.logs) {
    for (const { digest, seq, lane, epoch, transaction } of log.signed) {
      const known = archive.signed.get(transaction.data);
      const isSame =
        known?.digest === digest &&
        known.seq === hexToBigInt(seq) &&
        known.epoch === epoch &&
        known.proof.lane === lane;
      if (!isSame) violate(`${log.key} was handed a call that the journal has otherwise`);
    }
  }
}

/** Every order is one request, which has ended; what clients were told is what the journal says. */
function checkOrders({ world, requests, violate }: Evidence): void {
  const ended = new Set(["final", "landed", "denied", "failed", "expired"]);
  const byKey = Map.groupBy(requests, ({ idempotencyKey }) => idempotencyKey);
  for (const log of world.client.logs) {
    const [request, other] = byKey.get(log.key) ?? [];
    if (!request) {
      violate(`${log.key} was lost`);
      continue;
    }
    if (other) violate(`${log.key} was recorded twice`);
    if (!ended.has(request.status)) violate(`${log.key} has not ended: ${request.status}`);
    for (const id of log.requests) {
      if (id !== request.id) violate(`${log.key} was told of two requests`);
    }
    for (const hash of log.hashes) {
      if (!request.transactions.includes(hash)) violate(`${log.key} was told a hash that is gone`);
    }
    if (log.refused !== undefined && request.failure?.reason !== log.refused) {
      // What was reported as failed may have landed all the same; nothing else may have changed.
      const hasLanded = request.status === "landed" || request.status === "final";
      const mayChange = log.refused !== "denied" && request.signed !== undefined && hasLanded;
      if (!mayChange) violate(`${log.key} was refused (${log.refused}), and is ${request.status}`);
    }
  }
  if (byKey.size !== world.client.logs.length) violate("there are requests that nobody has made");
}

/** Actions on the chain and requests that have landed are one to one. */
function checkExecutions({ executed, requests, signed, violate }: Evidence): void {
  const landed = requests.filter(({ status }) => status === "landed" || status === "final");
  const unmatched = new Set(landed.map(({ id }) => id));
  for (const { args } of executed) {
    const where = `lane ${args.lane}, ${args.seq}`;
    // No two orders are alike, so the call names its order.
    const asked = requests.filter(
      ({ call }) =>
        isAddressEqual(call.target, args.target) &&
        call.value === args.value &&
        keccak256(call.data) === args.dataHash,
    );
    const [request, other] = asked;
    if (!request || other) {
      violate(`${where}: ${asked.length} requests for what was executed`);
      continue;
    }
    if (!unmatched.delete(request.id)) {
      violate(`${where}: executed twice, or although it is ${request.status}: ${request.id}`);
    }
    const isTheirs =
      request.signed?.seq === args.seq && request.signed.proof.stateNew === args.stateNew;
    if (!isTheirs) violate(`${where}: another call of ${request.id} was executed than is recorded`);
    if (!signed.some(({ proof }) => proof.stateNew === args.stateNew)) {
      violate(`${where}: executed, and never recorded as signed`);
    }
  }
  for (const id of unmatched) violate(`${id} is reported as landed, and was not executed`);
}

/** Records, the chain alone and the sum of what was paid lead to one and the same state. */
async function checkLanes({ world, journal, executed, violate }: Evidence): Promise<void> {
  const { chain, desk, keeper } = world;
  const { gate, folder } = desk;
  const workspace = await loadWorkspace(folder);
  const identity = await loadSealIdentity(join(folder, "secrets", "identity.age"), passphrase);
  for (const id of world.laneIds) {
    const { lane } = id;
    const onchain = await readLane(chain, { gate, lane });
    const { committed, secret } = await loadMandate(workspace, identity, onchain.policy);
    const { record: recovered } = await recoverState(chain, {
      ...{ gate, lane, committed, secret, fromBlock: 0n },
    });
    const record = await journal.lanes.read(id);
    if (!record) {
      violate(`lane ${lane} has no record`);
      continue;
    }
    const states = [record.state, ...record.pending.map(({ stateNew }) => stateNew)];
    const stands = states.findIndex((state) => stateCommitment(state) === onchain.state);
    if (stands < 0 || record.seq + BigInt(stands) !== onchain.seq) {
      violate(`lane ${lane}: the record does not lead to the chain's state`);
      continue;
    }
    const { time } = keeper.latest();
    for (const { deadline, digest } of record.pending.slice(stands)) {
      if (deadline >= time) violate(`lane ${lane}: ${digest} can still land`);
    }
    const theirs = executed.filter(({ args }) => args.lane === lane);
    if (BigInt(theirs.length) !== onchain.seq) violate(`lane ${lane}: not every event is there`);
    const spent = theirs.reduce((sum, { args }) => sum + args.value, 0n);
    const { charges } = committed.policy.rules[0] as (typeof committed.policy.rules)[number];
    const [charge] = charges;
    for (const [name, { levels }] of [
      ["record", states[stands] as (typeof states)[number]],
      ["chain", recovered.state],
    ] as const) {
      const level = levels[charge?.budget ?? 0]?.level;
      if (level !== spent * (charge?.perAmount ?? 0n)) {
        violate(`lane ${lane}: the ${name} says ${level} was spent, and ${spent} wei were`);
      }
    }
  }
}

/** Every nonce that was taken is used, once, by a transaction that is recorded; nothing waits behind a hole. */
async function checkNonces(evidence: Evidence): Promise<number> {
  const { world, journal, violate } = evidence;
  const { chain, witness, submitter } = world;
  const open = await journal.transactions.open(CHAIN_ID, submitter);
  for (const { nonce } of open) violate(`nonce ${nonce} is still open`);
  const used = await getTransactionCount(chain, { address: submitter });
  const nonces = new Set<number>();
  for (const raw of witness.sent.values()) {
    const from = await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` });
    if (!isAddressEqual(from, submitter)) violate(`a transaction of ${from} left`);
    nonces.add(parseTransaction(raw).nonce ?? 0);
  }
  if (nonces.size !== used || nonces.size !== Math.max(-1, ...nonces) + 1) {
    violate(`${used} nonces are used, ${nonces.size} left, up to ${Math.max(-1, ...nonces)}`);
  }
  return used;
}

/** Nothing that was ever signed can land any more, or again. */
async function checkReplays({ world, signed, violate }: Evidence): Promise<void> {
  const { chain, desk, submitter } = world;
  for (const { calldata, digest } of signed) {
    const account = submitter as Address;
    const isRefused = await ethCall(chain, { account, to: desk.gate, data: calldata }).then(
      () => false,
      () => true,
    );
    if (!isRefused) violate(`${digest} can land (again)`);
  }
}

/** The log is whole, goes through every point where it was looked at, and tells of all that was executed. */
async function checkAudit(evidence: Evidence): Promise<number> {
  const { journal, archive, executed, requests, signed, violate } = evidence;
  const entries: AuditEntry[] = [];
  for await (const entry of journal.audit.read()) entries.push(entry);
  const result = await verifyAuditLog(entries);
  if (!result.isIntact) violate(`audit log, entry ${result.index}: ${result.problem}`);
  for (const { index, hash } of archive.checkpoints) {
    if (entries[index - 1]?.hash !== hash) violate(`audit log: entry ${index} was replaced`);
  }
  const events = new Set(entries.map(({ event, request }) => `${event} ${request}`));
  const told = new Set(entries.flatMap(({ event, digest }) => (event === "signed" ? digest : [])));
  const digests = new Map(signed.map(({ proof, digest }) => [proof.stateNew, digest]));
  for (const { args } of executed) {
    const digest = digests.get(args.stateNew);
    if (!digest || !told.has(digest)) violate(`audit log: ${digest} was executed, not signed`);
  }
  const expected: Record<string, string> = {
    ...{ landed: "landed", final: "landed", denied: "denied", expired: "failed" },
  };
  for (const { id, status, signed: call } of requests) {
    const event = expected[status] ?? (call ? "failed" : "refused");
    if (!events.has(`${event} ${id}`)) violate(`audit log: ${id} is ${status}, not ${event}`);
  }
  // What ends a request for good is recorded with the entry that says so, and so is said once.
  const ended = entries.filter(({ event }) => event === "denied" || event === "refused");
  for (const [i, { event, request, index }] of ended.entries()) {
    if (request === undefined) continue;
    const isSaid = ended.slice(0, i).some((other) => other.request === request);
    if (isSaid) violate(`audit log, entry ${index}: ${request} is ${event} once more`);
  }
  return entries.length;
}
