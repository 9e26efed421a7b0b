import { createFROST, type FROST } from "@noble/curves/abstract/frost.js";
import { secp256k1, secp256k1_hasher } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type CurvePoint, SCHNORR_SUITE, schnorrChallenge } from "../schnorr.ts";

/** A FROST ciphersuite over secp256k1: its name, which starts every hash, and the RFC's operations. */
export interface FrostSuite {
  readonly name: string;
  readonly frost: FROST;
}

/**
 * The suite whose signatures a gate verifies: RFC 9591's FROST(secp256k1, SHA-256) under a contextString of its
 * own, with the gate's challenge as H2 (docs/PROTOCOL.md §3.1). Group keys have even y, messages are 32-byte digests.
 */
export const gateSuite: FrostSuite = {
  name: SCHNORR_SUITE,
  frost: createFROST<CurvePoint>({
    name: SCHNORR_SUITE,
    Point: secp256k1.Point,
    hash: sha256,
    hashToScalar: secp256k1_hasher.hashToScalar,
    challenge: schnorrChallenge,
  }),
};
