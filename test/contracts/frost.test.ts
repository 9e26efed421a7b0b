import { readFileSync } from "node:fs";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { hexToBigInt } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import type { CeremonyResult } from "../../src/keys/frost/ceremonyParameters.ts";
import { splitKey } from "../../src/keys/frost/dealer.ts";
import { groupKeyId } from "../../src/keys/frost/group.ts";
import {
  digestOf,
  keyGeneration,
  range,
  refresh,
  results,
  runCeremony,
  signWith,
} from "../keys/frost/support.ts";
import { signAction, submit } from "./support/action.ts";
import { createWorld, govern, rotationOf, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

const verify = (id: `0x${string}`, digest: string, signature: string) =>
  world.chain.read<boolean>(world.schnorr, "verify", [hexToBigInt(id), digest, signature]);

describe("a FROST group on-chain", () => {
  it("the golden vector verifies", async () => {
    const file = new URL("../keys/frost/vectors/gate-secp256k1.json", import.meta.url);
    const { groupPublicKey, message, gateSignature } = JSON.parse(readFileSync(file, "utf8"));
    expect(await verify(`0x${groupPublicKey.slice(4)}`, message, gateSignature)).toBe(true);
  });

  it("signatures of every quorum of many groups verify", async () => {
    for (let run = 0; run < 12; run++) {
      const n = 2 + (run % 4);
      const threshold = 2 + (run % (n - 1));
      const { group, shares } = splitKey(secp256k1.utils.randomSecretKey(), {
        threshold,
        participants: range(n),
      });
      const members = new Map(shares.map((share) => [share.participant, { group, share }]));
      for (const ids of [range(threshold), range(n).slice(-threshold)]) {
        const signature = await signWith(group, members, ids, digestOf(run));
        expect(await verify(groupKeyId(group), digestOf(run), signature)).toBe(true);
        expect(await verify(groupKeyId(group), digestOf(run + 1), signature)).toBe(false);
      }
    }
  });

  it("a generated group becomes the gate's agent, signs an action, and another one after a refresh", async () => {
    const members = results(runCeremony(keyGeneration(range(3), 2)));
    const [{ group }] = [...members.values()] as [CeremonyResult];
    const agent = { kind: 2, id: groupKeyId(group) };
    expect((await govern(world, "rotate", [await rotationOf(world, { agent })])).ok).toBe(true);
    const signer = {
      sign: ({ hash }: { hash: `0x${string}` }) => signWith(group, members, [1, 3], hash),
    };
    expect((await submit(world, await signAction(world, { signer }))).ok).toBe(true);

    const refreshed = results(runCeremony(refresh(range(3), members)));
    const [{ group: next }] = [...refreshed.values()] as [CeremonyResult];
    const later = {
      sign: ({ hash }: { hash: `0x${string}` }) => signWith(next, refreshed, [2, 3], hash),
    };
    expect((await submit(world, await signAction(world, { signer: later }))).ok).toBe(true);
  });
});
