import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadServeConfig, parseServeConfig } from "../../../src/server/config/serveConfig.ts";

const path = "/srv/desk/serve.yaml";
const minimal =
  "version: 1\njournal: { sqlite: journal.sqlite }\ngates: [{ workspace: ./Desk A }]\n";
const parse = (text: string) => parseServeConfig(text, path);

describe("the service's configuration", () => {
  it("is complete with a journal and one gate, and then listens on loopback alone", () => {
    expect(parse(minimal)).toMatchObject({
      path,
      listen: { host: "127.0.0.1", port: 8645 },
      hosts: ["localhost", "127.0.0.1", "[::1]"],
      tokens: "/srv/desk/tokens.json",
      journal: { sqlite: "/srv/desk/journal.sqlite", identity: "/srv/desk/secrets/service.age" },
      gates: [{ workspace: "/srv/desk/Desk A", name: "desk-a" }],
      metrics: { exposeBudgets: false },
      log: { level: "info" },
    });
  });

  it("listens on the socket alone where only that is given", () => {
    expect(parse(`${minimal}listen: { socket: run/z.sock }`).listen).toMatchObject({
      port: undefined,
      socket: "/srv/desk/run/z.sock",
    });
  });

  it("takes a database of a fleet by file or environment, never in the clear", () => {
    const postgres = (entry: string) =>
      parse(minimal.replace("sqlite: journal.sqlite", `postgres: ${entry}`)).journal.postgres;
    expect(postgres("{ urlFile: secrets/url }")).toEqual({ urlFile: "/srv/desk/secrets/url" });
    expect(postgres("{ urlEnv: DATABASE_URL }")).toEqual({ urlEnv: "DATABASE_URL" });
    expect(() => postgres("{ url: postgres://desk:secret@db/journal }")).toThrow("url");
    expect(() => postgres("{}")).toThrow("either urlFile or urlEnv");
    expect(() => postgres("{ urlFile: a, urlEnv: B }")).toThrow("either urlFile or urlEnv");
  });

  it.each(["0.0.0.0", "192.168.1.5", "::"])("does not listen on %s without TLS", (host) => {
    const text = `${minimal}listen: { host: "${host}" }\n`;
    expect(() => parse(text)).toThrow("line 4, listen: bearer tokens would cross");
    expect(parse(`${text}tls: { cert: c.pem, key: k.pem }`).tls).toEqual({
      cert: "/srv/desk/c.pem",
      key: "/srv/desk/k.pem",
    });
    expect(parse(text.replace(`"${host}"`, `"${host}", behindProxy: true`)).listen.host).toBe(host);
  });

  it.each([
    ["gates: [", "Flow sequence"],
    ["", "file"],
    [minimal.replace("version: 1", "version: 2"), "line 1, version"],
    [`${minimal}lisen: {}`, "lisen"],
    [`${minimal}listen: { port: 70000 }`, "line 4, listen.port: expected at most 65535"],
    [`${minimal}listen: { port: a }`, "listen.port: expected a number, received text"],
    [`${minimal}limits: { batch: 0 }`, "line 4, limits.batch: expected at least 1"],
    [`${minimal}tls: { cert: a }`, "tls.key: is missing"],
    [`${minimal}queue: { maxInFlight: 0 }`, "line 4, queue.maxInFlight"],
    [`${minimal}telemetry: { otlpUrl: file:///etc/passwd }`, "line 4, telemetry.otlpUrl"],
    [`${minimal}log: { level: loud }`, "line 4, log.level"],
    [minimal.replace("{ workspace: ./Desk A }", ""), "line 3, gates"],
    [minimal.replace("./Desk A }", "a, lanes: [-1] }"), "line 3, gates.0.lanes.0"],
    [minimal.replace("sqlite: journal.sqlite", ""), "line 2, journal: either sqlite or postgres"],
    [minimal.replace("./Desk A }", "a }, { workspace: b/a }"), "two gates are called a"],
  ])("is refused with the place of the mistake: %j", (text, place) => {
    expect(() => parse(text)).toThrow(place);
  });

  it("that is missing says how to make one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "zkmandate-serve-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await expect(loadServeConfig(join(folder, "serve.yaml"))).rejects.toThrow("service init");
  });

  it("is described by docs/serve-config.md as its schema has it", async () => {
    const script = fileURLToPath(
      new URL("../../../scripts/generate-serve-config.ts", import.meta.url),
    );
    await promisify(execFile)(process.execPath, [script, "--check"]);
  });
});
