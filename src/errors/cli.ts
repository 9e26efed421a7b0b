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
      details: [`node: ${new URL(rpcUrl).host}`, "see chain.rpcUrl in zkmandate.yaml"],
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
