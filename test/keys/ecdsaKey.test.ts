import { inspect } from "node:util";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import {
  bytesToHex,
  type Hex,
  hexToBigInt,
  keccak256,
  parseTransaction,
  recoverAddress,
  recoverTransactionAddress,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { keyAccount } from "../../src/keys/account.ts";
import { ecdsaKey } from "../../src/keys/ecdsaKey.ts";

const secret = "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
const bytes = () => Uint8Array.from(Buffer.from(secret.slice(2), "hex"));

describe("a key in memory", () => {
  it("has the address that every wallet derives", () => {
    expect(ecdsaKey(bytes()).address).toBe(privateKeyToAccount(secret).address);
  });

  it("stands on a gate as its kind and its address padded to 32 bytes", () => {
    expect(ecdsaKey(bytes()).onchain).toEqual({
      kind: 1,
      id: "0x000000000000000000000000008aeeda4d805471df9b2a5b0f38a0c3bcba786b",
    });
  });

  it("signs any digest so that its address is recovered, with low s and v of 27 or 28", async () => {
    const key = ecdsaKey(bytes());
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (digest) => {
        const hash = bytesToHex(digest);
        const signature = await key.sign(hash);
        expect(await recoverAddress({ hash, signature })).toBe(key.address);
        expect(signature).toHaveLength(2 + 130);
        expect(hexToBigInt(`0x${signature.slice(66, 130)}`)).toBeLessThanOrEqual(
          secp256k1.Point.Fn.ORDER / 2n,
        );
        expect([27, 28]).toContain(Number(`0x${signature.slice(130)}`));
      }),
      { numRuns: 50 },
    );
  });

  it.each(["0x", "0x00", `0x${"00".repeat(33)}`, "hello"])("refuses to sign %s", async (digest) => {
    await expect(ecdsaKey(bytes()).sign(digest as Hex)).rejects.toMatchObject({
      name: "InvalidDigestError",
    });
  });

  it("does not follow the caller's buffer", async () => {
    const buffer = bytes();
    const key = ecdsaKey(buffer);
    buffer.fill(0);
    const hash = keccak256("0x");
    expect(await recoverAddress({ hash, signature: await key.sign(hash) })).toBe(key.address);
  });

  it("does not sign once it is closed", async () => {
    const key = ecdsaKey(bytes());
    await key.close();
    await expect(key.sign(keccak256("0x"))).rejects.toMatchObject({ name: "KeyClosedError" });
  });

  it("shows no secret, however it is printed", () => {
    const key = ecdsaKey(bytes());
    const shown = [
      inspect(key, { showHidden: true, depth: 10 }),
      inspect({ key }, { customInspect: false, showHidden: true, depth: 10 }),
      JSON.stringify({ key }),
      String(key),
      Object.values(key).join(),
    ].join("\n");
    expect(shown).not.toContain(secret.slice(2, 20));
    expect(shown).not.toContain([...bytes().slice(0, 5)].join(", "));
  });
});

describe("a key as a viem account", () => {
  it("signs what viem's own account would sign", async () => {
    const account = keyAccount(ecdsaKey(bytes()));
    const reference = privateKeyToAccount(secret);
    const transaction = {
      type: "eip1559",
      chainId: 31337,
      nonce: 3,
      to: reference.address,
      value: 5n,
      gas: 21_000n,
      maxFeePerGas: 10n,
      maxPriorityFeePerGas: 1n,
    } as const;
    const signed = await account.signTransaction(transaction);
    expect(signed).toBe(await reference.signTransaction(transaction));
    expect(parseTransaction(signed).value).toBe(5n);
    expect(
      await recoverTransactionAddress({ serializedTransaction: signed as `0x02${string}` }),
    ).toBe(reference.address);
    expect(await account.signMessage({ message: "hello" })).toBe(
      await reference.signMessage({ message: "hello" }),
    );
  });
});
