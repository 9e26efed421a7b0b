import type { Address, Hex } from "viem";
import { BaseError } from "./base.ts";

/** A contract could not be deployed. */
export class DeploymentFailedError extends BaseError {
  override readonly name = "DeploymentFailedError";

  constructor(input: { name: string; hash?: Hex; cause?: unknown }) {
    super(`${input.name} was not deployed`, {
      cause: input.cause,
      details: input.hash ? [`transaction ${input.hash} reverted`] : [],
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
