/**
 * zkmandate as a library: everything the command line is made of.
 *
 * @example
 * import { createGateReader, createSigner, createSnarkjsProver } from "zkmandate";
 */
export * from "./action/circuits.ts";
export * from "./action/context.ts";
export * from "./action/digest.ts";
export { policyAccountAbi } from "./chain/abi/policyAccount.ts";
export { timelockControllerAbi } from "./chain/abi/timelockController.ts";
export * from "./chain/client.ts";
export * from "./chain/deployGate.ts";
export * from "./chain/deployTimelock.ts";
export * from "./chain/deployVerifiers.ts";
export * from "./chain/executeAction.ts";
export * from "./chain/executeOperation.ts";
export * from "./chain/executeRotation.ts";
export * from "./chain/followActions.ts";
export * from "./chain/gateEvents.ts";
export * from "./chain/gateOperation.ts";
export * from "./chain/gateReader.ts";
export * from "./chain/pause.ts";
export * from "./chain/readGate.ts";
export * from "./chain/readLane.ts";
export * from "./chain/readRound.ts";
export * from "./chain/recoverState.ts";
export * from "./chain/revokeAgent.ts";
export * from "./chain/rotation.ts";
export * from "./chain/scheduleOperation.ts";
export * from "./chain/scheduleRotation.ts";
export * from "./chain/timelockOperation.ts";
export * from "./chain/verifyDeployment.ts";
export { BaseError } from "./errors/base.ts";
export * from "./errors/chain.ts";
