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
