import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { NodeIdentity } from "../../src/keys/frost/identity.ts";
import { createNodeClient, type NodeClient } from "../../src/node/transport/nodeClient.ts";
import { listenForNodes } from "../../src/node/transport/nodeServer.ts";

const coordinator = new NodeIdentity();
const node = new NodeIdentity();

/** Takes connections, and says nothing. */
let silent: Server;
let sockets: Socket[];
let client: NodeClient;
let port: number;
beforeEach(async () => {
  sockets = [];
  silent = createServer((socket) => sockets.push(socket.on("error", () => undefined).resume()));
  await once(silent.listen(0, "127.0.0.1"), "listening");
  ({ port } = silent.address() as AddressInfo);
  const { publicKey } = node;
  client = createNodeClient({ host: "127.0.0.1", port, publicKey }, coordinator);
});
afterEach(async () => {
  client.close();
  for (const socket of sockets) socket.destroy();
  if (silent.listening) await once(silent.close(), "close");
});

it("a node that takes connections and never shows its key is not waited for", async () => {
  const reason = "no answer in 100 ms";
  // More than there are sockets for one node: the last have none.
  const asked = Array.from({ length: 12 }, () => client.send("/", {}, 100));
  for (const result of await Promise.allSettled(asked)) {
    expect(result).toMatchObject({ reason: { name: "NodeTransportError", reason } });
  }
  // Nor are its connections kept.
  await expect.poll(() => sockets.length).toBeGreaterThan(0);
  await Promise.all(sockets.map((socket) => socket.closed || once(socket, "close")));
}, 40_000);

it("and is talked to once it does, though the connections to before are still there", async () => {
  await Promise.allSettled(Array.from({ length: 12 }, () => client.send("/", {}, 100)));
  silent.close();
  const server = await listenForNodes({
    ...{ identity: node, host: "127.0.0.1", port },
    handlers: { "/": { allows: () => true, maxBytes: 100, handle: async () => "here" } },
  });
  try {
    expect(await client.send("/", {}, 30_000)).toBe("here");
  } finally {
    await server.close();
  }
}, 40_000);

it("a node that does not know the caller's key is told from one that is not there", async () => {
  silent.close();
  const server = await listenForNodes({
    ...{ identity: node, host: "127.0.0.1", port },
    handlers: { "/": { allows: () => false, maxBytes: 100, handle: async () => "here" } },
  });
  try {
    const reason = expect.stringContaining("does not name this key");
    await expect(client.send("/", {}, 30_000)).rejects.toMatchObject({ reason });
  } finally {
    await server.close();
  }
}, 40_000);
