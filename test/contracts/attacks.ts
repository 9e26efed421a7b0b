import { authorityAttacks } from "./attacks/authority.ts";
import { boundAttacks } from "./attacks/bounds.ts";
import { callAttacks } from "./attacks/call.ts";
import { executionAttacks } from "./attacks/execution.ts";
import type { Attack } from "./attacks/expect.ts";
import { feedAttacks, riskAttacks } from "./attacks/feeds.ts";
import { schnorrAttacks } from "./attacks/schnorr.ts";
import { verifierAttacks } from "./attacks/verifier.ts";

/** Every check, in groups as the test suite shows them. */
export const attacks = {
  execution: executionAttacks,
  bounds: boundAttacks,
  "price feed": feedAttacks("priceFeed"),
  "risk feed": [...feedAttacks("riskFeed"), ...riskAttacks],
  authority: authorityAttacks,
  "Schnorr group": schnorrAttacks,
  call: callAttacks,
  verifier: verifierAttacks,
} satisfies Record<string, Attack[]>;
