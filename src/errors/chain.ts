import type { Hex } from "viem";
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
