import type { Address, Hex } from "viem";
import { BaseError } from "./base.ts";

/** A contract could not be deployed. */
export class DeploymentFailedError extends BaseError {
  override readonly name = "DeploymentFailedError";

  constructor(input: { name: string; hash?: Hex; reason?: string; cause?: unknown }) {
    super(`${input.name} was not deployed`, {
      cause: input.cause,
      details: [
        ...(input.hash ? [`transaction ${input.hash} reverted`] : []),
        ...(input.reason ? [input.reason] : []),
      ],
    });
  }
}

/** A feed gives no answer that the gate would accept. */
export class FeedUnusableError extends BaseError {
  override readonly name = "FeedUnusableError";

  constructor(input: { feed: Address; reason: string; cause?: unknown }) {
    super(`The feed ${input.feed} cannot be used: ${input.reason}`, { cause: input.cause });
  }
}

/** The node does not hand out a contract's events. */
export class LogsUnavailableError extends BaseError {
  override readonly name = "LogsUnavailableError";

  constructor(input: { address: Address; block: bigint; cause?: unknown }) {
    super(`The node refuses the events of ${input.address} in block ${input.block}`, {
      cause: input.cause,
    });
  }
}

/** A contract refuses a call. */
export class CallRefusedError extends BaseError {
  override readonly name = "CallRefusedError";
  /** The contract's custom error, or what the node said. */
  readonly reason: string;
  readonly args: readonly unknown[];

  constructor(input: {
    functionName: string;
    reason: string;
    args?: readonly unknown[];
    hash?: Hex;
    cause?: unknown;
  }) {
    const { functionName, reason, args = [], hash, cause } = input;
    super(`The contract refuses ${functionName}: ${reason}`, {
      cause,
      details: [
        ...args.map((argument, i) => `argument ${i}: ${argument}`),
        ...(hash ? [`transaction ${hash}`] : []),
      ],
    });
    this.reason = reason;
    this.args = args;
  }
}

/** A transaction to a gate succeeded without executing an action: there is no gate at the address. */
export class ActionMissingError extends BaseError {
  override readonly name = "ActionMissingError";

  constructor({ gate, hash }: { gate: Address; hash: Hex }) {
    super(`${gate} reported no executed action`, { details: [`transaction ${hash}`] });
  }
}

/** Blocks that counted as confirmed were replaced. */
export class ReorganizedError extends BaseError {
  override readonly name = "ReorganizedError";

  constructor(input: { block: bigint; before: Hex; now: Hex | undefined }) {
    const { block, before, now = "no such block" } = input;
    super(`The chain was reorganised at the confirmed block ${block}`, {
      details: [`before: ${before}`, `now: ${now}`, "follow again from an earlier block"],
    });
  }
}

/** A lane's hidden state cannot be rebuilt from the secret, the policy and the chain. */
export class UnrecoverableLaneError extends BaseError {
  override readonly name = "UnrecoverableLaneError";

  constructor(input: {
    gate: Address;
    lane: number;
    reason: string;
    action?: { seq: bigint; transactionHash: Hex } | undefined;
  }) {
    const { gate, lane, reason, action } = input;
    super(`The state of lane ${lane} cannot be recovered: ${reason}`, {
      details: [
        `gate: ${gate}`,
        ...(action
          ? [
              `action: ${action.seq}, transaction ${action.transactionHash}`,
              "if your signer did not sign it: revoke the agent key, then rotate",
            ]
          : []),
      ],
    });
  }
}
