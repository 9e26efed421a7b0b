/** A process of its own that `openBenchChain` forks: a chain (Hardhat's EDR, Osaka rules) behind JSON-RPC. */
import { createHardhatRuntimeEnvironment } from "hardhat/hre";

process.once("disconnect", () => process.exit());

const environment = await createHardhatRuntimeEnvironment({
  networks: {
    local: {
      type: "edr-simulated",
      chainType: "l1",
      hardfork: "osaka",
      chainId: Number(process.argv[2]),
      throwOnTransactionFailures: false,
    },
  },
});
const node = await environment.network.createServer({ network: "local" }, "127.0.0.1", 0);
const { address, port } = await node.listen();
process.send?.(`http://${address}:${port}`);
