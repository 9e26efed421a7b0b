import type { Address } from "viem";
import { BaseError } from "./base.ts";

/** The service's configuration is missing, malformed, or asks for what is unsafe. */
export class ServeConfigError extends BaseError {
  override readonly name = "ServeConfigError";

  constructor({ path, problems }: { path: string; problems: readonly string[] }) {
    super("The service's configuration cannot be used", {
      details: [`file: ${path}`, ...problems],
    });
  }
}

/** The file with the tokens is not what this release writes; nobody is let in meanwhile. */
export class TokenFileError extends BaseError {
  override readonly name = "TokenFileError";

  constructor({ path, problem }: { path: string; problem: string }) {
    super("The tokens file cannot be used", { details: [`file: ${path}`, problem] });
  }
}

/** A token's name is taken or unknown. */
export class TokenNameError extends BaseError {
  override readonly name = "TokenNameError";

  constructor({ name, problem, hint }: { name: string; problem: string; hint: string }) {
    super(`The token ${name} ${problem}`, { details: [hint] });
  }
}

/** The service cannot listen where its configuration says. */
export class ListenError extends BaseError {
  override readonly name = "ListenError";

  constructor({ address, cause }: { address: string; cause: unknown }) {
    const { code } = cause as NodeJS.ErrnoException;
    super("The service cannot listen", {
      cause,
      details: [
        `address: ${address}`,
        code === "EADDRINUSE" ? "another process listens there" : `reason: ${code ?? "unknown"}`,
      ],
    });
  }
}

/** Lanes that the service is to serve, and cannot. */
export class LanesBlockedError extends BaseError {
  override readonly name = "LanesBlockedError";

  constructor({
    blocked,
    of,
  }: { blocked: readonly { lane: string; problem: string }[]; of: number }) {
    super(`${blocked.length} of ${of} lanes cannot be served`, {
      details: blocked.map(({ lane, problem }) => `${lane}: ${problem}`),
    });
  }
}

/** The certificate or the key that `tls` names cannot be used. */
export class TlsFileError extends BaseError {
  override readonly name = "TlsFileError";

  constructor(input: {
    /** Of the configuration. */
    entry: string;
    path: string;
    expected: string;
    received: string;
    cause?: unknown;
  }) {
    super(`The file that ${input.entry} names cannot be used`, {
      cause: input.cause,
      details: [
        `file: ${input.path}`,
        `expected: ${input.expected}`,
        `received: ${input.received}`,
      ],
    });
  }
}

/** A service does not offer the account that a client asks for, or offers several. */
export class AccountNotServedError extends BaseError {
  override readonly name = "AccountNotServedError";

  constructor({ wanted, served }: { wanted: Address | undefined; served: readonly Address[] }) {
    super(
      wanted === undefined
        ? "The service offers not exactly one gate: name one"
        : "The service does not offer the gate",
      {
        details: [
          ...(wanted === undefined ? [] : [`gate: ${wanted}`]),
          `offered: ${served.join(", ") || "none"}`,
        ],
      },
    );
  }
}
