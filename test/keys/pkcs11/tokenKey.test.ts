import { rename } from "node:fs/promises";
import { inspect } from "node:util";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Hex, hexToBigInt, keccak256, numberToHex, recoverAddress, size, slice } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { InvalidDigestError, KeyClosedError } from "../../../src/errors/keys.ts";
import {
  PinLockedError,
  Pkcs11ModuleError,
  TokenKeyExistsError,
  TokenKeyNotFoundError,
  TokenNotFoundError,
  UnfitTokenKeyError,
  WrongPinError,
} from "../../../src/errors/pkcs11.ts";
import { keyAccount } from "../../../src/keys/account.ts";
import type { AgentKey } from "../../../src/keys/keys.ts";
import { acquireModule, ck, releaseModule } from "../../../src/keys/pkcs11/cryptoki.ts";
import { keyTemplates, SECP256K1_PARAMS } from "../../../src/keys/pkcs11/keyAttributes.ts";
import {
  findToken,
  login,
  loginError,
  openSession,
  type TokenKeyPlace,
} from "../../../src/keys/pkcs11/token.ts";
import {
  createTokenKey,
  openTokenKey,
  readTokenKeyAddress,
} from "../../../src/keys/pkcs11/tokenKey.ts";
import { PIN, rawModule, type SoftHsm, startSoftHsm, unavailable } from "./softhsm.ts";

const digestOf = (n: number): Hex => keccak256(numberToHex(n));
const skipped = unavailable === undefined ? "" : ` (skipped: ${unavailable})`;

describe("PKCS#11 without a token", () => {
  it.skipIf(unavailable === "pkcs11js is not installed")(
    "a module that is not there, or is none, is named (needs pkcs11js)",
    async () => {
      for (const module of ["/nowhere/module.so", "/etc/hostname"]) {
        const place = { module, token: "desk", key: "agent" };
        await expect(openTokenKey({ place, pin: PIN })).rejects.toThrow(Pkcs11ModuleError);
        await expect(readTokenKeyAddress(place)).rejects.toThrow(module);
      }
    },
  );

  it("a refused login is told apart: wrong, last try, locked", () => {
    const place = { module: "m", token: "desk", key: "agent" };
    const refusal = (value: string, flags: number) =>
      loginError(new Error(`${value}:160`), place, () => flags);
    expect(refusal("CKR_PIN_LOCKED", 0)).toBeInstanceOf(PinLockedError);
    expect(refusal("CKR_PIN_INCORRECT", ck.CKF_USER_PIN_LOCKED)).toBeInstanceOf(PinLockedError);
    expect(refusal("CKR_PIN_INCORRECT", 0)).toBeInstanceOf(WrongPinError);
    expect(`${refusal("CKR_PIN_INCORRECT", ck.CKF_USER_PIN_FINAL_TRY)}`).toContain("one try left");
    expect(`${refusal("CKR_FUNCTION_FAILED", 0)}`).toContain("CKR_FUNCTION_FAILED");
  });
});

describe.skipIf(unavailable !== undefined)(`a key in SoftHSM2${skipped}`, () => {
  let hsm: SoftHsm;
  let labels = 0;
  let open: AgentKey[] = [];

  beforeAll(async () => {
    hsm = await startSoftHsm();
    hsm.addToken("desk");
  });
  afterEach(async () => {
    await Promise.all(open.map((key) => key.close()));
    open = [];
  });
  afterAll(() => hsm.close());

  const placeOf = (change: Partial<TokenKeyPlace> = {}): TokenKeyPlace => ({
    module: hsm.module,
    token: "desk",
    key: "agent",
    ...change,
  });
  async function freshKey(change: Partial<TokenKeyPlace> = {}, sessions?: number) {
    const place = placeOf({ key: `agent-${++labels}`, ...change });
    const address = await createTokenKey({ place, pin: PIN });
    const key = await openTokenKey({ place, pin: PIN, ...(sessions && { sessions }) });
    open.push(key);
    return { place, address, key };
  }
  async function signs(key: AgentKey, n = 1) {
    const hash = digestOf(n);
    return recoverAddress({ hash, signature: await key.sign(hash) });
  }

  it("is made inside, signs with low s, and v recovers to its address, each time", async () => {
    const { key, address, place } = await freshKey();
    expect(key.address).toBe(address);
    expect(await readTokenKeyAddress(place)).toBe(address);
    expect(key.onchain).toEqual({
      kind: 1,
      id: `0x${address.slice(2).toLowerCase().padStart(64, "0")}`,
    });
    const seen = new Set<string>();
    for (let n = 0; n < 60; n++) {
      const hash = digestOf(n);
      const signature = await key.sign(hash);
      expect(size(signature)).toBe(65);
      expect(hexToBigInt(slice(signature, 32, 64))).toBeLessThanOrEqual(
        secp256k1.Point.Fn.ORDER / 2n,
      );
      expect(await recoverAddress({ hash, signature })).toBe(address);
      seen.add(slice(signature, 64));
    }
    expect([...seen].sort()).toEqual(["0x1b", "0x1c"]);
  });

  it("does not leave: value, extractability and use for anything but signing are refused by the token", async () => {
    const { place } = await freshKey();
    const shared = await acquireModule(hsm.module);
    const { cryptoki } = shared;
    const slot = findToken(cryptoki, place);
    const session = openSession(cryptoki, slot);
    login(cryptoki, { place, slot, session, pin: PIN, again: false });
    cryptoki.C_FindObjectsInit(session, [
      { type: ck.CKA_CLASS, value: ck.CKO_PRIVATE_KEY },
      { type: ck.CKA_LABEL, value: place.key },
    ]);
    const [object] = cryptoki.C_FindObjects(session, 1) as [Buffer];
    cryptoki.C_FindObjectsFinal(session);
    const CKA_VALUE = 0x11;
    expect(() => cryptoki.C_GetAttributeValue(session, object, [{ type: CKA_VALUE }])).toThrow(
      "CKR_ATTRIBUTE_SENSITIVE",
    );
    const flags = [ck.CKA_DECRYPT, ck.CKA_UNWRAP, ck.CKA_DERIVE, ck.CKA_EXTRACTABLE];
    const values = cryptoki.C_GetAttributeValue(
      session,
      object,
      flags.map((type) => ({ type })),
    );
    expect(values.map(({ value }) => value[0])).toEqual([0, 0, 0, 0]);
    cryptoki.C_CloseSession(session);
    releaseModule(shared);
  });

  it("signs many digests at the same time over few sessions, each for itself", async () => {
    const { key, address } = await freshKey({}, 2);
    const digests = Array.from({ length: 40 }, (_, n) => digestOf(n));
    const signatures = await Promise.all(digests.map((digest) => key.sign(digest)));
    const signers = await Promise.all(
      signatures.map((signature, i) => recoverAddress({ hash: digests[i] as Hex, signature })),
    );
    expect(new Set(signers)).toEqual(new Set([address]));
  });

  it("is a viem account", async () => {
    const { key, address } = await freshKey();
    const signature = await keyAccount(key).signMessage({ message: "desk" });
    const { recoverMessageAddress } = await import("viem");
    expect(await recoverMessageAddress({ message: "desk", signature })).toBe(address);
  });

  it("a wrong PIN is said, and not that it is wrong because of anything else", async () => {
    const { place, key, address } = await freshKey();
    await key.close();
    await expect(openTokenKey({ place, pin: "0000" })).rejects.toThrow(WrongPinError);
    const right = await openTokenKey({ place, pin: PIN });
    open.push(right);
    expect(await signs(right)).toBe(address);
  });

  it("a token, or a key, that is not there is named with what is there", async () => {
    await freshKey();
    await expect(openTokenKey({ place: placeOf({ token: "vault" }), pin: PIN })).rejects.toThrow(
      /present: desk/,
    );
    await expect(openTokenKey({ place: placeOf({ token: "vault" }), pin: PIN })).rejects.toThrow(
      TokenNotFoundError,
    );
    await expect(openTokenKey({ place: placeOf({ key: "nobody" }), pin: PIN })).rejects.toThrow(
      TokenKeyNotFoundError,
    );
  });

  it("a label is used once", async () => {
    const { place } = await freshKey();
    await expect(createTokenKey({ place, pin: PIN })).rejects.toThrow(TokenKeyExistsError);
  });

  it.each<[string, RegExp, (templates: ReturnType<typeof keyTemplates>) => void]>([
    [
      "that can be taken out",
      /extractable/,
      (t) => {
        for (const attribute of t.private) {
          if (attribute.type === ck.CKA_EXTRACTABLE) attribute.value = true;
        }
      },
    ],
    [
      "that can be read",
      /not sensitive/,
      (t) => {
        for (const attribute of t.private) {
          if (attribute.type === ck.CKA_SENSITIVE) attribute.value = false;
        }
      },
    ],
    [
      "of another curve",
      /not secp256k1/,
      (t) => {
        for (const attribute of t.public) {
          // prime256v1
          if (attribute.type === ck.CKA_EC_PARAMS) {
            attribute.value = Buffer.from("06082a8648ce3d030107", "hex");
          }
        }
      },
    ],
    [
      "that may not sign",
      /may not sign/,
      (t) => {
        for (const attribute of t.private) {
          if (attribute.type === ck.CKA_SIGN) attribute.value = false;
        }
      },
    ],
  ])("a key %s is refused", async (_, problem, change) => {
    const place = placeOf({ key: `unfit-${++labels}` });
    const shared = await acquireModule(hsm.module);
    const { cryptoki } = shared;
    const slot = findToken(cryptoki, place);
    const session = openSession(cryptoki, slot, { write: true });
    login(cryptoki, { place, slot, session, pin: PIN, again: false });
    const templates = keyTemplates(place.key, Buffer.from(place.key));
    expect(SECP256K1_PARAMS).toHaveLength(7);
    change(templates);
    cryptoki.C_GenerateKeyPair(
      session,
      { mechanism: ck.CKM_EC_KEY_PAIR_GEN, parameter: null },
      templates.public,
      templates.private,
    );
    const attempt = openTokenKey({ place, pin: PIN });
    await expect(attempt).rejects.toThrow(UnfitTokenKeyError);
    await expect(attempt).rejects.toThrow(problem);
    cryptoki.C_CloseSession(session);
    releaseModule(shared);
  });

  it("a key whose public key is another's is refused: the signature is checked before it is given out", async () => {
    const place = placeOf({ key: `mixed-${++labels}` });
    const other = placeOf({ key: `other-${labels}` });
    const shared = await acquireModule(hsm.module);
    const { cryptoki } = shared;
    const slot = findToken(cryptoki, place);
    const session = openSession(cryptoki, slot, { write: true });
    login(cryptoki, { place, slot, session, pin: PIN, again: false });
    // Two pairs, each half of which has the other's label.
    for (const [publicLabel, privateLabel] of [
      [place.key, other.key],
      [other.key, place.key],
    ] as const) {
      cryptoki.C_GenerateKeyPair(
        session,
        { mechanism: ck.CKM_EC_KEY_PAIR_GEN, parameter: null },
        keyTemplates(publicLabel, Buffer.from(publicLabel)).public,
        keyTemplates(privateLabel, Buffer.from(privateLabel)).private,
      );
    }
    await expect(openTokenKey({ place, pin: PIN })).rejects.toThrow(/does not fit its public key/);
    cryptoki.C_CloseSession(session);
    releaseModule(shared);
  });

  it("goes on after its sessions were closed behind its back, many times and under load", async () => {
    const { key, address, place } = await freshKey();
    const raw = rawModule(hsm.module);
    const slot = findToken(raw, place);
    for (let n = 0; n < 10; n++) {
      raw.C_CloseAllSessions(slot);
      const signers = await Promise.all([1, 2, 3, 4, 5, 6].map((i) => signs(key, 10 * n + i)));
      expect(new Set(signers)).toEqual(new Set([address]));
    }
  });

  it("goes on after the module was ended and started by another part of the process", async () => {
    const { key, address } = await freshKey();
    const raw = rawModule(hsm.module);
    raw.C_Finalize();
    raw.C_Initialize({ flags: ck.CKF_OS_LOCKING_OK });
    expect(await signs(key)).toBe(address);
    raw.C_Finalize();
    expect(await signs(key, 2)).toBe(address);
  });

  it("says that the token was removed, and goes on when it is back", async () => {
    const { key, address, place } = await freshKey();
    const raw = rawModule(hsm.module);
    const slot = findToken(raw, place);
    await rename(hsm.tokens, `${hsm.tokens}-away`);
    raw.C_CloseAllSessions(slot);
    await expect(key.sign(digestOf(1))).rejects.toThrow(/not there|no such|was lost/);
    await expect(key.sign(digestOf(2))).rejects.toThrow(/not there|no such|was lost/);
    await rename(`${hsm.tokens}-away`, hsm.tokens);
    expect(await signs(key, 3)).toBe(address);
  });

  it("does not try a PIN twice that was changed behind its back", async () => {
    hsm.addToken("changed", "before-1");
    const place = placeOf({ token: "changed" });
    await createTokenKey({ place, pin: "before-1" });
    const key = await openTokenKey({ place, pin: "before-1" });
    open.push(key);
    const raw = rawModule(hsm.module) as unknown as {
      C_SetPIN(session: Buffer, before: string, after: string): void;
    } & ReturnType<typeof rawModule>;
    const slot = findToken(raw, place);
    const session = openSession(raw, slot, { write: true });
    raw.C_SetPIN(session, "before-1", "after-22");
    raw.C_CloseAllSessions(slot);
    await expect(key.sign(digestOf(1))).rejects.toThrow(WrongPinError);
    // With the old PIN back a second try would go well: there is none.
    const again = openSession(raw, slot, { write: true });
    raw.C_Login(again, ck.CKU_USER, "after-22");
    raw.C_SetPIN(again, "after-22", "before-1");
    raw.C_CloseAllSessions(slot);
    await expect(key.sign(digestOf(1))).rejects.toThrow(WrongPinError);
  });

  it("refuses what is no digest, and signs nothing after close", async () => {
    const { key } = await freshKey();
    for (const bad of ["0x", "0x01", `0x${"00".repeat(33)}`, "text"]) {
      await expect(key.sign(bad as Hex)).rejects.toThrow(InvalidDigestError);
    }
    await key.close();
    await key.close();
    await expect(key.sign(digestOf(1))).rejects.toThrow(KeyClosedError);
  });

  it("two keys of a module do not end each other", async () => {
    const [one, two] = [await freshKey(), await freshKey()];
    await one.key.close();
    expect(await signs(two.key)).toBe(two.address);
  });

  it("never shows the PIN", async () => {
    const { key, place } = await freshKey();
    expect(`${inspect(key, { depth: 9 })}${JSON.stringify(key)}`).not.toContain(PIN);
    await key.close();
    const wrong = "wrong-pin-99";
    const error = await openTokenKey({ place, pin: wrong }).catch((reason) => reason);
    expect(inspect(error, { depth: 9 })).not.toContain(wrong);
  });
});
