import type { CurvePoint } from "../schnorr.ts";
import { type Cryptoki, ck, type Handle } from "./cryptoki.ts";
import { checkPrivateKey, readPublicKey } from "./keyAttributes.ts";
import {
  closeSession,
  findKey,
  findToken,
  login,
  openSession,
  type TokenKeyPlace,
} from "./token.ts";

/** Sessions with a token in which one is logged in, and the key: what lasts until the token is lost. */
export class Connection {
  readonly publicKey: CurvePoint;
  readonly #cryptoki: Cryptoki;
  readonly #privateKey: Handle;
  readonly #idle: Handle[];
  readonly #waiting: ((session: Handle) => void)[] = [];
  #busy = 0;
  #isClosed = false;
  #onQuiet: () => void = () => {};

  /**
   * Finds token and key and logs in.
   *
   * @param sessions how many signatures may be made at the same time
   * @param again whether the program does this by itself, after a loss
   */
  constructor(
    cryptoki: Cryptoki,
    parameters: { place: TokenKeyPlace; pin: string; sessions: number; again: boolean },
  ) {
    const { place, pin, sessions, again } = parameters;
    this.#cryptoki = cryptoki;
    const slot = findToken(cryptoki, place);
    const first = openSession(cryptoki, slot);
    this.#idle = [first];
    try {
      login(cryptoki, { place, slot, session: first, pin, again });
      this.#privateKey = findKey(cryptoki, first, place, "private");
      checkPrivateKey(cryptoki, first, this.#privateKey, place);
      this.publicKey = readPublicKey(cryptoki, first, place);
      while (this.#idle.length < sessions) this.#idle.push(openSession(cryptoki, slot));
    } catch (error) {
      for (const session of this.#idle) closeSession(cryptoki, session);
      throw error;
    }
  }

  /**
   * Signs 32 bytes with CKM_ECDSA, as soon as a session is free.
   *
   * @returns r ‖ s, 64 bytes, as the token made it: s may be high
   */
  async sign(digest: Uint8Array): Promise<Uint8Array> {
    const session =
      this.#idle.pop() ?? (await new Promise<Handle>((free) => this.#waiting.push(free)));
    this.#busy += 1;
    try {
      const mechanism = { mechanism: ck.CKM_ECDSA, parameter: null };
      this.#cryptoki.C_SignInit(session, mechanism, this.#privateKey);
      return await this.#cryptoki.C_SignAsync(session, Buffer.from(digest), Buffer.alloc(64));
    } finally {
      this.#busy -= 1;
      this.#free(session);
    }
  }

  /** Closes every session, those in use once they are done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const session of this.#idle.splice(0)) closeSession(this.#cryptoki, session);
    if (this.#busy + this.#waiting.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onQuiet = resolve;
      });
    }
  }

  #free(session: Handle): void {
    const next = this.#waiting.shift();
    if (next) next(session);
    else if (this.#isClosed) closeSession(this.#cryptoki, session);
    else this.#idle.push(session);
    if (this.#isClosed && this.#busy + this.#waiting.length === 0 && !next) this.#onQuiet();
  }
}
