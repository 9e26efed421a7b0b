import { encodeFunctionData, formatUnits, parseEther } from "viem";
import { executeAction } from "../../../chain/executeAction.ts";
import { DeniedError } from "../../../errors/signer.ts";
import type { GateCall } from "../../../signer/gateCall.ts";
import type { Desk, Epoch } from "../desk.ts";
import { sellCall } from "../market.ts";
import type { SceneResult, Stage } from "../steps.ts";
import { tokenAbi } from "../uniswap.ts";

/** The lane on which the agent trades. */
export const TRADING_LANE = 0;

/** Dollars as people write them. */
export function dollars(base: bigint): string {
  return `${Number(formatUnits(base, 6)).toLocaleString("en", { maximumFractionDigits: 0 })} USDC`;
}

/** Asks the agent for a call: signs, proves, submits. It should be executed. */
export async function permitted(desk: Desk, epoch: Epoch, call: GateCall): Promise<SceneResult> {
  const { gate, market, relayer } = desk;
  const before = await market.balance(market.usdc, gate);
  const submitter = relayer.account.address;
  const signed = await desk.signer(epoch, TRADING_LANE).sign({ ...call, submitter });
  const { receipt } = await executeAction(relayer, { gate, signed });
  const received = (await market.balance(market.usdc, gate)) - before;
  return {
    ok: receipt.status === "success",
    outcome: received > 0n ? `executed, ${dollars(received)} received` : "executed",
    gas: receipt.gasUsed,
  };
}

/** Asks the agent for a call. The policy should deny it for the given restriction. */
export async function denied(
  desk: Desk,
  epoch: Epoch,
  call: GateCall,
  restriction: string,
): Promise<SceneResult> {
  const submitter = desk.relayer.account.address;
  const signing = desk.signer(epoch, TRADING_LANE).sign({ ...call, submitter });
  const error = await signing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DeniedError)) {
    return { ok: false, outcome: error ? `failed: ${error}` : "signed, against the policy" };
  }
  const reasons = error.details.filter((line) => line.includes(`, ${restriction}:`));
  return {
    ok: reasons.length > 0,
    outcome: "denied, nothing signed",
    details: reasons.length > 0 ? reasons : error.details,
  };
}

/** A call that sells some of the gate's WETH. */
export function sell({ market, gate }: Desk, weth: number): GateCall {
  return sellCall(market, { weth: parseEther(String(weth)), recipient: gate });
}

/** The agent at work, inside its mandate and up against it. */
export async function tradingScenes(stage: Stage, desk: Desk): Promise<void> {
  const { market, local, epoch } = desk;
  stage.chapter("The agent trades");
  await stage.scene("allow the router 100 WETH", () =>
    permitted(desk, epoch, {
      target: market.uniswap.weth,
      value: 0n,
      data: encodeFunctionData({
        abi: tokenAbi,
        functionName: "approve",
        args: [market.uniswap.router, parseEther("100")],
      }),
    }),
  );
  await stage.scene("sell 10 WETH", () => permitted(desk, epoch, sell(desk, 10)));
  await stage.scene("sell 41 WETH: over the limit", () =>
    denied(desk, epoch, sell(desk, 41), "amount"),
  );
  await stage.scene("sell 40 WETH: fills the budget", () => permitted(desk, epoch, sell(desk, 40)));
  await stage.scene("sell 20 WETH: the budget is full", () =>
    denied(desk, epoch, sell(desk, 20), "charges"),
  );

  stage.say("12 hours later");
  await local.advance(12 * 3_600);
  await market.publish(45);
  await stage.scene("sell 20 WETH: it has refilled", () => permitted(desk, epoch, sell(desk, 20)));

  stage.say("36 hours later, volatility rises from 45 % to 80 %");
  await local.advance(36 * 3_600);
  await market.publish(80);
  await stage.scene("sell 21 WETH: the limit shrank", () =>
    denied(desk, epoch, sell(desk, 21), "amount"),
  );
  await stage.scene("sell 10 WETH", () => permitted(desk, epoch, sell(desk, 10)));
}
