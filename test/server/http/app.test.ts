import { describe, expect, it } from "vitest";
import { LanesBlockedError } from "../../../src/errors/server.ts";
import { gate, otherGate, secretLimit, transaction } from "../support/memoryAgent.ts";
import { startService } from "../support/service.ts";

describe("JSON-RPC over HTTP", () => {
  it("answers what wallets ask first, and passes reads to the node", async () => {
    const { call } = await startService();
    expect((await call("eth_chainId")).json).toEqual({ jsonrpc: "2.0", id: 1, result: "0x7a69" });
    expect((await call("eth_accounts")).json.result).toEqual([gate, otherGate]);
    expect((await call("eth_blockNumber")).json.result).toBe("0x2a");
    expect((await call("eth_call", [{}, "latest"])).json.error).toMatchObject({ code: 3 });
  });

  it("sends a gate's transaction and tells its status", async () => {
    const { call, agent } = await startService();
    const { json } = await call("eth_sendTransaction", [transaction(5n)]);
    expect(json.result).toBe(agent.requests[0]?.transactions[0]);
    expect(agent.requests[0]).toMatchObject({ principal: "bot", kind: "send", gate });
    expect((await call("zkmandate_status", [json.result])).json.result.status).toBe("submitted");
  });

  it("tells a denial by its word, and why to operators alone", async () => {
    const { call, operatorToken } = await startService();
    const params = [transaction(secretLimit + 1n)];
    const { json, text } = await call("eth_sendTransaction", params);
    expect(json.error).toMatchObject({ code: -32_003, data: { reason: "denied" } });
    expect(text).not.toContain(`${secretLimit}`);
    const asOperator = await call("eth_sendTransaction", params, { token: operatorToken });
    expect(asOperator.json.error.data.explanation.join()).toContain(`${secretLimit}`);
    expect((await call("zkmandate_explain", params)).json.error.data.reason).toBe("operator-only");
  });

  it("answers a batch call by call, in its order", async () => {
    const { post } = await startService({ batch: 3 });
    const calls = ["eth_chainId", "nope", "eth_blockNumber"].map((method, id) => ({
      jsonrpc: "2.0",
      id,
      method,
    }));
    const { json } = await post(calls);
    expect(json).toMatchObject([
      { id: 0, result: "0x7a69" },
      { id: 1, error: { code: -32_601 } },
      { id: 2, result: "0x2a" },
    ]);
    expect((await post([...calls, calls[0]])).json.error.message).toContain("at most 3");
    expect((await post([])).json.error.code).toBe(-32_600);
  });

  it.each([
    ["", -32_700, null],
    ["{", -32_700, null],
    [Buffer.from([0x22, 0xff, 0x22]), -32_700, null],
    ["1", -32_600, null],
    ["null", -32_600, null],
    ['{"jsonrpc":"2.0","method":"eth_chainId"}', -32_600, null],
    ['{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', -32_600, null],
    ['{"jsonrpc":"2.0","id":1e99,"method":"eth_chainId"}', -32_600, null],
    ['{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', -32_600, 1],
    ['{"jsonrpc":"2.0","id":"a","method":7}', -32_600, "a"],
    ['{"jsonrpc":"2.0","id":2,"method":"eth_chainId","params":3}', -32_600, 2],
    ['{"jsonrpc":"2.0","id":2,"method":"__proto__"}', -32_601, 2],
    ['{"jsonrpc":"2.0","id":2,"method":"constructor"}', -32_601, 2],
    ['{"jsonrpc":"2.0","id":2,"method":"eth_sendTransaction"}', -32_602, 2],
  ])("answers the body %j with an error of JSON-RPC", async (body, code, id) => {
    const { post } = await startService();
    const { status, json } = await post(body);
    expect(status).toBe(200);
    expect(json).toMatchObject({ jsonrpc: "2.0", id, error: { code } });
  });

  it("answers a body that is only deep", async () => {
    const { post } = await startService();
    for (const body of ["[".repeat(60_000), "[".repeat(30_000) + "]".repeat(30_000)]) {
      const [answer] = [(await post(body)).json].flat();
      expect(answer.error.code).toBeLessThanOrEqual(-32_600);
    }
  });

  it("takes JSON alone, up to the limit", async () => {
    const { post } = await startService({ bodyBytes: 2_048 });
    const long = await post(`"${"a".repeat(2_048)}"`);
    expect(long).toMatchObject({ status: 413, json: { error: { code: -32_600 } } });
    for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
      expect((await post("{}", { headers: { "content-type": type } })).status).toBe(415);
    }
  });

  it("asks once for an idempotency key, whoever retries", async () => {
    const { call, post, agent } = await startService();
    const send = () =>
      call("eth_sendTransaction", [transaction(5n)], { headers: { "idempotency-key": "k-1" } });
    const [first, second] = [await send(), await send()];
    expect(second.json.result).toBe(first.json.result);
    expect(agent.requests).toHaveLength(1);
    const entry = {
      jsonrpc: "2.0",
      id: 1,
      method: "eth_sendTransaction",
      params: [transaction(5n)],
    };
    const { json } = await post([entry, entry], { headers: { "idempotency-key": "k-2" } });
    expect(json[0].result).not.toBe(json[1].result);
    const bad = await call("eth_chainId", [], { headers: { "idempotency-key": "two words" } });
    expect(bad.json.error.code).toBe(-32_600);
  });

  it("has an endpoint for each chain", async () => {
    const { call } = await startService();
    expect((await call("eth_chainId", [], { url: "/31337" })).json.result).toBe("0x7a69");
    expect((await call("eth_chainId", [], { url: "/1" })).json.error).toBeDefined();
    expect((await call("eth_chainId", [], { url: "/01" })).status).toBe(404);
  });

  it("gives an error that nobody expected a number, and the log the error", async () => {
    const { call, agent, lines } = await startService();
    agent.failure = new TypeError("planted detail");
    const { json, text } = await call("eth_sendTransaction", [transaction(1n)]);
    expect(json.error).toMatchObject({ code: -32_603, data: { reason: "internal" } });
    expect(text).not.toContain("planted");
    const { incident } = json.error.data;
    const logged = lines.find((line) => line.includes(incident)) as string;
    expect(JSON.parse(logged).err).toMatchObject({ name: "TypeError" });
    expect(logged).not.toContain("planted");
  });
});

describe("who calls", () => {
  it("without a valid token gets an empty 401, the same for every reason", async () => {
    const { app, addToken, post, call, agent } = await startService();
    const expired = await addToken({ name: "old", expiresAt: "2020-01-01T00:00:00Z" });
    const answers = [];
    for (const token of ["", expired, "zkm_unknown", "x".repeat(4_000)]) {
      answers.push(await call("eth_sendTransaction", [transaction(1n)], { token }));
      answers.push(await post("{", { token }));
    }
    for (const url of ["/metrics", "/", "/nothing", "/healthz?x", "/readyz/"]) {
      const {
        statusCode: status,
        payload: text,
        headers,
      } = await app.inject({ method: "GET", url });
      answers.push({ status, text, headers });
    }
    for (const { status, text, headers } of answers) {
      expect({ status, text }).toEqual({ status: 401, text: "" });
      expect(Object.keys(headers).sort()).toEqual(Object.keys(answers[0]?.headers ?? {}).sort());
    }
    expect(agent.requests).toHaveLength(0);
  });

  it("calls only the methods and sees only the gates of its token", async () => {
    const { addToken, call, agent } = await startService();
    const token = await addToken({
      name: "reader",
      gates: ["desk-b"],
      methods: ["eth_accounts", "zkmandate_*"],
    });
    expect((await call("eth_accounts", [], { token })).json.result).toEqual([otherGate]);
    const sent = await call("eth_sendTransaction", [transaction(1n)], { token });
    expect(sent.json.error).toMatchObject({ data: { reason: "not-permitted" } });
    const checked = await call("zkmandate_check", [transaction(1n, gate)], { token });
    expect(checked.json.error.data.reason).toBe("unknown-gate");
    for (const method of ["zkmandate_pause", "zkmandate_resume", "zkmandate_reload"]) {
      const { json } = await call(method, [], { token });
      expect(json.error.data.reason).toBe("operator-only");
    }
    expect(agent.calls).toEqual([]);
  });

  it("as an operator pauses, resumes and reloads", async () => {
    const { call, agent, operatorToken: token } = await startService();
    await call("zkmandate_pause", ["*"], { token });
    await call("zkmandate_resume", [gate], { token });
    await call("zkmandate_reload", [], { token });
    expect(agent.calls).toEqual(["pause *", `resume ${gate}`, "reload"]);
  });

  it("is slowed by the rate of its token, each call of a batch counted", async () => {
    const { addToken, call, post } = await startService({ callsPerMinute: 5 });
    const batch = [1, 2, 3, 4].map((id) => ({ jsonrpc: "2.0", id, method: "eth_chainId" }));
    expect((await post(batch)).json).toMatchObject(
      batch.map(({ id }) => ({ id, result: "0x7a69" })),
    );
    expect((await post(batch)).json).toMatchObject(
      batch.map(({ id }) => ({ id, error: { code: -32_005, data: { reason: "rate-limited" } } })),
    );
    expect((await call("eth_chainId")).json.result).toBe("0x7a69");
    expect((await call("eth_chainId")).json.error.code).toBe(-32_005);
    const token = await addToken({ name: "fast", callsPerMinute: 100 });
    expect((await post([...batch, ...batch], { token })).json[7].result).toBe("0x7a69");
  });

  it("reaches it under the names that are allowed, and no other", async () => {
    const { call } = await startService();
    for (const host of ["localhost", "LOCALHOST:8645", "127.0.0.1:1"]) {
      expect((await call("eth_chainId", [], { headers: { host } })).status).toBe(200);
    }
    for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:8645"]) {
      expect(await call("eth_chainId", [], { headers: { host } })).toMatchObject({
        status: 421,
        text: "",
      });
    }
  });
});

describe("health and metrics", () => {
  it("tell everyone whether, and operators what", async () => {
    const broken = { name: "chain", run: () => Promise.reject(new Error("https://key@node")) };
    const blocked = [0, 1].map((lane) => ({ lane: `lane ${lane}`, problem: "no mandate" }));
    const lanes = {
      name: "lanes",
      run: () => Promise.reject(new LanesBlockedError({ blocked, of: 3 })),
    };
    const { app, operatorToken } = await startService({
      checks: [{ name: "journal", run: async () => {} }, broken, lanes],
    });
    const get = async (url: string, token?: string) => {
      const headers = token ? { authorization: `Bearer ${token}` } : {};
      const { statusCode, payload } = await app.inject({ method: "GET", url, headers });
      return { statusCode, json: JSON.parse(payload) };
    };
    expect(await get("/healthz")).toEqual({ statusCode: 200, json: { status: "ok" } });
    expect(await get("/readyz")).toEqual({ statusCode: 503, json: { status: "not ready" } });
    expect((await get("/readyz", operatorToken)).json).toEqual({
      status: "not ready",
      checks: [
        { name: "journal", ok: true },
        { name: "chain", ok: false, problem: "Error" },
        {
          name: "lanes",
          ok: false,
          problem: "2 of 3 lanes cannot be served; lane 0: no mandate; lane 1: no mandate",
        },
      ],
    });
  });

  it("count calls, denials and stages, for tokens that may read them", async () => {
    const { app, call, token, operatorToken, addToken } = await startService();
    await call("eth_sendTransaction", [transaction(1n)]);
    await call("eth_sendTransaction", [transaction(secretLimit + 1n)]);
    await call("no_such_method");
    const get = (used: string) =>
      app.inject({ method: "GET", url: "/metrics", headers: { authorization: `Bearer ${used}` } });
    const { payload } = await get(operatorToken);
    expect(payload).toContain('zkmandate_calls_total{method="eth_sendTransaction",outcome="ok"} 1');
    expect(payload).toContain('{method="eth_sendTransaction",outcome="denied"} 1');
    expect(payload).toContain('{method="other",outcome="method-not-supported"} 1');
    expect(payload).toContain(`zkmandate_denials_total{gate="${gate}",restriction="amount"} 1`);
    expect(payload).toContain(`zkmandate_stage_seconds_sum{gate="${gate}",stage="prove"} 0.012`);
    expect(payload).not.toContain("headroom");
    const scraper = await get(await addToken({ name: "prometheus", methods: ["metrics"] }));
    expect(scraper.statusCode).toBe(200);
    // They tell of all gates, and a denied client by which restriction: nobody may read them by the way.
    const ofOneGate = { gates: ["desk-b"], operator: true };
    for (const refused of [
      token,
      await addToken({ name: "narrow", methods: ["eth_*"] }),
      await addToken({ name: "one-desk", ...ofOneGate }),
    ]) {
      expect(await get(refused)).toMatchObject({ statusCode: 403, payload: "" });
    }
  });
});
