import { createHardhatRuntimeEnvironment } from "hardhat/hre";

/**
 * Hardhat with one network, `local`: an Ethereum chain of its own (EDR, Osaka rules) that mines each
 * transaction at once.
 *
 * @param parameters.startsAt timestamp of the first block
 */
export function createLocalEnvironment(parameters: {
  chainId: number;
  startsAt?: Date | undefined;
}) {
  const { chainId, startsAt } = parameters;
  return createHardhatRuntimeEnvironment({
    networks: {
      local: {
        type: "edr-simulated",
        chainType: "l1",
        hardfork: "osaka",
        chainId,
        ...(startsAt && { initialDate: startsAt }),
        // As real nodes do: a refused transaction is mined, and its receipt says so.
        throwOnTransactionFailures: false,
      },
    },
  });
}
