import { readFileSync, writeFileSync } from "node:fs";
import { secp256k1_FROST } from "@noble/curves/secp256k1.js";
import { bytesToHex, type Hex, hexToBigInt, hexToBytes, keccak256, slice } from "viem";
import { describe, expect, it } from "vitest";
import { splitKey } from "../../../src/keys/frost/dealer.ts";
import { groupKeyId } from "../../../src/keys/frost/group.ts";
import { createNonces, NoncePair } from "../../../src/keys/frost/nonces.ts";
import { aggregate, signShare } from "../../../src/keys/frost/rounds.ts";
import { combineShares } from "../../../src/keys/frost/signing.ts";
import { type FrostSuite, gateSuite } from "../../../src/keys/frost/suite.ts";
import { verifySchnorr } from "../../../src/keys/schnorr.ts";
import { schnorrSigner } from "../../contracts/support/schnorr.ts";

interface Round {
  hidingRandomness: Hex;
  bindingRandomness: Hex;
  hidingNonce: Hex;
  bindingNonce: Hex;
  hiding: Hex;
  binding: Hex;
  share: Hex;
}
interface Vector {
  threshold: number;
  participants: number[];
  signers: number[];
  groupSecretKey: Hex;
  groupPublicKey: Hex;
  message: Hex;
  coefficients: Hex[];
  shares: Record<string, Hex>;
  rounds: Record<string, Round>;
  signature: Hex;
  /** As a gate takes it. */
  gateSignature?: Hex;
}

const rfcSuite: FrostSuite = { name: "FROST-secp256k1-SHA256-v1", frost: secp256k1_FROST };
const file = (name: string) => new URL(`vectors/${name}.json`, import.meta.url);
const read = (name: string): Vector => JSON.parse(readFileSync(file(name), "utf8"));

/** Runs a vector's inputs through src/keys/frost. */
function run(suite: FrostSuite, vector: Vector) {
  const { group, shares } = splitKey(hexToBytes(vector.groupSecretKey), vector, {
    suite,
    coefficients: vector.coefficients.map((text) => hexToBigInt(text)),
  });
  const message = hexToBytes(vector.message);
  const signers = vector.signers.map((id) => {
    const share = shares.find(({ participant }) => participant === id);
    if (!share) throw new Error(`no share ${id}`);
    const { hidingRandomness, bindingRandomness } = vector.rounds[id] as Round;
    const randomness = [hidingRandomness, bindingRandomness].map((text) => hexToBytes(text));
    const nonces = createNonces(suite, share, () => randomness.shift() as Uint8Array);
    const taken = nonces.take();
    const secrets = { hiding: bytesToHex(taken.hiding), binding: bytesToHex(taken.binding) };
    return { id, share, nonces: new NoncePair(nonces.commitment, taken), secrets };
  });
  const commitments = signers.map(({ nonces }) => nonces.commitment);
  const rounds = Object.fromEntries(
    signers.map(({ id, share, nonces, secrets }) => {
      const signed = signShare(suite, { group, share, nonces, commitments, message });
      return [id, { ...secrets, commitment: nonces.commitment, share: signed.share }];
    }),
  );
  const answers = new Map(
    signers.map(({ id }) => [id, { participant: id, share: rounds[id]?.share }]),
  );
  return {
    group,
    shares,
    rounds,
    commitments,
    answers,
    signature: bytesToHex(aggregate(suite, { group, commitments, message, answers })),
  };
}

function expectVector(suite: FrostSuite, vector: Vector) {
  const result = run(suite, vector);
  expect(result.group.commitments[0]).toBe(vector.groupPublicKey);
  for (const share of result.shares) {
    expect(share.reveal().secret).toBe(vector.shares[share.participant]);
  }
  for (const id of vector.signers) {
    const expected = vector.rounds[id] as Round;
    expect(result.rounds[id]).toEqual({
      hiding: expected.hidingNonce,
      binding: expected.bindingNonce,
      commitment: { participant: id, hiding: expected.hiding, binding: expected.binding },
      share: expected.share,
    });
  }
  expect(result.signature).toBe(vector.signature);
  return result;
}

describe("FROST vectors", () => {
  it("RFC 9591, FROST(secp256k1, SHA-256): shares, nonces, commitments, signature shares, signature", () => {
    const vector = read("rfc9591-secp256k1");
    expectVector(rfcSuite, vector);
    const [signature, message, key] = [vector.signature, vector.message, vector.groupPublicKey].map(
      (text) => hexToBytes(text),
    ) as [Uint8Array, Uint8Array, Uint8Array];
    expect(secp256k1_FROST.verify(signature, message, key)).toBe(true);
  });

  it("the gate's suite: the same inputs over a digest, and the signature that a gate takes", () => {
    const vector = read("gate-secp256k1");
    const { group, commitments, answers } = expectVector(gateSuite, vector);
    const id = groupKeyId(group);
    const gateSignature = combineShares(group, { digest: vector.message, commitments }, answers);
    expect(gateSignature).toBe(vector.gateSignature);
    expect(verifySchnorr(id, vector.message, gateSignature)).toBe(true);
    const [signature, message, key] = [vector.signature, vector.message, vector.groupPublicKey].map(
      (text) => hexToBytes(text),
    ) as [Uint8Array, Uint8Array, Uint8Array];
    expect(gateSuite.frost.verify(signature, message, key)).toBe(true);
    // The code that is written from the specification alone knows the same key and the same challenge.
    const holder = schnorrSigner(hexToBigInt(vector.groupSecretKey));
    expect(holder.id).toBe(id);
    const s = hexToBigInt(slice(gateSignature, 20));
    expect(s).toBe(hexToBigInt(slice(vector.signature, 33)));
  });

  it("the gate's suite shares no hash with the RFC's: not a nonce, not a binding factor, not a challenge", () => {
    const rfc = read("rfc9591-secp256k1");
    const message = keccak256("0x01");
    const ours = run(gateSuite, { ...rfc, message });
    const theirs = run(rfcSuite, { ...rfc, message });
    expect(ours.rounds[1]?.hiding).not.toBe(theirs.rounds[1]?.hiding);
    expect(ours.signature).not.toBe(theirs.signature);
    expect(
      secp256k1_FROST.verify(
        hexToBytes(ours.signature),
        hexToBytes(message),
        hexToBytes(rfc.groupPublicKey),
      ),
    ).toBe(false);
  });
});

if (process.env.UPDATE_VECTORS === "1") {
  const rfc = read("rfc9591-secp256k1");
  const message = keccak256("0x7a6b");
  const result = run(gateSuite, { ...rfc, message });
  const rounds = Object.fromEntries(
    Object.entries(result.rounds).map(([id, round]) => [
      id,
      {
        hidingRandomness: rfc.rounds[id]?.hidingRandomness,
        bindingRandomness: rfc.rounds[id]?.bindingRandomness,
        hidingNonce: round.hiding,
        bindingNonce: round.binding,
        hiding: round.commitment.hiding,
        binding: round.commitment.binding,
        share: round.share,
      },
    ]),
  );
  const { group, commitments, answers } = result;
  const vector = {
    ...rfc,
    source:
      "The gate's suite (docs/PROTOCOL.md §3.1) with the keys and randomness of RFC 9591, E.5",
    message,
    rounds,
    signature: result.signature,
    gateSignature: combineShares(group, { digest: message, commitments }, answers),
  };
  writeFileSync(file("gate-secp256k1"), `${JSON.stringify(vector, null, 2)}\n`);
}
