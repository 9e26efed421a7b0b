export interface BaseErrorOptions {
  /** What went wrong further down. */
  cause?: unknown;
  /** Lines that help: what was expected, where, and what came. */
  details?: readonly string[];
}

/** Every error this library throws: a short message, detail lines and a cause. */
export class BaseError extends Error {
  override readonly name: string = "BaseError";
  readonly shortMessage: string;
  readonly details: readonly string[];

  constructor(shortMessage: string, { cause, details = [] }: BaseErrorOptions = {}) {
    super([shortMessage, ...details.map((line) => `  ${line}`)].join("\n"), { cause });
    this.shortMessage = shortMessage;
    this.details = details;
  }
}
