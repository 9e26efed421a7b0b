/**
 * zkmandate as a library: everything the command line is made of.
 *
 * @example
 * import { createGateReader, createSigner, createSnarkjsProver } from "zkmandate";
 */
export * from "./action/circuits.ts";
export * from "./action/context.ts";
export * from "./action/digest.ts";
export { BaseError } from "./errors/base.ts";
