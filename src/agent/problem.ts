import { BaseError as ViemError } from "viem";
import { BaseError } from "../errors/base.ts";

/** An error in one line for operators and logs: what went wrong, never a URL or a limit. */
export function problemOf(error: unknown): string {
  if (error instanceof BaseError) {
    // A denial's details are limits; other details say where and what.
    return error.name === "DeniedError"
      ? error.shortMessage
      : [error.shortMessage, ...error.details].join("; ");
  }
  // viem's whole message names the node's URL.
  if (error instanceof ViemError) return `the node: ${error.shortMessage} ${error.details}`.trim();
  return error instanceof Error ? error.message : String(error);
}
