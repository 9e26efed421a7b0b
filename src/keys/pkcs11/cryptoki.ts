import { Pkcs11MissingError, Pkcs11ModuleError } from "../../errors/pkcs11.ts";

/** A session, object or slot, as the module names it. */
export type Handle = Buffer;

export interface Attribute {
  type: number;
  value?: Buffer | boolean | number | string;
}

interface Mechanism {
  mechanism: number;
  parameter?: null;
}

/**
 * The part of PKCS#11 2.40 that is used, as pkcs11js offers it. Declared here because the package is optional: types
 * are needed where it is not installed.
 */
export interface Cryptoki {
  load(path: string): void;
  close(): void;
  C_Initialize(options: { flags: number }): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): { label: string; flags: number };
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, user: number, pin: string): void;
  C_FindObjectsInit(session: Handle, template: Attribute[]): void;
  C_FindObjects(session: Handle, most: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(
    session: Handle,
    object: Handle,
    template: Attribute[],
  ): { type: number; value: Buffer }[];
  C_GenerateKeyPair(
    session: Handle,
    mechanism: Mechanism,
    publicTemplate: Attribute[],
    privateTemplate: Attribute[],
  ): { publicKey: Handle; privateKey: Handle };
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  /** In a thread of its own: a network HSM takes milliseconds. */
  C_SignAsync(session: Handle, data: Buffer, out: Buffer): Promise<Buffer>;
}

/** Numbers of the PKCS#11 specification, by their names there. */
export const ck = {
  CKF_OS_LOCKING_OK: 0x02,
  CKF_RW_SESSION: 0x02,
  CKF_SERIAL_SESSION: 0x04,
  CKF_USER_PIN_COUNT_LOW: 0x1_0000,
  CKF_USER_PIN_FINAL_TRY: 0x2_0000,
  CKF_USER_PIN_LOCKED: 0x4_0000,
  CKU_USER: 1,
  CKO_PUBLIC_KEY: 2,
  CKO_PRIVATE_KEY: 3,
  CKK_EC: 3,
  CKA_CLASS: 0x00,
  CKA_TOKEN: 0x01,
  CKA_PRIVATE: 0x02,
  CKA_LABEL: 0x03,
  CKA_KEY_TYPE: 0x100,
  CKA_ID: 0x102,
  CKA_SENSITIVE: 0x103,
  CKA_DECRYPT: 0x105,
  CKA_UNWRAP: 0x107,
  CKA_SIGN: 0x108,
  CKA_VERIFY: 0x10a,
  CKA_DERIVE: 0x10c,
  CKA_EXTRACTABLE: 0x162,
  CKA_NEVER_EXTRACTABLE: 0x164,
  CKA_ALWAYS_SENSITIVE: 0x165,
  CKA_EC_PARAMS: 0x180,
  CKA_EC_POINT: 0x181,
  CKM_EC_KEY_PAIR_GEN: 0x1040,
  CKM_ECDSA: 0x1041,
} as const;

/** A module that is loaded once for all keys of the process. */
export class SharedModule {
  readonly path: string;
  readonly cryptoki: Cryptoki;
  users = 0;
  /** Whether somebody else in this process started it, who also ends it. */
  #isOthers = false;

  constructor(path: string, cryptoki: Cryptoki) {
    this.path = path;
    this.cryptoki = cryptoki;
    cryptoki.load(path);
    this.#initialize();
  }

  /**
   * Starts the module anew, which is how some see a token that was put back. A module that runs is not ended under
   * other users, whose sessions it would end.
   *
   * @param why what the module said
   * @returns whether it was done
   */
  restart(why: unknown): boolean {
    const isEnded = returnValue(why) === "CKR_CRYPTOKI_NOT_INITIALIZED";
    if (!isEnded && (this.users > 1 || this.#isOthers)) return false;
    this.#finalize();
    this.#initialize();
    return true;
  }

  end(): void {
    if (!this.#isOthers) this.#finalize();
    this.cryptoki.close();
  }

  #initialize(): void {
    try {
      this.cryptoki.C_Initialize({ flags: ck.CKF_OS_LOCKING_OK });
    } catch (error) {
      if (returnValue(error) !== "CKR_CRYPTOKI_ALREADY_INITIALIZED") throw error;
      this.#isOthers = true;
    }
  }

  #finalize(): void {
    try {
      this.cryptoki.C_Finalize();
    } catch (error) {
      if (returnValue(error) !== "CKR_CRYPTOKI_NOT_INITIALIZED") throw error;
    }
  }
}

const modules = new Map<string, SharedModule>();

/**
 * Loads a module, or takes the one that is loaded; `releaseModule` when done.
 *
 * @param path of the vendor's shared library
 * @throws {Pkcs11MissingError} if pkcs11js is not installed
 * @throws {Pkcs11ModuleError} if the library does not load or start
 */
export async function acquireModule(path: string): Promise<SharedModule> {
  // A name that the compiler does not follow, as the package may be absent.
  const packageName: string = "pkcs11js";
  let library: { PKCS11: new () => Cryptoki };
  try {
    const imported = await import(packageName);
    library = imported.default ?? imported;
  } catch (cause) {
    throw new Pkcs11MissingError({ cause });
  }
  let shared = modules.get(path);
  if (shared === undefined) {
    try {
      shared = new SharedModule(path, new library.PKCS11());
    } catch (cause) {
      throw new Pkcs11ModuleError({ module: path, cause });
    }
    modules.set(path, shared);
  }
  shared.users += 1;
  return shared;
}

/** Ends the use of a module; the last user's end is the module's. */
export function releaseModule(shared: SharedModule): void {
  shared.users -= 1;
  if (shared.users > 0) return;
  modules.delete(shared.path);
  shared.end();
}

/** The name of the return value with which a module refused, `CKR_…`; nothing for another error. */
export function returnValue(error: unknown): string | undefined {
  return /CKR_\w+/.exec((error as Error | undefined)?.message ?? "")?.[0];
}
