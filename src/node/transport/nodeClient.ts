import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect } from "node:tls";
import type { Hex } from "viem";
import { NodeTransportError } from "../../errors/node.ts";
import type { NodeIdentity } from "../../keys/frost/identity.ts";
import { readText } from "./nodeServer.ts";
import { peerKey, tlsIdentity } from "./tlsIdentity.ts";

/** Where a node listens, and the key by which it is known. */
export interface NodeAddress {
  host: string;
  port: number;
  /** Ed25519, 32 bytes. */
  publicKey: Hex;
}

/** Talks to one node. */
export interface NodeClient {
  /**
   * Sends a message and waits for the answer.
   *
   * @param timeoutMs from now until the whole answer is there
   * @throws {NodeTransportError} if there is no answer in time, or none from the node with the pinned key
   */
  send(path: string, body: unknown, timeoutMs: number): Promise<unknown>;
  close(): void;
}

/** Bytes of an answer at most. */
const MAX_ANSWER = 65_536;
const MAX_SOCKETS = 8;
/** How long a node may take until it has shown its key. */
const HANDSHAKE_MS = 5_000;

/**
 * A client for one node: TLS 1.3, both sides show their keys, connections are kept. Nothing is sent before the node has
 * shown to hold the pinned key.
 */
export function createNodeClient(address: NodeAddress, identity: NodeIdentity): NodeClient {
  const { host, port, publicKey } = address;
  const failed = (reason: string, cause?: unknown) =>
    new NodeTransportError({ address: `${host}:${port}`, reason, cause });
  const tls = {
    ...tlsIdentity(identity),
    minVersion: "TLSv1.3",
    rejectUnauthorized: false,
  } as const;
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  agent.createConnection = (_options, callback) => {
    const socket = connect({ ...tls, host, port });
    const refuse = (error: Error) => callback?.(error, socket);
    // Whoever accepts and then says nothing would keep the socket for ever.
    const stalled = failed(`no handshake in ${HANDSHAKE_MS} ms`);
    const timer = setTimeout(() => socket.destroy(stalled), HANDSHAKE_MS);
    socket.once("close", () => clearTimeout(timer));
    socket.once("error", refuse);
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      socket.off("error", refuse);
      if (peerKey(socket.getPeerX509Certificate()) === publicKey) return callback?.(null, socket);
      socket.destroy();
      refuse(failed("another key than the pinned one"));
    });
    return undefined;
  };

  async function send(path: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const signal = AbortSignal.timeout(timeoutMs);
    const text = JSON.stringify(body);
    const sent = request({
      agent,
      host,
      port,
      path,
      method: "POST",
      signal,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(text) },
    });
    sent.end(text);
    try {
      const response = await responseOf(sent, signal);
      const answer = await readText(response, MAX_ANSWER);
      if (answer === undefined) throw failed("its answer is too long");
      if (response.statusCode !== 200) throw failed(`status ${response.statusCode}`);
      return JSON.parse(answer);
    } catch (cause) {
      sent.destroy();
      if (cause instanceof NodeTransportError) throw cause;
      const { code, message } = cause as NodeJS.ErrnoException;
      // As it does to those whom it does not know.
      const hungUp = "it closed the connection: it ended, or its node.yaml does not name this key";
      const reason = code === "ECONNRESET" ? hungUp : message;
      throw failed(signal.aborted ? `no answer in ${timeoutMs} ms` : reason, cause);
    }
  }
  return { send, close: () => agent.destroy() };
}

function responseOf(sent: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // A request that has no socket yet does not tell that it was aborted.
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    sent.once("response", resolve);
    // Later errors come out of the response as well.
    sent.on("error", reject);
  });
}
