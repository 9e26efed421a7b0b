import { type Address, encodeFunctionData, type Hex, maxUint128 } from "viem";
import { deployContract } from "../../chain/deployContract.ts";
import { demoFeedAbi } from "./abi/demoFeed.ts";
import { demoTokenAbi } from "./abi/demoToken.ts";
import { demoFeedBytecode } from "./bytecode/demoFeed.ts";
import { demoTokenBytecode } from "./bytecode/demoToken.ts";
import type { LocalChain, Sender } from "./localChain.ts";
import {
  createPool,
  deployUniswap,
  POOL_FEE,
  send,
  swapRouterAbi,
  tokenAbi,
  type Uniswap,
} from "./uniswap.ts";

/** Dollars for one ETH, everywhere in the demo. */
export const ETH_PRICE = 3_000n;
const POOL_ETH = 100_000n;
const POOL_WETH = POOL_ETH * 10n ** 18n;
const FEED_DECIMALS = 8;
/** What the agent asks for at least: 0.4 % below the feed, inside the hidden 0.5 %. */
const ASKED_BPS = 9_960n;

/** Tokens, feeds and an exchange on the local chain. */
export interface Market {
  uniswap: Uniswap;
  usdc: Address;
  ethUsd: Address;
  volatility: Address;
  /** Opens new rounds: ETH at its price, and a volatility in percent. */
  publish(volatilityPercent: number): Promise<void>;
  /** Gives someone WETH. */
  fund(to: Address, weth: bigint): Promise<void>;
  balance(token: Address, owner: Address): Promise<bigint>;
}

/** Deploys the market and fills a WETH/USDC pool with 100,000 WETH at the demo's price. */
export async function openMarket(local: LocalChain, maker: Sender): Promise<Market> {
  const owner = maker.account.address;
  await local.control.setBalance({ address: owner, value: 2n * POOL_WETH });
  const deployFeed = async (description: string, answer: bigint) =>
    (
      await deployContract(maker, {
        name: "DemoFeed",
        abi: demoFeedAbi,
        bytecode: demoFeedBytecode.creation,
        args: [description, FEED_DECIMALS, answer],
      })
    ).address;
  const publishTo = (feed: Address, answer: bigint) =>
    send(maker, {
      to: feed,
      data: encodeFunctionData({ abi: demoFeedAbi, functionName: "publish", args: [answer] }),
    });

  const uniswap = await deployUniswap(maker);
  const { address: usdc } = await deployContract(maker, {
    name: "DemoToken",
    abi: demoTokenAbi,
    bytecode: demoTokenBytecode.creation,
    args: ["USD Coin", "USDC"],
  });
  const price = ETH_PRICE * 10n ** BigInt(FEED_DECIMALS);
  const ethUsd = await deployFeed("ETH / USD", price);
  const volatility = await deployFeed("ETH 30-day volatility, percent", percentAnswer(45));

  const poolUsd = POOL_ETH * ETH_PRICE * 10n ** 6n;
  await send(maker, {
    to: usdc,
    data: encodeFunctionData({ abi: demoTokenAbi, functionName: "mint", args: [owner, poolUsd] }),
  });
  await send(maker, {
    to: uniswap.weth,
    data: encodeFunctionData({ abi: tokenAbi, functionName: "deposit" }),
    value: POOL_WETH,
  });
  await createPool(maker, { uniswap, usdToken: usdc, usd: poolUsd, weth: POOL_WETH });

  return {
    uniswap,
    usdc,
    ethUsd,
    volatility,
    async publish(volatilityPercent) {
      await publishTo(ethUsd, price);
      await publishTo(volatility, percentAnswer(volatilityPercent));
    },
    async fund(to, weth) {
      await send(maker, {
        to: uniswap.weth,
        data: encodeFunctionData({ abi: tokenAbi, functionName: "deposit" }),
        value: weth,
      });
      await send(maker, { to: uniswap.weth, data: transferData(to, weth) });
    },
    balance: (token, of) =>
      local.control.readContract({
        address: token,
        abi: tokenAbi,
        functionName: "balanceOf",
        args: [of],
      }),
  };
}

function percentAnswer(percent: number): bigint {
  return BigInt(percent) * 10n ** BigInt(FEED_DECIMALS);
}

/** Calldata of an ERC-20 transfer. */
export function transferData(to: Address, amount: bigint): Hex {
  return encodeFunctionData({ abi: tokenAbi, functionName: "transfer", args: [to, amount] });
}

/** A call that sells WETH for USDC on Uniswap, at no less than 0.4 % below the feed's price. */
export function sellCall(
  { uniswap, usdc }: Market,
  { weth, recipient }: { weth: bigint; recipient: Address },
): { target: Address; value: bigint; data: Hex } {
  const worth = (weth * ETH_PRICE) / 10n ** 12n;
  return {
    target: uniswap.router,
    value: 0n,
    data: encodeFunctionData({
      abi: swapRouterAbi,
      functionName: "exactInputSingle",
      args: [
        {
          tokenIn: uniswap.weth,
          tokenOut: usdc,
          fee: POOL_FEE,
          recipient,
          deadline: maxUint128,
          amountIn: weth,
          amountOutMinimum: (worth * ASKED_BPS) / 10_000n,
          sqrtPriceLimitX96: 0n,
        },
      ],
    }),
  };
}
