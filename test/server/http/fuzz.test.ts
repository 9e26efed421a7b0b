import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gate, secretLimit, transaction } from "../support/memoryAgent.ts";
import { startService, type TestService } from "../support/service.ts";

/** Bodies of each kind; several kinds together are the 12,000 that one run sends. */
const RUNS = 3_000;

/** Printed when a run fails; give it as `seed` to see the run again. */
const seed = Number(process.env.FUZZ_SEED ?? Math.trunc(Math.random() * 2 ** 31));

const methods = [
  "eth_accounts",
  "eth_chainId",
  "eth_sendTransaction",
  "eth_signTransaction",
  "eth_sign",
  "personal_sign",
  "eth_signTypedData_v4",
  "eth_sendRawTransaction",
  "eth_call",
  "eth_getBalance",
  "eth_blockNumber",
  "zkmandate_check",
  "zkmandate_explain",
  "zkmandate_status",
  "zkmandate_pause",
  "zkmandate_resume",
  "zkmandate_reload",
  "metrics",
  "__proto__",
  "constructor",
  "toString",
];

const hostile = fc.constantFrom<unknown>(
  null,
  true,
  -1,
  1e308,
  2 ** 53,
  "",
  "0x",
  "0x0x",
  `0x${"f".repeat(64)}`,
  `0x${"f".repeat(65)}`,
  `0x${"0".repeat(5_000)}`,
  gate,
  gate.toLowerCase(),
  "latest",
  "\u0000\ud800\u202e",
  "__proto__",
  { __proto__: null, toJSON: 1 },
  [],
  [[[[[[]]]]]],
);
const transactionLike = fc.record(
  {
    from: fc.oneof(fc.constant(gate), hostile),
    to: fc.oneof(fc.constant(gate), hostile),
    value: fc.oneof(fc.constantFrom("0x1", "0xffffffffffff"), hostile),
    data: hostile,
    gas: hostile,
    nonce: hostile,
    submitter: hostile,
    validFor: hostile,
    lane: hostile,
    type: hostile,
  },
  { requiredKeys: [] },
);
const params = fc.oneof(
  fc.array(fc.oneof(transactionLike, hostile, fc.jsonValue()), { maxLength: 4 }),
  fc.dictionary(fc.string(), fc.jsonValue()),
  fc.jsonValue(),
);
const call = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant("2.0") }, fc.jsonValue()),
    id: fc.oneof(fc.nat(), fc.string(), fc.constant(null), fc.jsonValue()),
    method: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...methods) }, fc.jsonValue()),
    params,
  },
  { requiredKeys: [] },
);

const valid = JSON.stringify([
  { jsonrpc: "2.0", id: 1, method: "eth_sendTransaction", params: [transaction(7n)] },
  { jsonrpc: "2.0", id: "two", method: "zkmandate_status", params: [] },
]);
/** A valid body with bytes flipped, cut out, doubled, or put in. */
const mutated = fc
  .array(
    fc.record({
      at: fc.nat(valid.length - 1),
      length: fc.nat(12),
      kind: fc.constantFrom("flip", "cut", "double", "insert"),
      byte: fc.nat(255),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((changes) => {
    let bytes = Buffer.from(valid);
    for (const { at, length, kind, byte } of changes) {
      const start = Math.min(at, bytes.length);
      const part = bytes.subarray(start, start + length);
      const rest = bytes.subarray(start + length);
      const middle = {
        flip: Buffer.from(part.map((each) => each ^ byte)),
        cut: Buffer.alloc(0),
        double: Buffer.concat([part, part]),
        insert: Buffer.concat([Buffer.from([byte]), part]),
      }[kind];
      bytes = Buffer.concat([bytes.subarray(0, start), middle, rest]);
    }
    return bytes;
  });

/** What an answer must never hold: limits, stacks, paths, words of the libraries below. */
const leaks = new RegExp(
  [
    `${secretLimit}`,
    secretLimit.toString(16),
    "node_modules",
    "\\.ts:",
    "at (async )?\\w+ \\(",
    "ZodError",
    "fastify",
    "FST_",
    "sqlite",
  ].join("|"),
);

/** Checks that an answer is JSON-RPC: a response or error for each call, and nothing that leaks. */
function assertJsonRpc(text: string): void {
  expect(text).not.toMatch(leaks);
  const answers: unknown[] = [JSON.parse(text)].flat();
  expect(answers.length).toBeGreaterThan(0);
  for (const answer of answers as Record<string, unknown>[]) {
    expect(answer.jsonrpc).toBe("2.0");
    expect(answer.id === null || ["string", "number"].includes(typeof answer.id)).toBe(true);
    if ("result" in answer) {
      expect(Object.keys(answer).sort()).toEqual(["id", "jsonrpc", "result"]);
      continue;
    }
    expect(Object.keys(answer).sort()).toEqual(["error", "id", "jsonrpc"]);
    const { code, message } = answer.error as { code: unknown; message: unknown };
    expect(Number.isInteger(code)).toBe(true);
    // Nothing that was sent may go wrong in a way that nobody thought of.
    expect(code).not.toBe(-32_603);
    expect(typeof message === "string" && message !== "").toBe(true);
  }
}

async function assertAlive({ call: ask }: TestService): Promise<void> {
  expect((await ask("eth_chainId")).json).toEqual({ jsonrpc: "2.0", id: 1, result: "0x7a69" });
}

const assertions = (service: TestService) => async (body: string | Buffer) => {
  const { status, text } = await service.post(body);
  expect([200, 413]).toContain(status);
  assertJsonRpc(text);
};

describe(`whatever body is sent (seed ${seed})`, () => {
  it.each<[string, fc.Arbitrary<string | Buffer>]>([
    ["calls with hostile members", call.map((value) => JSON.stringify(value))],
    [
      "batches of them",
      fc
        .array(fc.oneof(call, fc.jsonValue()), { maxLength: 8 })
        .map((value) => JSON.stringify(value)),
    ],
    ["valid bodies with damage", mutated],
    [
      "bytes and any JSON",
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        fc.json(),
        fc.string({ unit: "binary" }),
      ),
    ],
  ])("%s are answered with JSON-RPC, and nothing leaks", async (_name, bodies) => {
    const service = await startService();
    await fc.assert(fc.asyncProperty(bodies, assertions(service)), { numRuns: RUNS, seed });
    await assertAlive(service);
    // A client without the right never got an operator's method through.
    expect(service.agent.calls).toEqual([]);
  });

  it("gets nothing without a token, however it looks", async () => {
    const service = await startService();
    const headers = fc.record(
      {
        authorization: fc.oneof(
          fc.stringMatching(/^Bearer [!-~]{0,80}$/),
          fc.stringMatching(/^[!-~ ]{0,80}$/),
        ),
        "idempotency-key": fc.stringMatching(/^[!-~ ]{0,300}$/),
        traceparent: fc.stringMatching(/^[!-~ ]{0,80}$/),
        "content-type": fc.constantFrom("application/json", "text/plain", "x"),
      },
      { requiredKeys: [] },
    );
    const property = fc.asyncProperty(call, headers, async (value, sent) => {
      const { status, text } = await service.post(value, { token: "", headers: sent });
      expect({ status, text }).toEqual({ status: 401, text: "" });
    });
    await fc.assert(property, { numRuns: RUNS, seed });
    expect(service.agent.requests).toEqual([]);
    await assertAlive(service);
  });

  it("reads the headers that clients choose without harm", async () => {
    const service = await startService();
    const property = fc.asyncProperty(
      fc.stringMatching(/^[!-~ ]{0,300}$/),
      fc.stringMatching(/^[!-~ ]{0,80}$/),
      async (key, traceparent) => {
        const { text } = await service.call("eth_chainId", [], {
          headers: { "idempotency-key": key, traceparent },
        });
        assertJsonRpc(text);
      },
    );
    await fc.assert(property, { numRuns: 500, seed });
  });
});
