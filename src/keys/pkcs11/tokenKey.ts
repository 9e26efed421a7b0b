import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import {
  type Address,
  bytesToHex,
  getAddress,
  type Hex,
  hexToBytes,
  isHex,
  numberToHex,
  pad,
  size,
} from "viem";
import { InvalidDigestError, KeyClosedError } from "../../errors/keys.ts";
import {
  PinLockedError,
  TokenKeyExistsError,
  TokenKeyNotFoundError,
  TokenLostError,
  TokenNotFoundError,
  TokenRefusedError,
  TokenSignatureError,
  WrongPinError,
} from "../../errors/pkcs11.ts";
import { type AgentKey, agentKeyKinds } from "../keys.ts";
import { type CurvePoint, pointAddress } from "../schnorr.ts";
import { Connection } from "./connection.ts";
import {
  acquireModule,
  ck,
  type Handle,
  releaseModule,
  returnValue,
  type SharedModule,
} from "./cryptoki.ts";
import { keyTemplates, readPublicKey } from "./keyAttributes.ts";
import {
  closeSession,
  findObjects,
  findToken,
  isTokenLost,
  login,
  openSession,
  type TokenKeyPlace,
} from "./token.ts";

const { Point } = secp256k1;
const { Fn } = Point;

/** Signatures that may be made at the same time. */
const SESSIONS = 4;

const addressOfPoint = (point: CurvePoint): Address => getAddress(bytesToHex(pointAddress(point)));

/** A secp256k1 key that never leaves its token. */
class TokenKey implements AgentKey {
  readonly kind = "ecdsa";
  readonly address: Address;
  readonly onchain: { kind: number; id: Hex };
  readonly #module: SharedModule;
  readonly #place: TokenKeyPlace;
  readonly #sessions: number;
  readonly #publicKey: CurvePoint;
  #pin: string;
  #connection: Connection | undefined;
  /** Why no login is tried any more. */
  #refusal: Error | undefined;
  #isClosed = false;

  constructor(
    module: SharedModule,
    { place, pin, sessions }: { place: TokenKeyPlace; pin: string; sessions: number },
  ) {
    this.#module = module;
    this.#place = place;
    this.#pin = pin;
    this.#sessions = sessions;
    this.#connection = this.#open(false);
    this.#publicKey = this.#connection.publicKey;
    this.address = addressOfPoint(this.#publicKey);
    const id = pad(this.address, { size: 32 }).toLowerCase() as Hex;
    this.onchain = { kind: agentKeyKinds.ecdsa, id };
  }

  async sign(digest: Hex): Promise<Hex> {
    if (!isHex(digest) || size(digest) !== 32) {
      throw new InvalidDigestError({
        received: isHex(digest) ? `${size(digest)} bytes` : typeof digest,
      });
    }
    const message = hexToBytes(digest);
    const raw = await this.#signRaw(message);
    const signature = completeSignature(raw, message, this.#publicKey);
    if (signature === undefined) throw new TokenSignatureError(this.#place);
    return signature;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pin = "";
    await this.#connection?.close();
    releaseModule(this.#module);
  }

  toJSON() {
    return { kind: this.kind, address: this.address };
  }

  [inspect.custom]() {
    return `AgentKey(${this.kind}, ${this.address}, token ${this.#place.token})`;
  }

  /** Signs; after a loss, finds the token again, once. */
  async #signRaw(message: Uint8Array): Promise<Uint8Array> {
    for (let again = false; ; again = true) {
      if (this.#isClosed) throw new KeyClosedError({ address: this.address });
      this.#connection ??= this.#reopen();
      const connection = this.#connection;
      try {
        return await connection.sign(message);
      } catch (cause) {
        if (!isTokenLost(cause)) {
          throw new TokenRefusedError({ ...this.#place, doing: "to sign", cause });
        }
        // Others may have noticed before, and be connected again.
        if (this.#connection === connection) {
          this.#connection = undefined;
          void connection.close();
        }
        if (again) throw new TokenLostError({ ...this.#place, cause });
      }
    }
  }

  #reopen(): Connection {
    if (this.#refusal) throw this.#refusal;
    try {
      return this.#withRestart(() => this.#open(true));
    } catch (error) {
      if (error instanceof WrongPinError || error instanceof PinLockedError) this.#refusal = error;
      if (returnValue(error) === undefined || isOurs(error)) throw error;
      throw new TokenLostError({ ...this.#place, cause: error });
    }
  }

  /** Some modules see a token that was put back only after a new start. */
  #withRestart<T>(open: () => T): T {
    try {
      return open();
    } catch (error) {
      const isGone =
        error instanceof TokenNotFoundError ||
        error instanceof TokenKeyNotFoundError ||
        (returnValue(error) !== undefined && !isOurs(error));
      if (!isGone || !this.#module.restart(error)) throw error;
      return open();
    }
  }

  #open(again: boolean): Connection {
    const connection = new Connection(this.#module.cryptoki, {
      place: this.#place,
      pin: this.#pin,
      sessions: this.#sessions,
      again,
    });
    // The same label may be another token's, or another key's, by now.
    if (again && !connection.publicKey.equals(this.#publicKey)) {
      void connection.close();
      throw new TokenSignatureError(this.#place);
    }
    return connection;
  }
}

/**
 * Makes r ‖ s a signature that Ethereum takes: low s, and v found by computing R. That is a verification, too: what a
 * faulty or other token signed gives nothing.
 */
function completeSignature(
  raw: Uint8Array,
  digest: Uint8Array,
  publicKey: CurvePoint,
): Hex | undefined {
  if (raw.length !== 64) return undefined;
  const r = BigInt(bytesToHex(raw.subarray(0, 32)));
  const high = BigInt(bytesToHex(raw.subarray(32)));
  if (!Fn.isValidNot0(r) || !Fn.isValidNot0(high)) return undefined;
  const s = high > Fn.ORDER / 2n ? Fn.neg(high) : high;
  const inverse = Fn.inv(s);
  const e = Fn.create(BigInt(bytesToHex(digest)));
  const R = Point.BASE.multiplyUnsafe(Fn.mul(e, inverse)).add(
    publicKey.multiplyUnsafe(Fn.mul(r, inverse)),
  );
  if (R.is0()) return undefined;
  const { x, y } = R.toAffine();
  if (x !== r) return undefined;
  const v = 27 + Number(y % 2n);
  return `${bytesToHex(Fn.toBytes(r))}${bytesToHex(Fn.toBytes(s)).slice(2)}${numberToHex(v, { size: 1 }).slice(2)}`;
}

/**
 * Opens a key in a hardware module through PKCS#11. The key must be secp256k1, made in the token and never readable
 * outside. Sessions that are lost are opened again with the same PIN, which is kept in memory until `close`; a PIN that
 * was refused is never tried twice.
 *
 * @param place module, token and key
 * @param pin the token's user PIN
 * @param sessions how many signatures may be made at the same time
 * @throws {Pkcs11MissingError} if the package pkcs11js is not installed
 * @throws {Pkcs11ModuleError} if the module cannot be loaded
 * @throws {TokenNotFoundError} @throws {TokenKeyNotFoundError} unless there is exactly one
 * @throws {WrongPinError} @throws {PinLockedError}
 * @throws {UnfitTokenKeyError} if the key is not one that stays inside
 * @throws {TokenSignatureError} if what it signs does not fit its public key
 *
 * @example
 * const key = await openTokenKey({
 *   place: { module: "/usr/lib/softhsm/libsofthsm2.so", token: "desk", key: "agent" },
 *   pin,
 * });
 */
export async function openTokenKey(parameters: {
  place: TokenKeyPlace;
  pin: string;
  sessions?: number;
}): Promise<AgentKey> {
  const { place, pin, sessions = SESSIONS } = parameters;
  const module = await acquireModule(place.module);
  let key: TokenKey;
  try {
    key = new TokenKey(module, { place, pin, sessions });
  } catch (error) {
    releaseModule(module);
    throw refused(error, place, "to open the key");
  }
  try {
    await key.sign(bytesToHex(randomBytes(32)));
    return key;
  } catch (error) {
    await key.close();
    throw error;
  }
}

/**
 * Makes a key inside a token: sensitive, never extractable, for signatures only.
 *
 * @returns its address
 * @throws {TokenKeyExistsError} if the token has a key of this label
 * @throws what `openTokenKey` throws
 */
export async function createTokenKey({
  place,
  pin,
}: {
  place: TokenKeyPlace;
  pin: string;
}): Promise<Address> {
  return withSession(place, { pin, write: true, doing: "to make a key" }, (module, session) => {
    const { cryptoki } = module;
    const taken = findObjects(cryptoki, session, [{ type: ck.CKA_LABEL, value: place.key }]);
    if (taken.length > 0) throw new TokenKeyExistsError(place);
    const templates = keyTemplates(place.key, randomBytes(16));
    const mechanism = { mechanism: ck.CKM_EC_KEY_PAIR_GEN, parameter: null };
    cryptoki.C_GenerateKeyPair(session, mechanism, templates.public, templates.private);
    return addressOfPoint(readPublicKey(cryptoki, session, place));
  });
}

/**
 * The address of a key in a token, as its public key says; no PIN is needed.
 *
 * @throws what `openTokenKey` throws, but about the PIN
 */
export async function readTokenKeyAddress(place: TokenKeyPlace): Promise<Address> {
  return withSession(place, { doing: "to read the public key" }, ({ cryptoki }, session) =>
    addressOfPoint(readPublicKey(cryptoki, session, place)),
  );
}

/** Works in one session of its own. */
async function withSession<T>(
  place: TokenKeyPlace,
  { pin, write = false, doing }: { pin?: string; write?: boolean; doing: string },
  work: (module: SharedModule, session: Handle) => T,
): Promise<T> {
  const module = await acquireModule(place.module);
  const { cryptoki } = module;
  try {
    const slot = findToken(cryptoki, place);
    const session = openSession(cryptoki, slot, { write });
    try {
      if (pin !== undefined) login(cryptoki, { place, slot, session, pin, again: false });
      return work(module, session);
    } finally {
      closeSession(cryptoki, session);
    }
  } catch (error) {
    throw refused(error, place, doing);
  } finally {
    releaseModule(module);
  }
}

/** A module's bare refusal with what it was about. */
function refused(error: unknown, place: TokenKeyPlace, doing: string): unknown {
  return returnValue(error) === undefined || isOurs(error)
    ? error
    : new TokenRefusedError({ ...place, doing, cause: error });
}
const isOurs = (error: unknown) => error instanceof Error && "shortMessage" in error;
