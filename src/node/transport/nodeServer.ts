import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Hex } from "viem";
import { NodeTransportError } from "../../errors/node.ts";
import type { NodeIdentity } from "../../keys/frost/identity.ts";
import { peerKey, tlsIdentity } from "./tlsIdentity.ts";

/** Answers one kind of message. */
export interface NodeHandler {
  /** Who may send it, by Ed25519 key. */
  allows(sender: Hex): boolean;
  /** Bytes of a body at most. */
  maxBytes: number;
  /** @returns what is answered, as JSON */
  handle(body: unknown, sender: Hex): Promise<unknown>;
  /** Told that an answer was handed to the network. */
  onSent?(): void;
}

export interface NodeServer {
  host: string;
  port: number;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 256;
const HANDSHAKE_MS = 5_000;
const REQUEST_MS = 30_000;
const MAX_HEADER_BYTES = 4_096;

/**
 * Listens for the messages of known peers: TLS 1.3, both sides show their keys, and a peer whose key is not known is
 * cut off before a byte of it is read.
 *
 * @param handlers by path; each a POST of JSON
 * @throws {NodeTransportError} if the address is taken or not this machine's
 */
export async function listenForNodes(parameters: {
  identity: NodeIdentity;
  host: string;
  port: number;
  handlers: Readonly<Record<string, NodeHandler>>;
}): Promise<NodeServer> {
  const { identity, host, port, handlers } = parameters;
  const isKnown = (sender: Hex) => Object.values(handlers).some(({ allows }) => allows(sender));
  const server = createServer(
    {
      ...tlsIdentity(identity),
      minVersion: "TLSv1.3",
      requestCert: true,
      // No authority signs a node's certificate: its key is pinned, below.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_MS,
      headersTimeout: HANDSHAKE_MS,
      requestTimeout: REQUEST_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => {
      answer(handlers, request)
        .catch((): Answer => ({ status: 500, body: { error: "failed" } }))
        .then((answered) => send(response, answered));
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on("secureConnection", (socket) => {
    const sender = peerKey(socket.getPeerX509Certificate());
    if (sender === undefined || !isKnown(sender)) socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new NodeTransportError({
          address: `${host}:${port}`,
          reason: `this node cannot listen there: ${inUse(cause) ? "stop what does, such as its node serve" : cause.message}`,
          cause,
        }),
      ),
    );
    server.listen({ host, port }, resolve);
  });
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const inUse = (error: NodeJS.ErrnoException) => error.code === "EADDRINUSE";

interface Answer {
  status: number;
  body: unknown;
  onSent?: (() => void) | undefined;
}

async function answer(
  handlers: Readonly<Record<string, NodeHandler>>,
  request: IncomingMessage,
): Promise<Answer> {
  const sender = peerKey((request.socket as TLSSocket).getPeerX509Certificate());
  const path = request.url ?? "";
  const handler = Object.hasOwn(handlers, path) ? handlers[path] : undefined;
  if (sender === undefined || !handler?.allows(sender) || request.method !== "POST") {
    return { status: 404, body: { error: "unknown" } };
  }
  const text = await readText(request, handler.maxBytes);
  if (text === undefined) return { status: 413, body: { error: "too large" } };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { status: 400, body: { error: "malformed" } };
  }
  return { status: 200, body: await handler.handle(body, sender), onSent: handler.onSent };
}

function send(response: ServerResponse, { status, body, onSent }: Answer): void {
  const text = JSON.stringify(body);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  // What was not read of a refused body would be taken for the next request.
  response.shouldKeepAlive = status === 200;
  response.writeHead(status, headers).end(text, onSent);
}

/** A message's text; nothing if it is longer. */
export async function readText(
  message: IncomingMessage,
  maxBytes: number,
): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
