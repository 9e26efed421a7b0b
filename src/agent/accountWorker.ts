import { type AccountFollowerOptions, createAccountFollower } from "./accountFollower.ts";
import { createLease } from "./lease.ts";
import { createWakeup } from "./wakeup.ts";

/** Follows an account's outer transactions as long as the account's lease is this process's. */
export interface AccountWorker {
  start(): void;
  stop(): Promise<void>;
  /** Something was sent. */
  look(): void;
}

export function createAccountWorker(
  options: AccountFollowerOptions & { owner: string },
): AccountWorker {
  const { chainId, key, journal, tuning, owner, onProblem } = options;
  const follower = createAccountFollower(options);
  const wakeup = createWakeup();
  let isStopping = false;
  let loop: Promise<void> = Promise.resolve();
  const lease = createLease(journal.ownership, {
    // An account is owned like a lane; no gate has its address, since gates have code and no key.
    lane: { chainId, gate: key.address, lane: 0 },
    owner,
    ttlMs: tuning.leaseTtl,
    onChange: wakeup.wake,
    onClaim(error) {
      if (error !== undefined) onProblem(error);
    },
  });

  async function run(): Promise<void> {
    while (!isStopping) {
      if (lease.isHeld()) await follower.follow().catch(onProblem);
      if (!isStopping) await wakeup.sleep(tuning.pollingInterval);
    }
  }

  return {
    start() {
      lease.start();
      loop = run();
    },
    async stop() {
      isStopping = true;
      wakeup.wake();
      await loop;
      await lease.stop();
    },
    look: wakeup.wake,
  };
}
