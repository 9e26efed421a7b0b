import { BaseError } from "./base.ts";

/** A file of the trusted setup is not what its name or its place says. */
export class InvalidSetupFileError extends BaseError {
  override readonly name = "InvalidSetupFileError";

  constructor(input: { file: string; expected: string; received: string; cause?: unknown }) {
    super(`${input.file} is not a usable setup file`, {
      details: [`expected: ${input.expected}`, `received: ${input.received}`],
      cause: input.cause,
    });
  }
}

/** A proving key, verification key or phase-1 file with which proofs could be forged. */
export class InsecureSetupError extends BaseError {
  override readonly name = "InsecureSetupError";
  /** What is wrong, in words, one entry for each finding. */
  readonly findings: readonly string[];

  constructor({ subject, findings }: { subject: string; findings: readonly string[] }) {
    super(`The trusted setup of ${subject} cannot be relied upon`, { details: findings });
    this.findings = findings;
  }
}

/** An artifact is missing, or its bytes are not those that the manifest pins. */
export class ArtifactMismatchError extends BaseError {
  override readonly name = "ArtifactMismatchError";

  constructor(input: { file: string; expected: string; received: string; hint?: string }) {
    super(`${input.file} is not the pinned artifact`, {
      details: [
        `expected: ${input.expected}`,
        `received: ${input.received}`,
        ...(input.hint === undefined ? [] : [input.hint]),
      ],
    });
  }
}

/** Keys of a development ceremony were asked for in production mode. */
export class DevelopmentKeysError extends BaseError {
  override readonly name = "DevelopmentKeysError";

  constructor(input: { circuit: string; received?: string | undefined }) {
    super(`The keys of circuit ${input.circuit} come from a development ceremony`, {
      details: [
        "expected: keys of a public multi-party ceremony, since production mode is on",
        `received: ${input.received ?? 'setup "development" in circuits/artifacts/manifest.json'}`,
        "whoever ran a development ceremony could forge proofs: never let such keys guard assets",
      ],
    });
  }
}
