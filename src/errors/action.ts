import { BaseError } from "./base.ts";

/** An action or its context is outside the bounds that the gate enforces. */
export class InvalidContextError extends BaseError {
  override readonly name = "InvalidContextError";

  constructor(input: { element: string; expected: string; received: bigint | number | string }) {
    super(`The action's ${input.element} is outside its bounds`, {
      details: [`expected: ${input.expected}`, `received: ${input.received}`],
    });
  }
}
