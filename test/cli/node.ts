import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import { createTestClient, http, publicActions } from "viem";

/** A node that answers on a local port, as a desk's own node would. */
export interface LocalNode {
  rpcUrl: string;
  control: ReturnType<typeof controlOf>;
  /** Lets time pass and mines a block. */
  advance(seconds: number): Promise<void>;
  close(): Promise<void>;
}

function controlOf(rpcUrl: string) {
  return createTestClient({ mode: "hardhat", transport: http(rpcUrl) }).extend(publicActions);
}

/** Starts a node (Hardhat's EDR, Osaka rules) on a free port. */
export async function startNode(chainId: number): Promise<LocalNode> {
  const environment = await createHardhatRuntimeEnvironment({
    networks: {
      local: { type: "edr-simulated", chainType: "l1", hardfork: "osaka", chainId },
    },
  });
  const server = await environment.network.createServer({ network: "local" }, "127.0.0.1", 0);
  const { address, port } = await server.listen();
  const rpcUrl = `http://${address}:${port}`;
  const control = controlOf(rpcUrl);
  return {
    rpcUrl,
    control,
    async advance(seconds) {
      await control.increaseTime({ seconds });
      await control.mine({ blocks: 1 });
    },
    close: () => server.close(),
  };
}
