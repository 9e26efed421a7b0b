import { createClient } from "viem";
import { expect, it } from "vitest";
import { mandateTransport } from "../../../src/server/client/mandateTransport.ts";
import { listenLocally } from "../support/service.ts";

it("asks again under the same key when the service does not know what became of a call", async () => {
  const keys: unknown[] = [];
  const error = {
    code: -32_002,
    message: "…",
    data: { reason: "journal-unavailable", outcome: "unknown" },
  };
  const url = await listenLocally((request, response) => {
    keys.push(request.headers["idempotency-key"]);
    response.setHeader("content-type", "application/json");
    const answer = keys.length === 1 ? { error } : { result: "0x7a69" };
    response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, ...answer }));
  });
  const client = createClient({ transport: mandateTransport({ url, token: "zkm_x" }) });
  expect(await client.request({ method: "eth_chainId" })).toBe("0x7a69");
  expect(keys).toHaveLength(2);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(keys[1]).toBe(keys[0]);
});
