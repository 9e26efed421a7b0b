import { z } from "zod";
import { logLevels } from "../logs/logLevels.ts";

const path = z.string().min(1);

const listen = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe(
        "Address to listen on. Anything but a loopback address needs `tls` or `behindProxy`.",
      ),
    port: z
      .int()
      .min(0)
      .max(65_535)
      .optional()
      .describe("TCP port; 0 takes a free one. Without it: 8645, or none if `socket` is given."),
    socket: path
      .optional()
      .describe(
        "Unix socket to listen on, made with mode 0600; the service's user alone can connect.",
      ),
    behindProxy: z
      .boolean()
      .default(false)
      .describe(
        "Whether a proxy in front ends TLS, so that plain HTTP on other addresses is meant.",
      ),
  })
  .prefault({})
  .describe("Where the service listens.");

const tls = z
  .strictObject({
    cert: path.describe("PEM file with the certificate chain."),
    key: path.describe("PEM file with the private key."),
  })
  .optional()
  .describe("TLS 1.2 and later on the TCP port; the Unix socket stays plain.");

const limits = z
  .strictObject({
    bodyBytes: z
      .int()
      .min(1_024)
      .max(16 * 1_024 * 1_024)
      .default(1_048_576)
      .describe("Bytes of a request's body at most."),
    batch: z.int().min(1).max(1_000).default(100).describe("Calls in a batch at most."),
    requestSeconds: z
      .int()
      .min(1)
      .max(3_600)
      .default(120)
      .describe(
        "Seconds that a call is waited for. Its answer is then that it timed out; the request itself goes on, and the same idempotency key asks for it again.",
      ),
    connections: z
      .int()
      .min(1)
      .max(65_535)
      .default(512)
      .describe("Open connections at most; further ones are closed at once."),
  })
  .prefault({})
  .describe("What one client can cost.");

const journal = z
  .strictObject({
    sqlite: path.optional().describe("File of the embedded database; for one process."),
    postgres: z
      .strictObject({
        urlFile: path
          .optional()
          .describe("File whose one line is the connection URL, password included."),
        urlEnv: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "not the name of an environment variable")
          .optional()
          .describe("Environment variable that holds the connection URL."),
      })
      .refine(
        ({ urlFile, urlEnv }) => (urlFile === undefined) !== (urlEnv === undefined),
        "either urlFile or urlEnv is needed",
      )
      .optional()
      .describe("A PostgreSQL database that several processes share."),
    identity: path
      .default("secrets/service.age")
      .describe(
        "age identity that the journal's secrets are encrypted to; every process of a fleet needs the same.",
      ),
    passphraseFile: path
      .optional()
      .describe("File whose one line opens `identity`; else the command line's passphrase does."),
  })
  .refine(
    ({ sqlite, postgres }) => (sqlite === undefined) !== (postgres === undefined),
    "either sqlite or postgres is needed",
  )
  .describe("Where requests, signatures, outer transactions and the audit log are kept.");

const gates = z
  .array(
    z.strictObject({
      workspace: path.describe(
        "Folder with zkmandate.yaml, the sealed mandates and the keystores.",
      ),
      name: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "not lower-case letters, digits and hyphens")
        .optional()
        .describe("What logs and metrics call the gate; the folder's name by default."),
      lanes: z
        .array(z.int().min(0).max(65_535))
        .min(1)
        .optional()
        .describe("Lanes to serve; the workspace's lane by default."),
    }),
  )
  .min(1)
  .describe("The gates to serve.");

const fees = z
  .strictObject({
    maxFeeGwei: z
      .number()
      .positive()
      .default(200)
      .describe("Fee per gas that is never exceeded, in gwei, base fee included."),
    maxPriorityFeeGwei: z
      .number()
      .positive()
      .optional()
      .describe("Tip per gas in gwei; the node's suggestion by default."),
    stuckSeconds: z
      .int()
      .min(5)
      .max(3_600)
      .default(30)
      .describe(
        "Seconds without a receipt after which an outer transaction's fees are raised by an eighth.",
      ),
  })
  .prefault({})
  .describe("What outer transactions may cost (EIP-1559).");

const queue = z
  .strictObject({
    maxInFlight: z
      .int()
      .min(1)
      .max(64)
      .default(4)
      .describe("Actions of one lane that may be signed before the first of them has landed."),
    maxQueued: z
      .int()
      .min(1)
      .max(100_000)
      .default(200)
      .describe("Requests that may wait for one lane; further ones are refused."),
    maxSignedPerToken: z
      .int()
      .min(1)
      .max(10_000)
      .default(3)
      .describe(
        "Calls that one token may have signed with eth_signTransaction, or queued for it, without their being executed; further ones are refused. What comes after one in its lane cannot land before it has: until it lands or is dead it holds that lane back, so this is also how many lanes one token can hold.",
      ),
    maxSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(600)
      .describe("Seconds that a request may wait before it is signed; it then fails."),
  })
  .prefault({})
  .describe("How requests wait for their lane.");

const prover = z
  .strictObject({
    implementation: z
      .enum(["kernel", "snarkjs"])
      .default("kernel")
      .describe(
        "`kernel` falls back to snarkjs, with a warning, where the machine lacks what it needs.",
      ),
    threads: z
      .int()
      .min(1)
      .max(64)
      .optional()
      .describe("Threads for each proof; one for each processor, at most 4, by default."),
  })
  .prefault({})
  .describe("How proofs are made.");

const metrics = z
  .strictObject({
    exposeBudgets: z
      .boolean()
      .default(false)
      .describe(
        "Whether `/metrics` tells how far budgets are used up. That reveals hidden limits to whoever reads it.",
      ),
  })
  .prefault({})
  .describe(
    "Prometheus metrics at `/metrics`, for tokens that name the method `metrics`, and operators of all gates.",
  );

const telemetry = z
  .strictObject({
    otlpUrl: z
      .url({ protocol: /^https?$/, error: "not an http or https URL" })
      .describe("Where spans are sent by OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces."),
    serviceName: z.string().min(1).default("zkmandate").describe("`service.name` of the spans."),
  })
  .optional()
  .describe("OpenTelemetry spans of each request; nothing of it is loaded without this entry.");

const log = z
  .strictObject({
    level: z.enum(logLevels).default("info").describe("The least level that is written."),
  })
  .prefault({})
  .describe("One JSON object a line on standard error.");

const rate = z
  .strictObject({
    callsPerMinute: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(600)
      .describe(
        "Calls of a token in a minute, each call of a batch counted; a token may have its own.",
      ),
  })
  .prefault({})
  .describe("How often a token may call.");

/** The entries of `serve.yaml`; what they are for is told in `docs/serve-config.md`, made from here. */
export const serveSchema = z
  .strictObject({
    version: z.literal(1).describe("Version of this format."),
    listen,
    tls,
    hosts: z
      .array(z.string().min(1))
      .min(1)
      .default(["localhost", "127.0.0.1", "[::1]"])
      .describe(
        "Names under which the service may be called (the Host header, without port); others are refused, so that a web page cannot reach it through a name of its own.",
      ),
    tokens: path.default("tokens.json").describe("File with the hashes of the bearer tokens."),
    rate,
    limits,
    journal,
    gates,
    queue,
    fees,
    prover,
    metrics,
    telemetry,
    log,
  })
  .refine(({ listen: { host, behindProxy }, tls }) => tls || behindProxy || isLoopback(host), {
    path: ["listen"],
    error: "bearer tokens would cross the network in the clear: give tls, or behindProxy",
  });

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
