import { readFile } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Command } from "commander";
import { ServiceAnswerError, ServiceUnreachableError } from "../errors/cli.ts";
import type { ServeConfig } from "../server/config/serveConfig.ts";
import type { Cli } from "./cli.ts";
import { descriptor, type PassphraseOptions } from "./passphrase.ts";
import { readSecret } from "./secretInput.ts";
import { type ServeFileOptions, serveConfig, serveFileOption } from "./serveFile.ts";

/** How an operator reaches a running service. */
export interface ServiceClientOptions extends ServeFileOptions, PassphraseOptions {
  tokenFile?: string;
  tokenFd?: number;
}

/** How long the service may take for an operator's call, milliseconds. */
const TIMEOUT_MS = 30_000;

/** Adds the options with which a command reaches the service. */
export function serviceClientOptions(command: Command): Command {
  return serveFileOption(command)
    .option("--token-file <file>", "read an operator's token from the one line of a file")
    .option("--token-fd <number>", "read it from an open file descriptor", descriptor);
}

/** A running service, for its operators. */
export interface ServiceClient {
  /**
   * Calls a method.
   *
   * @throws {ServiceUnreachableError} if nothing answers
   * @throws {ServiceAnswerError} if the service refuses
   */
  call(method: string, params?: readonly unknown[]): Promise<unknown>;
  /** What `/readyz` says to operators. */
  readiness(): Promise<unknown>;
}

/** Reaches the service of a configuration, through its Unix socket where it has one. */
export async function serviceClient(
  cli: Cli,
  options: ServiceClientOptions,
): Promise<ServiceClient> {
  const config = await serveConfig(cli, options);
  const token = await readSecret(
    { file: options.tokenFile, fd: options.tokenFd },
    {
      prompt: "Operator's token",
      hint: "use --token-file <file> or --token-fd <number>",
      warn: cli.warn,
    },
  );
  const send = await senderOf(config, token);
  return {
    async call(method, params = []) {
      const { status, text } = await send(
        "POST",
        "/",
        JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      );
      if (status !== 200) throw new ServiceAnswerError({ reason: httpReason(status) });
      const { result, error } = JSON.parse(text) as {
        result?: unknown;
        error?: { message: string; data?: { reason?: string } };
      };
      if (error) throw new ServiceAnswerError({ reason: error.message });
      return result;
    },
    async readiness() {
      const { status, text } = await send("GET", "/readyz");
      if (status !== 200 && status !== 503) {
        throw new ServiceAnswerError({ reason: httpReason(status) });
      }
      return JSON.parse(text);
    },
  };
}

const httpReason = (status: number) =>
  status === 401 ? "the token is not valid" : `HTTP status ${status}`;

async function senderOf({ listen, tls, hosts }: ServeConfig, token: string) {
  const { socket, host, port } = listen;
  const overTls = socket === undefined && tls !== undefined;
  const target = socket === undefined ? { host: reachable(host), port } : { socketPath: socket };
  const address = socket ?? `${reachable(host)}:${port}`;
  // The service's own certificate may well be signed by nobody else.
  const trust = overTls ? { ca: await readFile((tls as NonNullable<typeof tls>).cert) } : {};
  return (method: string, path: string, body?: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers = {
        host: hosts[0],
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      };
      const timeout = AbortSignal.timeout(TIMEOUT_MS);
      const sent = (overTls ? httpsRequest : httpRequest)(
        { ...target, ...trust, method, path, headers, signal: timeout },
        async (response: IncomingMessage) => {
          const text = Buffer.concat(await response.toArray()).toString();
          resolve({ status: response.statusCode ?? 0, text });
        },
      );
      sent.once("error", (cause) => reject(new ServiceUnreachableError({ address, cause })));
      sent.end(body);
    });
}

/** Where a client on this machine finds a server that listens on all addresses. */
function reachable(host: string): string {
  return { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
}
