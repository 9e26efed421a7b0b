import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readText } from "../../node/transport/nodeServer.ts";
import type { LocalChain } from "./localChain.ts";

/** The local chain, as a node that other processes talk to. */
export interface ChainServer {
  rpcUrl: string;
  close(): Promise<void>;
}

const MAX_BYTES = 1_000_000;

/** Serves the local chain's JSON-RPC on this machine, on a free port; one request at a time, no batches. */
export async function serveChain({ request }: LocalChain): Promise<ChainServer> {
  const server = createServer(async (incoming, response) => {
    let id: unknown = null;
    const answer = await readText(incoming, MAX_BYTES)
      .then((text = "") => {
        const { method, params, ...message } = JSON.parse(text);
        id = message.id;
        return request({ method, params });
      })
      .then(
        (result) => ({ result }),
        ({ code = -32_603, message, data }) => ({ error: { code, message, data } }),
      );
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
