import { secp256k1 } from "@noble/curves/secp256k1.js";
import { UnfitTokenKeyError } from "../../errors/pkcs11.ts";
import type { CurvePoint } from "../schnorr.ts";
import { type Attribute, type Cryptoki, ck, type Handle } from "./cryptoki.ts";
import { findKey, type TokenKeyPlace } from "./token.ts";

/** secp256k1 as CKA_EC_PARAMS names it: the DER of object identifier 1.3.132.0.10. */
export const SECP256K1_PARAMS = Buffer.from("06052b8104000a", "hex");
/** A DER octet string of 65 bytes, in which CKA_EC_POINT wraps an uncompressed point. */
const POINT_PREFIX = Buffer.from("0441", "hex");

/** Templates of a fresh key that only signs and never leaves. */
export function keyTemplates(
  label: string,
  id: Buffer,
): { public: Attribute[]; private: Attribute[] } {
  const common = [
    { type: ck.CKA_TOKEN, value: true },
    { type: ck.CKA_LABEL, value: label },
    { type: ck.CKA_ID, value: id },
  ];
  return {
    public: [
      ...common,
      { type: ck.CKA_PRIVATE, value: false },
      { type: ck.CKA_VERIFY, value: true },
      { type: ck.CKA_EC_PARAMS, value: SECP256K1_PARAMS },
    ],
    private: [
      ...common,
      { type: ck.CKA_PRIVATE, value: true },
      { type: ck.CKA_SENSITIVE, value: true },
      { type: ck.CKA_EXTRACTABLE, value: false },
      { type: ck.CKA_SIGN, value: true },
      { type: ck.CKA_DECRYPT, value: false },
      { type: ck.CKA_UNWRAP, value: false },
      { type: ck.CKA_DERIVE, value: false },
    ],
  };
}

/**
 * Refuses a private key that is not secp256k1, cannot sign, or was ever readable outside its token.
 *
 * @throws {UnfitTokenKeyError}
 */
export function checkPrivateKey(
  cryptoki: Cryptoki,
  session: Handle,
  key: Handle,
  place: TokenKeyPlace,
): void {
  const wanted: [type: number, expected: Buffer, problem: string][] = [
    [ck.CKA_EC_PARAMS, SECP256K1_PARAMS, "its curve is not secp256k1"],
    [ck.CKA_SIGN, YES, "it may not sign"],
    [ck.CKA_SENSITIVE, YES, "it can be read: not sensitive"],
    [ck.CKA_EXTRACTABLE, NO, "it can be taken out: extractable"],
    [ck.CKA_ALWAYS_SENSITIVE, YES, "it could be read once: not always sensitive (imported?)"],
    [
      ck.CKA_NEVER_EXTRACTABLE,
      YES,
      "it could be taken out once: not never extractable (imported?)",
    ],
  ];
  const values = cryptoki.C_GetAttributeValue(
    session,
    key,
    wanted.map(([type]) => ({ type })),
  );
  const problems = wanted
    .filter(([, expected], i) => !values[i]?.value.equals(expected))
    .map(([, , problem]) => problem);
  if (problems.length > 0) throw new UnfitTokenKeyError({ ...place, problems });
}
const YES = Buffer.of(1);
const NO = Buffer.of(0);

/**
 * The public key of a place, for which nobody needs to log in.
 *
 * @throws {TokenKeyNotFoundError} unless there is exactly one
 * @throws {UnfitTokenKeyError} if it is no point of secp256k1
 */
export function readPublicKey(
  cryptoki: Cryptoki,
  session: Handle,
  place: TokenKeyPlace,
): CurvePoint {
  const key = findKey(cryptoki, session, place, "public");
  const values = cryptoki.C_GetAttributeValue(session, key, [
    { type: ck.CKA_EC_PARAMS },
    { type: ck.CKA_EC_POINT },
  ]);
  const [params, point] = values.map(({ value }) => value) as [Buffer, Buffer];
  const refuse = (problem: string) => new UnfitTokenKeyError({ ...place, problems: [problem] });
  if (!params.equals(SECP256K1_PARAMS)) throw refuse("its curve is not secp256k1");
  // Some modules leave out the octet string around the point.
  const isWrapped = point.length === 67 && point.subarray(0, 2).equals(POINT_PREFIX);
  try {
    return secp256k1.Point.fromBytes(Uint8Array.from(isWrapped ? point.subarray(2) : point));
  } catch {
    throw refuse("its public key is no point of the curve");
  }
}
