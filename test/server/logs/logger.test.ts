import { HttpRequestError } from "viem";
import { describe, expect, it } from "vitest";
import { DeniedError } from "../../../src/errors/signer.ts";
import { newToken } from "../../../src/server/auth/token.ts";
import { createLogger } from "../../../src/server/logs/logger.ts";

function capture() {
  const lines: string[] = [];
  const log = createLogger({ level: "trace" }, { write: (line) => lines.push(line) });
  return { log, lines, last: () => JSON.parse(lines.at(-1) as string) };
}

describe("the log", () => {
  it("is one JSON object a line, with its time and level in words", () => {
    const { log, last } = capture();
    log.info({ gate: "desk" }, "serving");
    expect(last()).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      gate: "desk",
      msg: "serving",
    });
  });

  it("takes out fields that have no business there, at several depths", () => {
    const { log, lines } = capture();
    const secret = "planted";
    log.trace({ token: secret, a: { params: [secret], b: { salt: secret } }, headers: { secret } });
    expect(lines.join()).not.toContain(secret);
  });

  it("takes out what looks like a secret, wherever it stands", () => {
    const { log, lines } = capture();
    const token = newToken();
    const identity = `AGE-SECRET-KEY-1${"Q".repeat(58)}`;
    log.info({ note: `see ${token}` }, `opened with ${identity}`);
    log.info(`Authorization: Bearer ${token.slice(4)}`);
    log.info("postgres://desk:hunter2@db:5432/journal");
    for (const secret of [token.slice(4), identity, "hunter2", "desk:"]) {
      expect(lines.join()).not.toContain(secret);
    }
  });

  it("says of an error what it is and where, not what it quotes", () => {
    const { log, last, lines } = capture();
    const syntax = (() => {
      try {
        return JSON.parse('{"secret": planted}');
      } catch (error) {
        return error;
      }
    })();
    expect(syntax.message).toContain("planted");
    log.error({ err: syntax });
    expect(last().err).toMatchObject({
      name: "SyntaxError",
      frames: expect.arrayContaining([expect.stringMatching(/^at /)]),
    });

    const verdict = { allowed: false as const, rules: [] };
    const denied = new DeniedError({ verdict, explanation: ["planted: at most 40 WETH"] });
    log.error({ err: new Error("planted", { cause: denied }) });
    expect(last().err.cause).toMatchObject({
      name: "DeniedError",
      message: "The policy denies the action",
    });

    const url = "https://node.example/planted-key";
    log.error({ err: new HttpRequestError({ url, body: { planted: 1 }, details: "planted" }) });
    expect(last().err).toMatchObject({ message: "HTTP request failed." });
    log.error(Object.assign(new Error("planted"), { code: "ECONNREFUSED" }));
    expect(last().err).toMatchObject({ name: "Error", code: "ECONNREFUSED" });
    expect(lines.join()).not.toContain("planted");
  });
});
