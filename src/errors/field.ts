import { BaseError } from "./base.ts";

/** A value that should be a field element is negative or not below p. */
export class InvalidFieldElementError extends BaseError {
  override readonly name = "InvalidFieldElementError";

  constructor({ name, value }: { name: string; value: bigint }) {
    super(`${name} is not a field element`, {
      details: ["expected: 0 ≤ value < p (BN254 scalar field)", `received: ${value}`],
    });
  }
}
