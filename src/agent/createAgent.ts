import { isAddressEqual, isHash } from "viem";
import { OutcomeUnknownError, RequestRefusedError } from "../errors/agent.ts";
import { IdempotencyConflictError, JournalUnavailableError } from "../errors/journal.ts";
import { laneName } from "../journal/laneRecords.ts";
import type { NewRequest, RequestRecord } from "../journal/request.ts";
import { explainDenial } from "../policy/explain.ts";
import { readManifest } from "../prover/manifest.ts";
import { createAccountWorker } from "./accountWorker.ts";
import type { Agent, AgentRequest, GateId, ServedGate } from "./agent.ts";
import { budgetHeadroom } from "./budgets.ts";
import { createLaneWorker, isOutdated, type LaneWorker } from "./laneWorker.ts";
import { createLedger } from "./ledger.ts";
import { quietObserver } from "./observer.ts";
import { type AgentGate, type CreateAgentParameters, defaultTuning } from "./options.ts";
import { createPauses, pausedError } from "./pauses.ts";
import type { Reason } from "./reasons.ts";
import { createSignedLimit } from "./signedLimit.ts";
import { createSubmitter } from "./submitter.ts";

/** A gate with what works for it in this process. */
interface GateAtWork {
  gate: AgentGate;
  served: ServedGate;
  workers: readonly LaneWorker[];
}

const refuse = (reason: Reason, message: string) => new RequestRefusedError({ reason, message });

/** Where a request is when its transaction was sent. */
const sent = new Set<RequestRecord["status"]>(["submitted", "landed", "final"]);

/**
 * Starts an agent: takes the lanes that no other process has, brings the journal up to the chain, and goes on
 * with what is queued, signed and sent.
 *
 * @param parameters.gates journal, prover and keys stay the caller's to close, after the agent
 * @throws {JournalUnavailableError} if the journal cannot be read or written
 *
 * @example
 * const agent = await createAgent({ gates, journal, prover, owner: randomUUID() });
 * const { transactions } = await agent.send({ chainId, gate, call, principal: "desk" });
 * await agent.close();
 */
export async function createAgent(parameters: CreateAgentParameters): Promise<Agent> {
  const { gates, journal, prover, owner } = parameters;
  const { options = {} } = parameters;
  const tuning = { ...defaultTuning, ...options };
  const observer = quietObserver(parameters.observer ?? {});
  const manifest = parameters.manifest ?? (await readManifest());
  const ledger = createLedger({ journal, manifest, observer });
  const pauses = createPauses(journal.pauses);
  await pauses.refresh();

  const lookEverywhere = () => {
    for (const { look } of atWork.flatMap(({ workers }) => workers)) look();
  };
  const accounts = new Map(
    gates.map((gate) => [
      accountName(gate),
      createAccountWorker({
        chainId: gate.chainId,
        client: gate.client,
        key: gate.submitterKey,
        isPaused: (address) => pauses.isPaused({ chainId: gate.chainId, gate: address }),
        onMined: lookEverywhere,
        onProblem: (error) => observer.onProblem?.({ where: "account", error }),
        ...{ journal, ledger, tuning, owner },
      }),
    ]),
  );
  const atWork: GateAtWork[] = gates.map((gate) => {
    const submitter = createSubmitter({
      chainId: gate.chainId,
      client: gate.client,
      key: gate.submitterKey,
      transactions: journal.transactions,
      tuning,
    });
    const shared = { gate, journal, ledger, pauses, submitter, tuning, observer, owner, prover };
    return {
      gate,
      served: {
        name: gate.name,
        chainId: gate.chainId,
        gate: gate.gate,
        lanes: gate.lanes.map(({ lane }) => lane),
        submitter: submitter.address,
      },
      workers: gate.lanes.map((lane) => createLaneWorker({ ...shared, lane })),
    };
  });
  const workers = atWork.flatMap((each) => each.workers);
  const { maxSignedPerPrincipal } = tuning;
  const signedLimit = createSignedLimit(journal.requests, workers, maxSignedPerPrincipal);
  let isClosing = false;

  const audit = (
    event: "started" | "stopped" | "paused" | "resumed" | "reloaded",
    principal: string,
    which: GateId | "*" = "*",
  ) =>
    journal.audit.append({
      event,
      at: Date.now(),
      principal,
      ...(which !== "*" && { chainId: which.chainId, gate: which.gate }),
    });

  /** Where a request goes: the named lane, or the least busy of those that work. */
  function place(request: AgentRequest): { at: GateAtWork; worker: LaneWorker } {
    const at = atWork.find(
      ({ gate }) => gate.chainId === request.chainId && isAddressEqual(gate.gate, request.gate),
    );
    if (!at) throw refuse("unknown-gate", "No such gate is served");
    const candidates = at.workers.filter(
      ({ id }) => request.lane === undefined || id.lane === request.lane,
    );
    const busyness = (worker: LaneWorker) => {
      const { isOwned, state } = worker.report(0);
      return (isOwned ? 0 : 1e6) + (state === "blocked" ? 1e9 : 0) + worker.load();
    };
    const [worker] = candidates.toSorted((a, b) => busyness(a) - busyness(b));
    if (!worker) throw refuse("unknown-lane", `The gate has no lane ${request.lane} here`);
    return { at, worker };
  }

  async function accept(kind: "sign" | "send", request: AgentRequest): Promise<RequestRecord> {
    if (isClosing) throw refuse("closing", "The service is shutting down");
    const { at, worker } = place(request);
    const { principal, idempotencyKey, call, validFor } = request;
    const submitter = kind === "sign" ? request.submitter : undefined;
    const wanted: NewRequest = {
      ...worker.id,
      ...{ kind, principal, idempotencyKey, call, validFor },
      submitter: submitter ?? at.served.submitter,
    };
    worker.prepare();
    // What was accepted before is told of, whatever is refused now: a refusal says that nothing was done.
    const known = await journal.requests.find(wanted).catch(throwRefusal);
    if (known) return known;
    if (pauses.isPaused(worker.id)) {
      const { chainId, gate, lane } = worker.id;
      const where = { chainId, gate, lane, reason: "paused" };
      await journal.audit.append({ event: "refused", at: Date.now(), principal, ...where });
      throw pausedError();
    }
    await assertRoom(worker);
    const add = () =>
      ledger.add(wanted).catch((cause: unknown) => {
        if (!(cause instanceof JournalUnavailableError)) throw throwRefusal(cause);
        throw new OutcomeUnknownError({ hasKey: idempotencyKey !== undefined, cause });
      });
    const { request: recorded, isNew } = await (kind === "sign"
      ? signedLimit.withRoom(principal, add)
      : add());
    if (isNew) worker.added();
    return recorded;
  }

  async function assertRoom(worker: LaneWorker): Promise<void> {
    const { maxQueued } = tuning;
    // What is open here is at least what is queued here; only then is it worth counting.
    if (worker.load() < maxQueued) return;
    const { queued = 0 } = await journal.requests.count(worker.id);
    if (queued >= maxQueued) throw refuse("queue-full", "Too many requests wait for the lane");
  }

  function waitingOf({ chainId, gate, signal }: AgentRequest, lane: number) {
    const name = laneName({ chainId, gate, lane });
    const worker = workers.find(({ id }) => laneName(id) === name);
    return { signal, isOwn: () => worker?.report(0).isOwned === true };
  }

  const timer = setInterval(() => {
    pauses.refresh().catch((error: unknown) => observer.onProblem?.({ where: "pauses", error }));
  }, tuning.leaseTtl / 3);

  await audit("started", "service");
  for (const account of accounts.values()) account.start();
  for (const worker of workers) worker.start();

  return {
    gates: () => atWork.map(({ served }) => served),

    async check(request) {
      const { at, worker } = place(request);
      const submitter = request.submitter ?? at.served.submitter;
      const { call, validFor } = request;
      const ask = async () => {
        const { signer, mandate } = await worker.opened();
        return { mandate, verdict: await signer.check({ ...call, submitter, validFor }) };
      };
      const { mandate, verdict } = await ask().catch(async (error: unknown) => {
        // Whoever owns the lane notices a rotation by himself.
        if (worker.report(0).isOwned || !isOutdated(error)) throw error;
        await worker.reload();
        return ask();
      });
      return {
        lane: worker.id.lane,
        verdict,
        explanation: verdict.allowed ? [] : explainDenial(verdict.rules, mandate.labels),
      };
    },

    async sign(request) {
      const { id, lane } = await accept("sign", request);
      const isSigned = ({ signed, failure }: RequestRecord) => !!signed && !failure;
      return ledger.reached(id, isSigned, waitingOf(request, lane));
    },

    async send(request) {
      const { id, lane } = await accept("send", request);
      return ledger.reached(id, ({ status }) => sent.has(status), waitingOf(request, lane));
    },

    status: (idOrTransaction) =>
      isHash(idOrTransaction)
        ? journal.requests.byTransaction(idOrTransaction)
        : journal.requests.get(idOrTransaction),

    lanes: () =>
      Promise.all(
        workers.map(async (worker) => {
          const counted = await journal.requests.count(worker.id).catch(() => undefined);
          return worker.report(counted ? (counted.queued ?? 0) : worker.load());
        }),
      ),

    async budgets() {
      if (!tuning.reportBudgets) return [];
      const reports = await Promise.all(
        workers.map(async ({ id, opened }) => {
          const { signer, mandate } = await opened();
          const { levels, time } = await signer.standing();
          const { policy } = mandate.committed;
          return budgetHeadroom(policy, levels, time).map((each) => ({ ...id, ...each }));
        }),
      );
      return reports.flat();
    },

    async pause(gate, principal) {
      await pauses.set(gate, true);
      for (const worker of workers) worker.wake();
      await audit("paused", principal, gate);
    },

    async resume(gate, principal) {
      await audit("resumed", principal, gate);
      await pauses.set(gate, false);
      for (const worker of workers) worker.wake();
      await pauses.refresh();
      const single = gates.filter((each) => pauses.has(each)).map(({ name }) => name);
      return { stillPaused: gate === "*" ? single : pauses.has("*") ? ["*"] : [] };
    },

    async reload(principal) {
      await Promise.all(workers.map(({ reload }) => reload()));
      await audit("reloaded", principal);
    },

    async close() {
      if (isClosing) return;
      isClosing = true;
      clearInterval(timer);
      ledger.close();
      await Promise.all([
        ...workers.map((worker) => worker.stop()),
        ...[...accounts.values()].map((account) => account.stop()),
      ]);
      await audit("stopped", "service").catch((error: unknown) =>
        observer.onProblem?.({ where: "close", error }),
      );
    },
  };
}

function throwRefusal(error: unknown): never {
  if (!(error instanceof IdempotencyConflictError)) throw error;
  throw refuse("idempotency-conflict", error.shortMessage);
}

const accountName = ({ chainId, submitterKey }: AgentGate) => `${chainId}-${submitterKey.address}`;
