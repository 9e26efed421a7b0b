import { rm, stat } from "node:fs/promises";
import type { Server as HttpsServer } from "node:https";
import { type AddressInfo, createConnection } from "node:net";
import type { FastifyInstance } from "fastify";
import { ListenError } from "../../errors/server.ts";
import type { TlsMaterial } from "./app.ts";

/** Where one of the service's servers can be reached. */
export interface Listener {
  /** A URL, or the path of a socket. */
  address: string;
  /** Takes a renewed certificate for new connections. */
  renew(tls: TlsMaterial): void;
  /** Takes no more connections, waits for what is being answered, at most `graceMs`, and closes. */
  close(graceMs: number): Promise<void>;
}

/** Only the service's own user may connect. */
const SOCKET_UMASK = 0o177;
/** How often a closing server looks for connections that nobody uses any more. */
const SWEEP_MS = 25;

/**
 * Listens on a TCP port.
 *
 * @throws {ListenError} if the address is taken or not this machine's
 */
export async function listenTcp(
  app: FastifyInstance,
  { host, port, tls }: { host: string; port: number; tls: boolean },
): Promise<Listener> {
  await app.ready();
  await listening(app, `${host}:${port}`, () => app.server.listen({ host, port }));
  const { address, family, port: taken } = app.server.address() as AddressInfo;
  const shown = family === "IPv6" ? `[${address}]` : address;
  return listenerOf(app, `${tls ? "https" : "http"}://${shown}:${taken}`);
}

/**
 * Listens on a Unix socket with mode 0600. A socket that nobody listens on any more is replaced.
 *
 * @throws {ListenError} if somebody listens there, or the socket cannot be made
 */
export async function listenSocket(app: FastifyInstance, path: string): Promise<Listener> {
  await app.ready();
  if (await isAbandoned(path)) await rm(path);
  await listening(app, path, () => {
    // The socket is bound before listen() returns: it never has another mode, and nothing else runs meanwhile.
    const umask = process.umask(SOCKET_UMASK);
    try {
      app.server.listen({ path });
    } finally {
      process.umask(umask);
    }
  });
  return listenerOf(app, path);
}

async function listening(app: FastifyInstance, address: string, start: () => void): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      app.server.once("error", reject).once("listening", resolve);
      start();
    });
  } catch (cause) {
    throw new ListenError({ address, cause });
  }
}

function listenerOf(app: FastifyInstance, address: string): Listener {
  const { server } = app;
  return {
    address,
    renew: (tls) => (server as unknown as Partial<HttpsServer>).setSecureContext?.(tls),
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Connections become idle one by one as their answers go out.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(timer);
      await app.close();
    },
  };
}

/** Whether a socket is there and nobody listens. */
async function isAbandoned(path: string): Promise<boolean> {
  const isSocket = await stat(path).then(
    (found) => found.isSocket(),
    () => false,
  );
  if (!isSocket) return false;
  return new Promise((resolve) => {
    const connection = createConnection(path);
    connection.once("connect", () => {
      connection.destroy();
      resolve(false);
    });
    connection.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "ECONNREFUSED"));
  });
}
