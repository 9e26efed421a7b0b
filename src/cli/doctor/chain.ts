import { type Address, isAddressEqual, zeroAddress } from "viem";
import { getBalance, getBlock, readContract } from "viem/actions";
import { policyAccountAbi } from "../../chain/abi/policyAccount.ts";
import { timelockControllerAbi } from "../../chain/abi/timelockController.ts";
import type { ReadClient } from "../../chain/client.ts";
import { readGate } from "../../chain/readGate.ts";
import { readLane } from "../../chain/readLane.ts";
import { readRound } from "../../chain/readRound.ts";
import { verifyDeployment } from "../../chain/verifyDeployment.ts";
import type { PolicyFeed } from "../../policy/compile.ts";
import { addressOfAccount, agentOfAccount } from "../accounts.ts";
import { agentText, type OnchainAgent, replaceAgentKey } from "../agentKey.ts";
import type { Check } from "../checks.ts";
import type { Cli } from "../cli.ts";
import type { Deployment } from "../deployment.ts";
import { formatEth } from "../funds.ts";
import { describeError } from "../output.ts";
import type { AccountRole } from "../workspace.ts";

/** A timelock shorter than this gives those who watch it no time to react, seconds. */
const SHORT_TIMELOCK = 86_400n;
/** A latest block older than this says that the node does not follow the chain, seconds. */
const STALE_BLOCK = 300;

/** The address of an account, if its keystore is there. */
const maybeAddress = (cli: Cli, role: AccountRole) =>
  addressOfAccount(cli, role).catch(() => undefined);

/** Whether the node follows the chain. */
export async function checkNode(client: ReadClient): Promise<Check> {
  const { number, timestamp } = await getBlock(client);
  const age = Math.floor(Date.now() / 1_000) - Number(timestamp);
  const detail = `chain ${client.chain.id}, block ${number}, ${age} s old`;
  return { name: "node's chain", status: age > STALE_BLOCK ? "warn" : "ok", detail };
}

/** Whether the code at the gate, its verifiers and its timelock is this release's. */
export async function checkCode(client: ReadClient, { gate }: Deployment): Promise<Check[]> {
  const { checks } = await verifyDeployment(client, { gate });
  return checks.map(({ name, ok, expected, found }) => ({
    name,
    status: ok ? "ok" : "fail",
    detail: ok ? released(expected) : `expected ${expected}, found ${found}`,
  }));
}

/** A verifier that this release does not deploy, because its circuit is not there yet, has the address 0. */
const released = (expected: string) =>
  expected === zeroAddress ? "none, as released" : "as released";

/** Whether the gate would take actions of this workspace's agent and submitter. */
export async function checkGate(cli: Cli, client: ReadClient, gate: Address): Promise<Check[]> {
  const { lane: number } = await cli.workspace();
  const [config, lane, agent, submitter, guardian] = await Promise.all([
    readGate(client, { gate }),
    readLane(client, { gate, lane: number }),
    agentOfAccount(cli, "agent").catch(() => undefined),
    maybeAddress(cli, "submitter"),
    maybeAddress(cli, "guardian"),
  ]);
  const live = lane.epoch > 0 && lane.epoch === config.epoch;
  return [
    {
      name: "paused",
      status: config.paused ? "fail" : "ok",
      detail: config.paused ? "yes: zkmandate gate unpause" : "no",
    },
    {
      name: `lane ${number}`,
      status: live ? "ok" : "fail",
      detail: live ? `live, sequence ${lane.seq}` : "dead: not part of the current epoch",
    },
    checkAgent(config.agent, agent),
    checkGuardian(config.guardian, guardian),
    ...(submitter ? [await checkSubmitter(client, gate, submitter)] : []),
    ...(config.openSubmission
      ? [{ name: "open submission", status: "warn", detail: "anyone may submit" } as const]
      : []),
  ];
}

function checkAgent(onchain: OnchainAgent, key: OnchainAgent | undefined): Check {
  const name = "agent on-chain";
  if (onchain.kind === 0) {
    return { name, status: "fail", detail: `revoked: ${replaceAgentKey.join("; ")}` };
  }
  if (key === undefined) {
    return { name, status: "skip", detail: `${agentText(onchain)}; no keystore to compare` };
  }
  return onchain.kind === key.kind && BigInt(onchain.id) === BigInt(key.id)
    ? { name, status: "ok", detail: "the workspace's agent key" }
    : {
        name,
        status: "fail",
        detail: `${agentText(onchain)}, but the workspace's key is ${agentText(key)}`,
      };
}

function checkGuardian(onchain: Address, key: Address | undefined): Check {
  const name = "guardian on-chain";
  if (isAddressEqual(onchain, zeroAddress)) {
    return { name, status: "warn", detail: "none: nobody can stop the gate at once" };
  }
  if (key === undefined) {
    return { name, status: "skip", detail: `${onchain}; no keystore to compare` };
  }
  return isAddressEqual(onchain, key)
    ? { name, status: "ok", detail: "the workspace's guardian key" }
    : { name, status: "warn", detail: `${onchain}, but the workspace's key is ${key}` };
}

async function checkSubmitter(
  client: ReadClient,
  gate: Address,
  submitter: Address,
): Promise<Check> {
  const name = "submitter on-chain";
  const [allowed, balance] = await Promise.all([
    readContract(client, {
      address: gate,
      abi: policyAccountAbi,
      functionName: "isSubmitter",
      args: [submitter],
    }),
    getBalance(client, { address: submitter }),
  ]);
  if (!allowed) return { name, status: "fail", detail: `${submitter} is not on the gate's list` };
  return balance > 0n
    ? { name, status: "ok", detail: `allowed, ${formatEth(balance)} for gas` }
    : { name, status: "warn", detail: `${submitter} has no ETH to pay gas with` };
}

/** Who can change the gate, and how fast. */
export async function checkTimelock(
  cli: Cli,
  client: ReadClient,
  { gate, timelock }: Deployment,
): Promise<Check[]> {
  const contract = { address: timelock, abi: timelockControllerAbi } as const;
  const [delay, proposer, executor, onchain, governance] = await Promise.all([
    readContract(client, { ...contract, functionName: "getMinDelay" }),
    readContract(client, { ...contract, functionName: "PROPOSER_ROLE" }),
    readContract(client, { ...contract, functionName: "EXECUTOR_ROLE" }),
    readContract(client, { address: gate, abi: policyAccountAbi, functionName: "governance" }),
    maybeAddress(cli, "governance"),
  ]);
  const hasRole = (role: `0x${string}`, account: Address) =>
    readContract(client, { ...contract, functionName: "hasRole", args: [role, account] });
  const openExecution = await hasRole(executor, zeroAddress);
  const same = isAddressEqual(onchain, timelock);
  return [
    {
      name: "gate's timelock",
      status: same ? "ok" : "fail",
      detail: same ? timelock : `${onchain}, but deployment.json says ${timelock}`,
    },
    {
      name: "timelock's notice",
      status: delay < SHORT_TIMELOCK ? "warn" : "ok",
      detail: `${delay} s${delay < SHORT_TIMELOCK ? ": too short for anyone to react" : ""}`,
    },
    ...(openExecution
      ? [{ name: "timelock executors", status: "warn", detail: "anyone" } as const]
      : []),
    ...(governance
      ? [
          roleCheck("governance proposes", await hasRole(proposer, governance), governance),
          roleCheck(
            "governance executes",
            openExecution || (await hasRole(executor, governance)),
            governance,
          ),
        ]
      : []),
  ];
}

function roleCheck(name: string, held: boolean, account: Address): Check {
  return {
    name,
    status: held ? "ok" : "fail",
    detail: held ? "yes" : `${account} has not the role`,
  };
}

/** Whether the feeds that the gate and the policy read answer, and are fresh. */
export async function checkFeeds(
  client: ReadClient,
  gate: Address,
  priceFeeds: readonly PolicyFeed[],
): Promise<Check[]> {
  const { riskFeed, riskMaxAge } = await readGate(client, { gate });
  const { number, timestamp } = await getBlock(client);
  const risk = { name: "risk", address: riskFeed, maxAge: BigInt(riskMaxAge) };
  const feeds = isAddressEqual(riskFeed, zeroAddress) ? priceFeeds : [risk, ...priceFeeds];
  return Promise.all(
    feeds.map(async ({ name, address, maxAge }): Promise<Check> => {
      try {
        const block = { number, timestamp };
        const { answer, updatedAt } = await readRound(client, { feed: address, block });
        const age = timestamp - updatedAt;
        const detail = `${answer}, ${age} s old, at most ${maxAge} s allowed`;
        return { name: `feed ${name}`, status: age > maxAge ? "fail" : "ok", detail };
      } catch (error) {
        return { name: `feed ${name}`, status: "fail", detail: describeError(error).message };
      }
    }),
  );
}
