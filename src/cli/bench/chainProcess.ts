/** A process of its own that `openBenchChain` forks: a chain (Hardhat's EDR, Osaka rules) behind JSON-RPC. */
import { createLocalEnvironment } from "../demo/localEnvironment.ts";

process.once("disconnect", () => process.exit());

const environment = await createLocalEnvironment({ chainId: Number(process.argv[2]) });
const node = await environment.network.createServer({ network: "local" }, "127.0.0.1", 0);
const { address, port } = await node.listen();
process.send?.(`http://${address}:${port}`);
