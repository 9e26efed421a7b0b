import { access, readFile } from "node:fs/promises";
import { getAddress } from "viem";
import { isReadableByOthers } from "../../keys/files.ts";
import { readKeystore } from "../../keys/keystore.ts";
import { readTokenKeyAddress } from "../../keys/pkcs11/tokenKey.ts";
import { type CompiledPolicy, compilePolicy } from "../../policy/compile.ts";
import type { Check } from "../checks.ts";
import { readGroupFile } from "../groupAccount.ts";
import { counted, describeError, shown } from "../output.ts";
import { identityPath } from "../secrets.ts";
import { shownToken } from "../tokenAccounts.ts";
import {
  accountRoles,
  type GroupAccount,
  type TokenAccount,
  type Workspace,
} from "../workspace.ts";

/** Whether the workspace's files are there and kept from others. */
export async function checkWorkspaceFiles(workspace: Workspace): Promise<Check[]> {
  const accounts = await Promise.all(
    accountRoles.map((role) => {
      const account = workspace.accounts[role];
      if ("group" in account) return checkGroup(role, account.group);
      return "pkcs11" in account
        ? checkToken(role, account.pkcs11)
        : checkKeystore(role, account.keystore);
    }),
  );
  const identity = identityPath(workspace);
  return [...accounts, await checkSecretFile("sealing identity", identity, "gate deploy")];
}

async function checkGroup(role: string, { file, nodes }: GroupAccount): Promise<Check> {
  const name = `${role} key`;
  try {
    const { group, onchain } = await readGroupFile({ file });
    const detail = `group ${onchain.id}, ${group.threshold} of ${nodes.length} nodes sign (not asked)`;
    return { name, status: nodes.length < group.threshold ? "fail" : "ok", detail };
  } catch (error) {
    return { name, status: "fail", detail: describeError(error).message };
  }
}

async function checkKeystore(role: string, path: string): Promise<Check> {
  const name = `${role} key`;
  const file = await checkSecretFile(name, path, `keys new ${role}`);
  if (file.status !== "ok") return file;
  try {
    const { address } = await readKeystore(path);
    return { name, status: "ok", detail: address ? getAddress(`0x${address}`) : shown(path) };
  } catch (error) {
    return { name, status: "fail", detail: `${shown(path)}: ${describeError(error).message}` };
  }
}

/** Whether a token and its key are there; the PIN is not needed, and no try of it is spent. */
async function checkToken(role: string, account: TokenAccount): Promise<Check> {
  const name = `${role} key`;
  const { pinFile } = account;
  try {
    if (pinFile !== undefined && (await isReadableByOthers(pinFile))) {
      return { name, status: "warn", detail: `others can read ${shown(pinFile)}: chmod 600` };
    }
    const address = await readTokenKeyAddress(account);
    return { name, status: "ok", detail: `${address}, ${shownToken(account)}` };
  } catch (error) {
    return { name, status: "fail", detail: describeError(error).message };
  }
}

async function checkSecretFile(name: string, path: string, maker: string): Promise<Check> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) {
    return { name, status: "skip", detail: `no ${shown(path)}; make one with: zkmandate ${maker}` };
  }
  return (await isReadableByOthers(path))
    ? { name, status: "warn", detail: `others can read ${shown(path)}: chmod 600` }
    : { name, status: "ok", detail: shown(path) };
}

/** Whether the workspace's policy compiles; without the file (it may be kept elsewhere) nothing is said. */
export async function checkPolicy(
  workspace: Workspace,
): Promise<{ check: Check; compiled?: CompiledPolicy }> {
  const name = "policy";
  const file = shown(workspace.policy);
  const source = await readFile(workspace.policy, "utf8").catch(() => undefined);
  if (source === undefined) return { check: { name, status: "skip", detail: `no ${file}` } };
  try {
    const compiled = compilePolicy(source, { file });
    const { warnings, policy, chainId } = compiled;
    if (chainId !== workspace.chain.id) {
      const detail = `${file} is for chain ${chainId}, the workspace for chain ${workspace.chain.id}`;
      return { check: { name, status: "fail", detail } };
    }
    return {
      check:
        warnings.length === 0
          ? { name, status: "ok", detail: counted(policy.rules.length, "rule") }
          : {
              name,
              status: "warn",
              detail: `${counted(warnings.length, "warning")}: zkmandate policy check`,
            },
      compiled,
    };
  } catch (error) {
    return { check: { name, status: "fail", detail: `${file}: ${describeError(error).message}` } };
  }
}
