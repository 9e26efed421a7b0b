import { BaseError } from "./base.ts";

/** What a participant did that an honest one does not do. */
export interface Misconduct {
  participant: number;
  reason: string;
}

/** A round cannot be completed: participants cheated, or did not answer. Nothing of it may be used. */
export class FrostAbortError extends BaseError {
  override readonly name = "FrostAbortError";
  readonly round: string;
  /** Who cheated, ascending; empty where some only did not answer. */
  readonly cheaters: readonly number[];
  /** Who did not answer, ascending. */
  readonly missing: readonly number[];
  readonly misconduct: readonly Misconduct[];

  constructor(input: {
    round: string;
    misconduct?: readonly Misconduct[];
    missing?: readonly number[];
    /** What is known of why they are missing, by participant. */
    trouble?: ReadonlyMap<number, string>;
  }) {
    const { round, misconduct = [], missing = [], trouble } = input;
    const why = (participant: number) => {
      const known = trouble?.get(participant);
      return known === undefined ? "" : ` (${known})`;
    };
    super(`The group's round cannot be completed: ${round}`, {
      details: [
        ...misconduct.map(({ participant, reason }) => `participant ${participant}: ${reason}`),
        ...missing.map(
          (participant) => `participant ${participant}: did not answer${why(participant)}`,
        ),
      ],
    });
    this.round = round;
    this.misconduct = misconduct;
    const ascending = (ids: readonly number[]) => [...new Set(ids)].sort((a, b) => a - b);
    this.cheaters = ascending(misconduct.map(({ participant }) => participant));
    this.missing = ascending(missing);
  }
}

/** A message or a stored value does not have the form that it must have. Never shows its content. */
export class InvalidFrostDataError extends BaseError {
  override readonly name = "InvalidFrostDataError";

  constructor({ what, problems }: { what: string; problems: readonly string[] }) {
    super(`That is not ${what}`, { details: problems });
  }
}

/** A ceremony's step was taken twice, or out of order. */
export class FrostOrderError extends BaseError {
  override readonly name = "FrostOrderError";

  constructor({ expected, received }: { expected: string; received: string }) {
    super("The ceremony is at another step", {
      details: [`expected: ${expected}`, `received: ${received}`],
    });
  }
}

/** A nonce pair is not there to be used: used before, dropped, or never this node's. */
export class NonceUsedError extends BaseError {
  override readonly name = "NonceUsedError";

  constructor({ id }: { id: string }) {
    super("The nonce was used before, or is not this node's: nothing is signed with it", {
      details: [`nonce: ${id}`],
    });
  }
}

/** A node is asked to sign something that it does not sign, whoever asks. */
export class SigningRefusedError extends BaseError {
  override readonly name = "SigningRefusedError";

  constructor({ reason, expected, received }: Record<"reason" | "expected" | "received", string>) {
    super(`The node does not sign: ${reason}`, {
      details: [`expected: ${expected}`, `received: ${received}`],
    });
  }
}
