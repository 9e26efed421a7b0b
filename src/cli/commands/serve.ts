import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { Command } from "commander";
import { parseGwei } from "viem";
import { createAgent } from "../../agent/createAgent.ts";
import { JournalSetBackError } from "../../errors/journal.ts";
import type { ServeConfig } from "../../server/config/serveConfig.ts";
import { createLogger, type Logger } from "../../server/logs/logger.ts";
import { startObservation } from "../../server/observation.ts";
import { type Service, startService } from "../../server/startService.ts";
import { action, examples } from "../cli.ts";
import { exitCodes } from "../exitCodes.ts";
import { done } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { openServedGates } from "../servedGates.ts";
import { type ServeFileOptions, serveConfig, serveFileOption } from "../serveFile.ts";
import { openServiceJournal } from "../serviceJournal.ts";
import { assertKeysAllowed, openServiceProver } from "../serviceProver.ts";

/** How often the workspaces note how far the journal goes. */
const MARK_INTERVAL_MS = 10_000;

/** `zkmandate serve`: the signer as a service. */
export function serveCommand(): Command {
  const command = new Command("serve").description(
    "Runs the signer as a service: JSON-RPC for wallets and bots, a journal that survives crashes, several " +
      "gates and lanes. Logs go to stderr, one JSON object a line. SIGTERM and SIGINT let what is under way " +
      "end, a second one does not wait; SIGHUP reads tokens, certificate and policies anew.",
  );
  return passphraseOptions(serveFileOption(command))
    .addHelpText(
      "after",
      examples([
        "zkmandate serve",
        "zkmandate serve -c /etc/zkmandate/serve.yaml --passphrase-fd 3",
      ]),
    )
    .action(
      action<PassphraseOptions & ServeFileOptions>(async (cli, options) => {
        const config = await serveConfig(cli, options);
        const log = createLogger(config.log);
        const observation = await startObservation(config, log);
        const toClose: (() => Promise<void>)[] = [() => observation.tracing.close()];
        const closeAll = async () => {
          for (const close of toClose.splice(0).reverse()) await close();
        };
        try {
          await assertKeysAllowed(log);
          // What a group's nodes do, it tells as long as the service runs.
          const logging = { ...cli, warn: (message: string) => log.warn(message) };
          const served = await openServedGates(logging, options, config);
          toClose.push(() => served.close());
          const { journal } = await openServiceJournal(cli, options, config);
          toClose.push(() => journal.close());
          await served.bind(journal);
          const { prover, checkProver, close } = openServiceProver(config, log);
          toClose.push(close);
          const agent = await createAgent({
            gates: served.gates,
            journal,
            prover,
            owner: `${hostname()}-${randomUUID()}`,
            options: tuningOf(config),
            observer: observation.observer,
          });
          const setBack = Promise.withResolvers<never>();
          setBack.promise.catch(() => undefined);
          const mark = marker(() => served.mark(journal), log, setBack.reject);
          toClose.push(mark);
          toClose.push(() => agent.close());
          await mark();
          const marking = setInterval(mark, MARK_INTERVAL_MS);
          toClose.push(async () => clearInterval(marking));
          const { clients } = served;
          const service = await startService({
            ...{ config, agent, journal, clients, observation, checkProver },
          });
          toClose.push(() => service.close());
          for (const address of service.addresses) log.info({ address }, "listening");

          const signal = await Promise.race([
            ended(service, (err) => log.error({ err }, "not reloaded")),
            setBack.promise,
          ]);
          log.info({ signal }, "ending");
          await closeAll();
          log.info("ended");
          return {
            data: { addresses: service.addresses, signal },
            text: done(`ended by ${signal}`),
          };
        } finally {
          await closeAll();
        }
      }),
    );
}

function tuningOf({ queue, fees, metrics }: ServeConfig) {
  const gwei = (amount: number) => parseGwei(amount.toFixed(9));
  const { maxPriorityFeeGwei } = fees;
  return {
    maxInFlight: queue.maxInFlight,
    maxQueued: queue.maxQueued,
    maxSignedPerPrincipal: queue.maxSignedPerToken,
    maxQueueSeconds: queue.maxSeconds,
    fees: {
      maxFeePerGas: gwei(fees.maxFeeGwei),
      maxPriorityFeePerGas: maxPriorityFeeGwei === undefined ? undefined : gwei(maxPriorityFeeGwei),
      stuckAfter: fees.stuckSeconds,
    },
    reportBudgets: metrics.exposeBudgets,
  };
}

/**
 * One marking at a time; that it does not work is said once.
 *
 * @param onSetBack told that the journal has forgotten what it held, or that another copy of it is used as well
 */
function marker(
  mark: () => Promise<void>,
  log: Logger,
  onSetBack: (error: JournalSetBackError) => void,
): () => Promise<void> {
  let isFailing = false;
  let marking: Promise<void> | undefined;
  return () => {
    marking ??= mark()
      .then(
        () => {
          isFailing = false;
        },
        (err) => {
          if (err instanceof JournalSetBackError) onSetBack(err);
          if (!isFailing) log.warn({ err }, "the journal cannot be marked; it is tried again");
          isFailing = true;
        },
      )
      .finally(() => {
        marking = undefined;
      });
    return marking;
  };
}

/** Waits for a signal that ends the service; the next one does not wait for anything. */
function ended(service: Service, onReloadError: (error: unknown) => void): Promise<string> {
  return new Promise((resolve) => {
    process.on("SIGHUP", () => service.reload("service").catch(onReloadError));
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        process.on("SIGTERM", () => process.exit(exitCodes.error));
        process.on("SIGINT", () => process.exit(exitCodes.interrupted));
        resolve(signal);
      });
    }
  });
}
