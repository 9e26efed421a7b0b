import { isAddress, isHash, numberToHex } from "viem";
import { RequestRefusedError } from "../../errors/agent.ts";
import { explainDenial } from "../../policy/explain.ts";
import type { GateId } from "../agent.ts";
import type { Reason } from "../reasons.ts";
import { signedAnswer, statusAnswer } from "./answers.ts";
import { chainOf, gateOf, type RpcCall, visibleGates } from "./scope.ts";
import { agentRequestOf } from "./transactionParameters.ts";

type Method = (call: RpcCall) => unknown;

function refuse(reason: Reason, message: string): Method {
  return () => {
    throw new RequestRefusedError({ reason, message });
  };
}

function operatorsOnly(method: Method): Method {
  return (call) =>
    call.context.isOperator
      ? method(call)
      : refuse("operator-only", "Only operators may ask for that")(call);
}

const messagesRefused = refuse(
  "messages-not-covered",
  "Raw messages and typed data are not signed: no policy covers them yet",
);
const accounts: Method = (call) => visibleGates(call).map(({ gate }) => gate);

/** What is answered here; everything else is a read for the node, or not offered. */
export const methods: Readonly<Record<string, Method>> = {
  eth_accounts: accounts,
  eth_requestAccounts: accounts,
  eth_chainId: (call) => numberToHex(chainOf(call)),
  net_version: (call) => `${chainOf(call)}`,

  /** Resolves to the outer transaction's hash, once it was sent. */
  async eth_sendTransaction(call) {
    const { submitter, ...request } = agentRequestOf(call);
    if (submitter !== undefined) {
      throw new RequestRefusedError({
        reason: "invalid-request",
        message: "The service submits with its own account: `submitter` is for eth_signTransaction",
      });
    }
    const { transactions } = await call.agent.send(request);
    return transactions.at(-1);
  },

  /** Resolves to the gate call, signed: what its submitter sends to the gate. */
  async eth_signTransaction(call) {
    return signedAnswer(await call.agent.sign(agentRequestOf(call)));
  },

  eth_sign: messagesRefused,
  personal_sign: messagesRefused,
  eth_signTypedData: messagesRefused,
  eth_signTypedData_v1: messagesRefused,
  eth_signTypedData_v3: messagesRefused,
  eth_signTypedData_v4: messagesRefused,
  eth_sendRawTransaction: refuse(
    "method-not-supported",
    "Only transactions of the gates are sent: use eth_sendTransaction",
  ),

  /** Whether the policy allows a transaction now. */
  async zkmandate_check(call) {
    const { lane, verdict } = await call.agent.check(agentRequestOf(call));
    return { allowed: verdict.allowed, lane };
  },

  /** The same with the reasons, which reveal limits. */
  zkmandate_explain: operatorsOnly(async (call) => {
    const { lane, verdict, explanation } = await call.agent.check(agentRequestOf(call));
    return verdict.allowed
      ? { allowed: true, lane, rule: verdict.rule.name, circuit: verdict.circuit, explanation: [] }
      : { allowed: false, lane, explanation: explanation ?? explainDenial(verdict.rules) };
  }),

  /** One request, by its id or by any hash of its transaction; without parameters the lanes. */
  async zkmandate_status(call) {
    const { agent, context } = call;
    const [id] = Array.isArray(call.params) ? (call.params as unknown[]) : [];
    const visible = visibleGates(call);
    if (id === undefined) {
      const lanes = await agent.lanes();
      return lanes
        .filter(({ chainId, gate }) =>
          visible.some((each) => each.chainId === chainId && each.gate === gate),
        )
        .map(({ problem, ...lane }) =>
          context.isOperator && problem ? { ...lane, problem } : lane,
        );
    }
    if (typeof id !== "string" || !(isHash(id) || /^[0-9a-fA-F-]{36}$/.test(id))) {
      throw new RequestRefusedError({
        reason: "invalid-request",
        message: "Expected a request's id or a transaction's hash",
      });
    }
    const request = await agent.status(id);
    const theirs =
      request &&
      (context.isOperator || request.principal === context.principal) &&
      visible.some(({ chainId, gate }) => chainId === request.chainId && gate === request.gate);
    return theirs ? statusAnswer(request) : null;
  },

  zkmandate_pause: operatorsOnly(async (call) => {
    await call.agent.pause(pausable(call), call.context.principal);
    return true;
  }),
  /** Tells which pauses hold all the same: `*` over a gate, or those of single gates. */
  zkmandate_resume: operatorsOnly((call) =>
    call.agent.resume(pausable(call), call.context.principal),
  ),
  zkmandate_reload: operatorsOnly(async ({ agent, context }) => {
    await agent.reload(context.principal);
    return true;
  }),
};

/** The gate that is named, or `*` for all, which takes a caller who may use all. */
function pausable(call: RpcCall): GateId | "*" {
  const [which] = Array.isArray(call.params) ? (call.params as unknown[]) : [];
  if (which === "*" && call.context.allowedGates === "*") return "*";
  const named = visibleGates(call).find(({ name }) => name === which);
  if (named) return named;
  if (which === undefined) return gateOf(call);
  if (typeof which === "string" && isAddress(which, { strict: false })) return gateOf(call, which);
  throw new RequestRefusedError({
    reason: "unknown-gate",
    message: "No such gate is served for this caller",
  });
}
