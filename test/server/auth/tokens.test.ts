import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createAuthenticator } from "../../../src/server/auth/authenticator.ts";
import { createRateLimit } from "../../../src/server/auth/rateLimit.ts";
import { namesMethod, tokenPattern } from "../../../src/server/auth/token.ts";
import { addToken, readTokens, revokeToken } from "../../../src/server/auth/tokenFile.ts";

const bot = { name: "bot", gates: "*" as const, methods: ["eth_*"], operator: false };

async function tokensPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-tokens-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "tokens.json");
}

const refuse = (error: unknown) => {
  throw error;
};

describe("the tokens file", () => {
  it("keeps a token's hash and never the token, readable by its owner alone", async () => {
    const path = await tokensPath();
    const token = await addToken(path, bot);
    expect(token).toMatch(tokenPattern);
    const text = await readFile(path, "utf8");
    expect(text).not.toContain(token.slice(4));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readTokens(path)).toMatchObject([bot]);
  });

  it("gives a name once, to one of many at the same time, and not again after revocation", async () => {
    const path = await tokensPath();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => addToken(path, bot)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await revokeToken(path, "bot");
    await expect(addToken(path, bot)).rejects.toThrow("is there already");
    await expect(revokeToken(path, "nobody")).rejects.toThrow("not in the tokens file");
  });

  it("gives nobody a name that the audit log has for the service itself, and lets none in that has one", async () => {
    const path = await tokensPath();
    for (const name of ["service", "operator", "local"]) {
      await expect(addToken(path, { ...bot, name })).rejects.toThrow("pass for the service itself");
    }
    const token = await addToken(path, bot);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace('"bot"', '"service"'));
    const { authenticate } = await createAuthenticator({ path, onError: refuse });
    expect(await authenticate(`Bearer ${token}`)).toBeUndefined();
  });

  it("is refused when others can write it, or it says what no release wrote", async () => {
    const path = await tokensPath();
    await addToken(path, bot);
    await chmod(path, 0o622);
    await expect(readTokens(path)).rejects.toThrow("others than its owner");
    await chmod(path, 0o600);
    await writeFile(path, '{"version":1,"tokens":[{"name":"bot"}]}');
    await expect(readTokens(path)).rejects.toThrow("tokens.0");
    await writeFile(path, "not json");
    await expect(readTokens(path)).rejects.toThrow("not JSON");
  });
});

describe("an authenticator", () => {
  it("knows a token by its hash, and nothing else", async () => {
    const path = await tokensPath();
    const token = await addToken(path, bot);
    const { authenticate } = await createAuthenticator({ path, onError: refuse });
    expect(await authenticate(`Bearer ${token}`)).toMatchObject(bot);
    const [record] = await readTokens(path);
    for (const header of [
      undefined,
      "",
      token,
      "Bearer ",
      `Bearer ${record?.hash}`,
      `Bearer ${token} `,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${token.toUpperCase()}`,
      `Basic ${token}`,
      `Bearer ${token}, Bearer ${token}`,
    ]) {
      expect(await authenticate(header)).toBeUndefined();
    }
  });

  it("lets nobody in after the token expired, not even when the clock is set back", async () => {
    const path = await tokensPath();
    let now = Date.parse("2026-12-01T00:00:00Z");
    const token = await addToken(path, { ...bot, expiresAt: "2026-12-02T00:00:00Z" });
    const { authenticate } = await createAuthenticator({ path, onError: refuse, now: () => now });
    expect(await authenticate(`Bearer ${token}`)).toBeDefined();
    now = Date.parse("2026-12-02T00:00:00Z");
    expect(await authenticate(`Bearer ${token}`)).toBeUndefined();
    now = Date.parse("2026-12-01T00:00:00Z");
    expect(await authenticate(`Bearer ${token}`)).toBeUndefined();
  });

  it("notices a revocation on its own, and at once when told", async () => {
    const path = await tokensPath();
    const [first, second] = [
      await addToken(path, bot),
      await addToken(path, { ...bot, name: "two" }),
    ];
    const { authenticate, reload } = await createAuthenticator({ path, onError: refuse });
    await authenticate(undefined);
    await revokeToken(path, "bot");
    await reload();
    expect(await authenticate(`Bearer ${first}`)).toBeUndefined();
    expect(await authenticate(`Bearer ${second}`)).toBeDefined();
    await revokeToken(path, "two");
    await expect.poll(() => authenticate(`Bearer ${second}`), { timeout: 10_000 }).toBeUndefined();
  });

  it("lets nobody in while the file is damaged, says so, and recovers with it", async () => {
    const path = await tokensPath();
    const token = await addToken(path, bot);
    const good = await readFile(path, "utf8");
    const errors: unknown[] = [];
    const { authenticate } = await createAuthenticator({ path, onError: (e) => errors.push(e) });
    await writeFile(path, good.slice(1));
    await expect.poll(() => authenticate(`Bearer ${token}`), { timeout: 10_000 }).toBeUndefined();
    expect(errors).toEqual([expect.objectContaining({ name: "TokenFileError" })]);
    await writeFile(path, good);
    await expect.poll(() => authenticate(`Bearer ${token}`), { timeout: 10_000 }).toBeDefined();
  });
});

describe("a token's methods", () => {
  it("are names, or beginnings", () => {
    expect(namesMethod(["eth_chainId", "zkmandate_*"], "eth_chainId")).toBe(true);
    expect(namesMethod(["eth_chainId", "zkmandate_*"], "zkmandate_check")).toBe(true);
    expect(namesMethod(["eth_chainId"], "eth_chainIdX")).toBe(false);
    expect(namesMethod(["*"], "anything")).toBe(true);
  });
});

describe("a rate limit", () => {
  it("counts every call of a batch, lets all or none pass, and refills evenly", () => {
    let now = 0;
    const { take } = createRateLimit(() => now);
    expect(take("bot", 50, 60)).toBe(true);
    expect(take("bot", 11, 60)).toBe(false);
    expect(take("bot", 10, 60)).toBe(true);
    expect(take("other", 60, 60)).toBe(true);
    expect(take("bot", 1, 60)).toBe(false);
    now = 999;
    expect(take("bot", 1, 60)).toBe(false);
    now = 1_000;
    expect(take("bot", 1, 60)).toBe(true);
    now = 3_600_000;
    expect(take("bot", 61, 60)).toBe(false);
    expect(take("bot", 60, 60)).toBe(true);
  });
});
