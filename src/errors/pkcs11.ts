import { BaseError } from "./base.ts";

/** Where a key in hardware is, as an error names it. */
interface Place {
  module: string;
  token: string;
}
const placeOf = ({ module, token }: Place) => [`module: ${module}`, `token: ${token}`];

/** The package by which PKCS#11 modules are spoken to is not installed. */
export class Pkcs11MissingError extends BaseError {
  override readonly name = "Pkcs11MissingError";

  constructor({ cause }: { cause: unknown }) {
    super("Keys in hardware need the package pkcs11js, which is not installed or does not load", {
      cause,
      details: [
        "it is an optional dependency that is built with node-gyp: a C++ compiler, make and Python",
        "install it with: npm install pkcs11js",
        `reason: ${(cause as Error).message.split("\n")[0]}`,
      ],
    });
  }
}

/** A PKCS#11 module cannot be loaded or started. */
export class Pkcs11ModuleError extends BaseError {
  override readonly name = "Pkcs11ModuleError";

  constructor({ module, cause }: { module: string; cause: unknown }) {
    super("The PKCS#11 module cannot be loaded", {
      cause,
      details: [
        `module: ${module}`,
        "expected: the path of the vendor's shared library, as /usr/lib/softhsm/libsofthsm2.so",
        `reason: ${(cause as Error).message}`,
      ],
    });
  }
}

/** No token, or more than one, has the label. */
export class TokenNotFoundError extends BaseError {
  override readonly name = "TokenNotFoundError";

  constructor(input: Place & { present: readonly string[] }) {
    const { token, present } = input;
    const several = present.filter((label) => label === token).length > 1;
    super(several ? "Several tokens have this label" : "The token is not there", {
      details: [
        ...placeOf(input),
        `present: ${present.length === 0 ? "none" : present.join(", ")}`,
        "it may have been removed; zkmandate tries again with the next signature",
      ],
    });
  }
}

/** No key, or more than one, has the label. */
export class TokenKeyNotFoundError extends BaseError {
  override readonly name = "TokenKeyNotFoundError";

  constructor(input: Place & { key: string; what: "private" | "public"; found: number }) {
    const { key, what, found } = input;
    super(found === 0 ? `The token has no such ${what} key` : `The token has several such keys`, {
      details: [...placeOf(input), `key: ${key}`, `found: ${found}, expected: 1`],
    });
  }
}

/** A token has a key of this label already; keys are never replaced. */
export class TokenKeyExistsError extends BaseError {
  override readonly name = "TokenKeyExistsError";

  constructor(input: Place & { key: string }) {
    super("The token has a key of this label already", {
      details: [...placeOf(input), `key: ${input.key}`, "choose another label"],
    });
  }
}

/** A key is not one that stays inside its token, or not one for Ethereum. */
export class UnfitTokenKeyError extends BaseError {
  override readonly name = "UnfitTokenKeyError";

  constructor(input: Place & { key: string; problems: readonly string[] }) {
    super("The token's key cannot be used", {
      details: [...placeOf(input), `key: ${input.key}`, ...input.problems],
    });
  }
}

/** The token refuses the PIN. It is not tried again by itself: a token locks after a few wrong ones. */
export class WrongPinError extends BaseError {
  override readonly name = "WrongPinError";

  constructor(input: Place & { tries?: string | undefined }) {
    super("The token's PIN is wrong", {
      details: [
        ...placeOf(input),
        ...(input.tries === undefined ? [] : [input.tries]),
        "it is not tried again: start anew with the right one",
      ],
    });
  }
}

/** The token takes no PIN any more. */
export class PinLockedError extends BaseError {
  override readonly name = "PinLockedError";

  constructor(place: Place) {
    super("The token's PIN is locked", {
      details: [
        ...placeOf(place),
        "too many wrong ones: its security officer unlocks it, with the vendor's tool",
      ],
    });
  }
}

/** The token was lost while it was used, and cannot be reached again now. */
export class TokenLostError extends BaseError {
  override readonly name = "TokenLostError";

  constructor(input: Place & { cause: unknown }) {
    super("The token was lost: removed, restarted, or its sessions closed", {
      cause: input.cause,
      details: [...placeOf(input), `reason: ${(input.cause as Error).message}`],
    });
  }
}

/** The token refuses an operation. */
export class TokenRefusedError extends BaseError {
  override readonly name = "TokenRefusedError";

  constructor(input: Place & { doing: string; cause: unknown }) {
    super(`The token refuses: ${input.doing}`, {
      cause: input.cause,
      details: [...placeOf(input), `reason: ${(input.cause as Error).message}`],
    });
  }
}

/** What a token signed is not a signature of its public key: nothing is released. */
export class TokenSignatureError extends BaseError {
  override readonly name = "TokenSignatureError";

  constructor(input: Place & { key: string }) {
    super("What the token signed does not fit its public key", {
      details: [...placeOf(input), `key: ${input.key}`],
    });
  }
}
