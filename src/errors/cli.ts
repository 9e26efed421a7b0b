import { type Address, formatEther } from "viem";
import { BaseError } from "./base.ts";

/** The command line asks for something that cannot be. */
export class UsageError extends BaseError {
  override readonly name = "UsageError";
}

/** The workspace's configuration is missing, malformed, or lacks what a command needs. */
export class WorkspaceError extends BaseError {
  override readonly name = "WorkspaceError";

  constructor({ path, problems }: { path: string; problems: readonly string[] }) {
    super("The workspace's configuration cannot be used", {
      details: [`file: ${path}`, ...problems],
    });
  }
}

/** A file named on the command line cannot be read, or is not what the command takes. */
export class InputFileError extends BaseError {
  override readonly name = "InputFileError";

  constructor(input: { path: string; expected: string; received: string }) {
    super("The input file cannot be used", {
      details: [
        `file: ${input.path}`,
        `expected: ${input.expected}`,
        `received: ${input.received}`,
      ],
    });
  }
}

/** The node of the workspace does not answer. Its URL may hold a credential: only the host is shown. */
export class NodeUnreachableError extends BaseError {
  override readonly name = "NodeUnreachableError";

  constructor({ rpcUrl, cause }: { rpcUrl: string; cause?: unknown }) {
    super("The node does not answer", {
      cause,
      details: [
        `node: ${new URL(rpcUrl).host}`,
        "see chain.rpcUrl in zkmandate.yaml, or a group's node's node.yaml",
      ],
    });
  }
}

/** The node of the workspace serves another chain than the workspace is for. */
export class WrongChainError extends BaseError {
  override readonly name = "WrongChainError";

  constructor(input: { rpcUrl: string; expected: number; received: number }) {
    super("The node serves another chain", {
      details: [
        `node: ${new URL(input.rpcUrl).host}`,
        `expected: chain ${input.expected} (chain.id in zkmandate.yaml)`,
        `received: chain ${input.received}`,
      ],
    });
  }
}

/** An account has too little ETH for what it is to do. */
export class UnfundedAccountError extends BaseError {
  override readonly name = "UnfundedAccountError";

  constructor(input: { role: string; address: Address; has: bigint; needs: bigint }) {
    const { role, address, has, needs } = input;
    super(
      role === "gate" ? "The gate has too little ETH" : `The ${role} account has too little ETH`,
      {
        details: [
          `address: ${address}`,
          `has: ${formatEther(has)} ETH`,
          `needs: at least ${formatEther(needs)} ETH`,
        ],
      },
    );
  }
}

/** A rotation would name an agent key that was revoked: the gate never takes it back. */
export class RevokedAgentError extends BaseError {
  override readonly name = "RevokedAgentError";

  constructor({ agent, steps }: { agent: string; steps: readonly string[] }) {
    super("The agent key was revoked, and a revoked key never returns", {
      details: [
        `agent: ${agent}`,
        "make another key and name it:",
        ...steps.map((step) => `  ${step}`),
      ],
    });
  }
}

/** A service signs for the lane: nobody else may. */
export class LaneServedError extends BaseError {
  override readonly name = "LaneServedError";

  constructor({ lane, path }: { lane: number; path: string }) {
    super(`Lane ${lane} is signed for by a service`, {
      details: [
        "send it your transactions, or stop it for good and take the lane back with:",
        `  zkmandate state recover --lane ${lane} --from-service`,
        `mark: ${path}`,
      ],
    });
  }
}

/** No service answers where its configuration says. */
export class ServiceUnreachableError extends BaseError {
  override readonly name = "ServiceUnreachableError";

  constructor({ address, cause }: { address: string; cause: unknown }) {
    super("The service does not answer", {
      cause,
      details: [`address: ${address}`, "start it with: zkmandate serve"],
    });
  }
}

/** The service refuses what an operator asks for. */
export class ServiceAnswerError extends BaseError {
  override readonly name = "ServiceAnswerError";

  constructor({ reason }: { reason: string }) {
    super("The service refuses", { details: [reason] });
  }
}

/** An audit log is not what was written. */
export class AuditLogError extends BaseError {
  override readonly name = "AuditLogError";

  constructor({ index, problem }: { index: number; problem: string }) {
    super("The audit log was changed", { details: [`entry ${index}: ${problem}`] });
  }
}

/** A question was answered with Ctrl-C. */
export class InterruptedError extends BaseError {
  override readonly name = "InterruptedError";

  constructor() {
    super("Interrupted");
  }
}
