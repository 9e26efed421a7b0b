import { type Address, numberToHex } from "viem";
import type { ReadClient } from "../chain/client.ts";
import { readLane } from "../chain/readLane.ts";
import { UsageError } from "../errors/cli.ts";
import { UnknownLaneError } from "../errors/signer.ts";
import type { SealIdentity } from "../keys/sealed.ts";
import { sameBudgetLayout } from "../policy/budgetLayout.ts";
import { loadMandate, type OpenMandate } from "./mandates.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Checks that the lanes' states mean the same under new mandates: levels are bare numbers, so under
 * budgets of other units a full one may read as nearly empty.
 *
 * @throws {UnknownLaneError} if a lane has no state to keep
 * @throws {UsageError} if the budgets differ, or the mandate that the lane has now is not in the workspace
 */
export async function assertStatesCanBeKept(
  client: ReadClient,
  workspace: Workspace,
  identity: SealIdentity,
  { gate, mandates }: { gate: Address; mandates: readonly OpenMandate[] },
): Promise<void> {
  for (const { lane, policy, labels } of mandates) {
    const { policy: commitment, epoch } = await readLane(client, { gate, lane });
    if (epoch === 0) throw new UnknownLaneError({ lane });
    const current = await loadMandate(workspace, identity, commitment);
    const layout = sameBudgetLayout(current, { policy, labels });
    if (layout.same) continue;
    throw new UsageError("The lane's state cannot be kept: the new policy counts in other units", {
      details: [
        `lane: ${lane}, now under ${numberToHex(commitment, { size: 32 })}`,
        `difference: ${layout.difference}`,
        "expected: the same budgets, units, refills and number of lanes, or no --keep-state",
      ],
    });
  }
}
