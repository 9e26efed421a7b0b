import { BaseError } from "./base.ts";

/** A file that holds, or should hold, a secret cannot be read or written. */
export class KeyFileError extends BaseError {
  override readonly name = "KeyFileError";

  readonly path: string;
  readonly isMissing: boolean;

  /** @param remedy what to do about it */
  constructor(input: { path: string; doing: "read" | "written"; cause: unknown; remedy?: string }) {
    const { path, doing, cause, remedy } = input;
    const { code } = cause as NodeJS.ErrnoException;
    const reason =
      code === "ENOENT"
        ? "no such file or folder"
        : (code ?? (cause as Error | undefined)?.message);
    super(`The file cannot be ${doing}`, {
      cause,
      details: [`file: ${path}`, `reason: ${reason ?? "unknown"}`, ...(remedy ? [remedy] : [])],
    });
    this.path = path;
    this.isMissing = code === "ENOENT";
  }
}

interface FileExistsInput {
  path: string;
  remedy?: string;
}

/** A file with secrets would be overwritten; it never is. */
export class FileExistsError extends BaseError {
  override readonly name = "FileExistsError";

  /** @param remedy what to do about it */
  constructor({ path, remedy = "choose another path, or move the file away" }: FileExistsInput) {
    super("The file exists and is not overwritten", { details: [`file: ${path}`, remedy] });
  }
}

/** A passphrase does not open a file. */
export class WrongPassphraseError extends BaseError {
  override readonly name = "WrongPassphraseError";

  constructor({ path }: { path?: string | undefined }) {
    super("The passphrase is wrong, or the file is damaged", {
      details: path === undefined ? [] : [`file: ${path}`],
    });
  }
}

/** A passphrase is too short to protect a key. */
export class WeakPassphraseError extends BaseError {
  override readonly name = "WeakPassphraseError";

  constructor({ minimum, received }: { minimum: number; received: number }) {
    super("The passphrase is too short", {
      details: [`expected: at least ${minimum} characters`, `received: ${received}`],
    });
  }
}

/** A file is not a Web3 Secret Storage keystore. */
export class InvalidKeystoreError extends BaseError {
  override readonly name = "InvalidKeystoreError";

  constructor({ path, problems }: { path?: string | undefined; problems: readonly string[] }) {
    super("The file is not an Ethereum keystore", {
      details: [
        ...(path === undefined ? [] : [`file: ${path}`]),
        "expected: Web3 Secret Storage version 3, as JSON",
        ...problems.map((problem) => `received: ${problem}`),
      ],
    });
  }
}

/** A keystore uses a version, cipher or key derivation that this library does not read. */
export class UnsupportedKeystoreError extends BaseError {
  override readonly name = "UnsupportedKeystoreError";

  constructor(input: {
    path?: string | undefined;
    what: string;
    expected: string;
    received: string;
  }) {
    super(`The keystore's ${input.what} is not supported`, {
      details: [
        ...(input.path === undefined ? [] : [`file: ${input.path}`]),
        `expected: ${input.expected}`,
        `received: ${input.received}`,
      ],
    });
  }
}

/** A keystore names another address than its key has. */
export class KeystoreAddressMismatchError extends BaseError {
  override readonly name = "KeystoreAddressMismatchError";

  constructor(input: { path?: string | undefined; named: string; derived: string }) {
    super("The keystore names another address than its key has", {
      details: [
        ...(input.path === undefined ? [] : [`file: ${input.path}`]),
        `address in the file: ${input.named}`,
        `address of the key: ${input.derived}`,
      ],
    });
  }
}

/** Bytes are not a secp256k1 private key. Never shows them. */
export class InvalidPrivateKeyError extends BaseError {
  override readonly name = "InvalidPrivateKeyError";

  constructor({ received }: { received: string }) {
    super("That is not a private key", {
      details: [
        "expected: 32 bytes (64 hexadecimal digits), 0 < key < order of secp256k1",
        `received: ${received}`,
      ],
    });
  }
}

/** A digest to sign is not 32 bytes. */
export class InvalidDigestError extends BaseError {
  override readonly name = "InvalidDigestError";

  constructor({ received }: { received: string }) {
    super("Only a digest of 32 bytes can be signed", { details: [`received: ${received}`] });
  }
}

/** A key was used after it was closed. */
export class KeyClosedError extends BaseError {
  override readonly name = "KeyClosedError";

  constructor({ address }: { address: string }) {
    super("The key is closed", { details: [`address: ${address}`] });
  }
}

/** A file is not sealed with age, or its content is not what was sealed. */
export class InvalidSealedFileError extends BaseError {
  override readonly name = "InvalidSealedFileError";

  constructor(input: { path?: string | undefined; received: string; cause?: unknown }) {
    super("The file is not a sealed file", {
      cause: input.cause,
      details: [
        ...(input.path === undefined ? [] : [`file: ${input.path}`]),
        "expected: an age file (age-encryption.org/v1) written by zkmandate",
        `received: ${input.received}`,
      ],
    });
  }
}
