import { readFile, stat, writeFile } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { createConnection } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Listener, listenSocket, listenTcp } from "../../../src/server/http/listen.ts";
import { startService, type TestService } from "../support/service.ts";

const fixture = (name: string) => readFile(new URL(`../support/tls/${name}.pem`, import.meta.url));
const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId" });

function closing(listener: Listener): Listener {
  onTestFinished(() => listener.close(0));
  return listener;
}

/** One call over whatever the options say. */
function call(
  send: typeof httpRequest | typeof httpsRequest,
  options: RequestOptions,
  { token }: Pick<TestService, "token">,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: "localhost",
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
    };
    const sent = send({ method: "POST", headers, ...options }, async (response: IncomingMessage) =>
      resolve(Buffer.concat(await response.toArray()).toString()),
    );
    sent.once("error", reject);
    sent.end(body);
  });
}

describe("the service's servers", () => {
  it("listen on a TCP port", async () => {
    const service = await startService();
    const { address } = closing(
      await listenTcp(service.app, { host: "127.0.0.1", port: 0, tls: false }),
    );
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const { port } = new URL(address);
    expect(await call(httpRequest, { host: "127.0.0.1", port }, service)).toContain("0x7a69");
  });

  it("say when the port is taken", async () => {
    const [first, second] = [await startService(), await startService()];
    const { address } = closing(
      await listenTcp(first.app, { host: "127.0.0.1", port: 0, tls: false }),
    );
    const port = Number(new URL(address).port);
    await expect(listenTcp(second.app, { host: "127.0.0.1", port, tls: false })).rejects.toThrow(
      "another process listens there",
    );
  });

  it("speak TLS with the certificate, and never less than 1.2", async () => {
    const [cert, key] = [await fixture("cert"), await fixture("key")];
    const service = await startService({ tls: { cert, key } });
    const listener = closing(
      await listenTcp(service.app, { host: "127.0.0.1", port: 0, tls: true }),
    );
    expect(listener.address).toMatch(/^https:/);
    const { port } = new URL(listener.address);
    const options = { host: "127.0.0.1", port, ca: cert, agent: false };
    expect(await call(httpsRequest, options, service)).toContain("0x7a69");
    await expect(
      call(httpsRequest, { ...options, minVersion: "TLSv1", maxVersion: "TLSv1.1" }, service),
    ).rejects.toThrow();
    await expect(call(httpRequest, { host: "127.0.0.1", port }, service)).rejects.toThrow();
    listener.renew({ cert, key });
    expect(await call(httpsRequest, options, service)).toContain("0x7a69");
  });

  it("listen on a socket that only their own user can open", async () => {
    const service = await startService();
    const socketPath = join(service.folder, "service.sock");
    const listener = await listenSocket(service.app, socketPath);
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    expect(await call(httpRequest, { socketPath }, service)).toContain("0x7a69");

    const second = await startService();
    await expect(listenSocket(second.app, socketPath)).rejects.toThrow("another process");
    await listener.close(1_000);
    await expect(stat(socketPath)).rejects.toThrow("ENOENT");
  });

  it("do not take a file for an abandoned socket", async () => {
    const service = await startService();
    const path = join(service.folder, "precious");
    await writeFile(path, "content");
    await expect(listenSocket(service.app, path)).rejects.toThrow("cannot listen");
    expect(await readFile(path, "utf8")).toBe("content");
  });

  it("end with what is being answered, and do not wait for idle connections", async () => {
    const service = await startService();
    let answer = () => {};
    const asked = new Promise<void>((started) => {
      service.agent.lanes = () =>
        new Promise((resolve) => {
          answer = () => resolve([]);
          started();
        });
    });
    const listener = await listenTcp(service.app, { host: "127.0.0.1", port: 0, tls: false });
    const { port } = new URL(listener.address);
    const idle = createConnection(Number(port), "127.0.0.1");
    await new Promise((resolve) => idle.once("connect", resolve));
    const status = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "zkmandate_status" });
    const answered = fetch(listener.address, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${service.token}` },
      body: status,
    }).then((response) => response.json());
    await asked;
    const closed = listener.close(60_000);
    answer();
    expect(await answered).toMatchObject({ result: [] });
    idle.destroy();
    await closed;
  });

  it("answer what is no HTTP without a word of theirs", async () => {
    const service = await startService();
    const { address } = closing(
      await listenTcp(service.app, { host: "127.0.0.1", port: 0, tls: false }),
    );
    const socket = createConnection(Number(new URL(address).port), "127.0.0.1");
    socket.end("\x16\x03\x01 nonsense\r\n\r\n");
    const answer = Buffer.concat(await socket.toArray()).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).not.toMatch(/fastify|node|Error/i);
  });
});
