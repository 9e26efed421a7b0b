import {
  PinLockedError,
  TokenKeyNotFoundError,
  TokenNotFoundError,
  TokenRefusedError,
  WrongPinError,
} from "../../errors/pkcs11.ts";
import { type Attribute, type Cryptoki, ck, type Handle, returnValue } from "./cryptoki.ts";

/** Where a key in hardware is. */
export interface TokenKeyPlace {
  /** Path of the PKCS#11 module, the vendor's shared library. */
  module: string;
  /** The token's label. */
  token: string;
  /** The key's label; private and public key have the same. */
  key: string;
}

/** After these the token has to be found again; the operation did not happen. */
const lostValues: ReadonlySet<string> = new Set([
  "CKR_CRYPTOKI_NOT_INITIALIZED",
  "CKR_DEVICE_ERROR",
  "CKR_DEVICE_REMOVED",
  "CKR_KEY_HANDLE_INVALID",
  "CKR_OBJECT_HANDLE_INVALID",
  "CKR_SESSION_CLOSED",
  "CKR_SESSION_HANDLE_INVALID",
  "CKR_SLOT_ID_INVALID",
  "CKR_TOKEN_NOT_PRESENT",
  "CKR_TOKEN_NOT_RECOGNIZED",
  "CKR_USER_NOT_LOGGED_IN",
]);

/** Whether an error says that the token or the session is not there any more. */
export function isTokenLost(error: unknown): boolean {
  const value = returnValue(error);
  return value !== undefined && lostValues.has(value);
}

/** A token's label, which is padded with blanks; nothing if its slot does not answer. */
function labelOf(cryptoki: Cryptoki, slot: Handle): string | undefined {
  try {
    return cryptoki.C_GetTokenInfo(slot).label.trimEnd();
  } catch (error) {
    if (returnValue(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * The slot of a token.
 *
 * @throws {TokenNotFoundError} unless exactly one token has the label
 */
export function findToken(cryptoki: Cryptoki, place: TokenKeyPlace): Handle {
  const slots = cryptoki
    .C_GetSlotList(true)
    .map((slot) => ({ slot, label: labelOf(cryptoki, slot) }));
  const [match, ...others] = slots.filter(({ label }) => label === place.token);
  if (match !== undefined && others.length === 0) return match.slot;
  const present = slots.flatMap(({ label }) => label || []);
  throw new TokenNotFoundError({ ...place, present });
}

/** Opens a session; with `write`, one that may make keys. */
export function openSession(cryptoki: Cryptoki, slot: Handle, { write = false } = {}): Handle {
  return cryptoki.C_OpenSession(slot, ck.CKF_SERIAL_SESSION | (write ? ck.CKF_RW_SESSION : 0));
}

/** Closes a session that may be gone already. */
export function closeSession(cryptoki: Cryptoki, session: Handle): void {
  try {
    cryptoki.C_CloseSession(session);
  } catch (error) {
    if (!isTokenLost(error)) throw error;
  }
}

/**
 * Logs in for all sessions of this process with the token.
 *
 * @param again whether it is a repetition by the program, which never spends the token's last try
 * @throws {WrongPinError} @throws {PinLockedError}
 */
export function login(
  cryptoki: Cryptoki,
  parameters: { place: TokenKeyPlace; slot: Handle; session: Handle; pin: string; again: boolean },
): void {
  const { place, slot, session, pin, again } = parameters;
  const { flags } = cryptoki.C_GetTokenInfo(slot);
  if (flags & ck.CKF_USER_PIN_LOCKED) throw new PinLockedError(place);
  if (again && flags & ck.CKF_USER_PIN_FINAL_TRY) {
    throw new WrongPinError({ ...place, tries: "the token has one try left" });
  }
  try {
    cryptoki.C_Login(session, ck.CKU_USER, pin);
  } catch (error) {
    const value = returnValue(error);
    if (value === "CKR_USER_ALREADY_LOGGED_IN") return;
    throw loginError(error, place, () => cryptoki.C_GetTokenInfo(slot).flags);
  }
}

/** What a refused login means. */
export function loginError(error: unknown, place: TokenKeyPlace, flagsNow: () => number): unknown {
  switch (returnValue(error)) {
    case "CKR_PIN_LOCKED":
      return new PinLockedError(place);
    case "CKR_PIN_INCORRECT":
    case "CKR_PIN_INVALID":
    case "CKR_PIN_LEN_RANGE": {
      const flags = flagsNow();
      if (flags & ck.CKF_USER_PIN_LOCKED) return new PinLockedError(place);
      if (flags & ck.CKF_USER_PIN_FINAL_TRY) {
        return new WrongPinError({ ...place, tries: "the token has one try left" });
      }
      const low = flags & ck.CKF_USER_PIN_COUNT_LOW;
      return new WrongPinError({
        ...place,
        tries: low ? "there were wrong ones before" : undefined,
      });
    }
    case undefined:
      return error;
    default:
      return isTokenLost(error)
        ? error
        : new TokenRefusedError({ ...place, doing: "to log in", cause: error });
  }
}

/** The objects that have these attributes, at most two: more than one is too many. */
export function findObjects(
  cryptoki: Cryptoki,
  session: Handle,
  template: Attribute[],
): readonly Handle[] {
  cryptoki.C_FindObjectsInit(session, template);
  try {
    return cryptoki.C_FindObjects(session, 2);
  } finally {
    cryptoki.C_FindObjectsFinal(session);
  }
}

/**
 * The private or the public key of a place.
 *
 * @throws {TokenKeyNotFoundError} unless there is exactly one
 */
export function findKey(
  cryptoki: Cryptoki,
  session: Handle,
  place: TokenKeyPlace,
  what: "private" | "public",
): Handle {
  const found = findObjects(cryptoki, session, [
    { type: ck.CKA_CLASS, value: what === "private" ? ck.CKO_PRIVATE_KEY : ck.CKO_PUBLIC_KEY },
    { type: ck.CKA_LABEL, value: place.key },
  ]);
  const [key] = found;
  if (key !== undefined && found.length === 1) return key;
  throw new TokenKeyNotFoundError({ ...place, what, found: found.length });
}
