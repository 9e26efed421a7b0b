import factoryArtifact from "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json" with {
  type: "json",
};
import managerArtifact from "@uniswap/v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json" with {
  type: "json",
};
import routerArtifact from "@uniswap/v3-periphery/artifacts/contracts/SwapRouter.sol/SwapRouter.json" with {
  type: "json",
};
import wethArtifact from "canonical-weth/build/contracts/WETH9.json" with { type: "json" };
import {
  type Address,
  encodeFunctionData,
  type Hex,
  maxUint128,
  parseAbi,
  zeroAddress,
} from "viem";
import { deployContract } from "../../chain/deployContract.ts";
import type { Sender } from "./localChain.ts";

/** The pool's fee tier in hundredths of a basis point: 0.05 %. */
export const POOL_FEE = 500;
const TICK_SPACING = 10;
/** Ticks on either side of the price that carry liquidity: about −40 % and +65 %. */
const HALF_RANGE_TICKS = 5_000;

export const tokenAbi = parseAbi([
  "function approve(address spender, uint256 amount) returns (bool)",
  "function transfer(address to, uint256 amount) returns (bool)",
  "function balanceOf(address owner) view returns (uint256)",
  "function deposit() payable",
]);

export const swapRouterAbi = parseAbi([
  "struct ExactInputSingleParams { address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 deadline; uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96; }",
  "function exactInputSingle(ExactInputSingleParams params) payable returns (uint256 amountOut)",
]);

const positionManagerAbi = parseAbi([
  "struct MintParams { address token0; address token1; uint24 fee; int24 tickLower; int24 tickUpper; uint256 amount0Desired; uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min; address recipient; uint256 deadline; }",
  "function createAndInitializePoolIfNecessary(address token0, address token1, uint24 fee, uint160 sqrtPriceX96) payable returns (address pool)",
  "function mint(MintParams params) payable returns (uint256 tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)",
]);

/** The addresses of a Uniswap v3 deployment. */
export interface Uniswap {
  factory: Address;
  weth: Address;
  router: Address;
  positionManager: Address;
}

/** Deploys Uniswap v3 and canonical WETH, bytecode as published in their npm packages. */
export async function deployUniswap(sender: Sender): Promise<Uniswap> {
  const deploy = async (
    name: string,
    artifact: { abi: readonly unknown[]; bytecode: string },
    args: readonly unknown[] = [],
  ) => {
    const bytecode = artifact.bytecode as Hex;
    return (await deployContract(sender, { name, abi: artifact.abi, bytecode, args })).address;
  };
  const factory = await deploy("UniswapV3Factory", factoryArtifact);
  const weth = await deploy("WETH9", wethArtifact);
  const router = await deploy("SwapRouter", routerArtifact, [factory, weth]);
  // No token descriptor: it only draws the picture of a position.
  const descriptor = zeroAddress;
  const positionManager = await deploy("NonfungiblePositionManager", managerArtifact, [
    factory,
    weth,
    descriptor,
  ]);
  return { factory, weth, router, positionManager };
}

/**
 * Creates the pool of WETH and a dollar token at a price and gives it liquidity from the sender's tokens.
 *
 * @param parameters.usd amount of the dollar token, base units; sets the price together with `weth`
 * @param parameters.weth amount of WETH, wei
 */
export async function createPool(
  sender: Sender,
  parameters: { uniswap: Uniswap; usdToken: Address; usd: bigint; weth: bigint },
): Promise<void> {
  const { uniswap, usdToken, usd, weth } = parameters;
  const sides = [
    { token: uniswap.weth, amount: weth },
    { token: usdToken, amount: usd },
  ].sort((a, b) => (BigInt(a.token) < BigInt(b.token) ? -1 : 1));
  const [side0, side1] = sides as [(typeof sides)[0], (typeof sides)[0]];

  for (const { token, amount } of sides) {
    await send(sender, {
      to: token,
      data: encodeFunctionData({
        abi: tokenAbi,
        functionName: "approve",
        args: [uniswap.positionManager, amount],
      }),
    });
  }
  await send(sender, {
    to: uniswap.positionManager,
    data: encodeFunctionData({
      abi: positionManagerAbi,
      functionName: "createAndInitializePoolIfNecessary",
      args: [side0.token, side1.token, POOL_FEE, squareRoot((side1.amount << 192n) / side0.amount)],
    }),
  });
  const tick = Math.log(Number(side1.amount) / Number(side0.amount)) / Math.log(1.0001);
  const nearest = (value: number) => Math.round(value / TICK_SPACING) * TICK_SPACING;
  await send(sender, {
    to: uniswap.positionManager,
    data: encodeFunctionData({
      abi: positionManagerAbi,
      functionName: "mint",
      args: [
        {
          token0: side0.token,
          token1: side1.token,
          fee: POOL_FEE,
          tickLower: nearest(tick - HALF_RANGE_TICKS),
          tickUpper: nearest(tick + HALF_RANGE_TICKS),
          amount0Desired: side0.amount,
          amount1Desired: side1.amount,
          amount0Min: 0n,
          amount1Min: 0n,
          recipient: sender.account.address,
          deadline: maxUint128,
        },
      ],
    }),
  });
}

/** Sends a transaction that must succeed and waits for it. */
export async function send(
  sender: Sender,
  transaction: { to: Address; data?: Hex; value?: bigint },
): Promise<void> {
  const hash = await sender.sendTransaction(transaction);
  const receipt = await sender.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`Transaction ${hash} reverted`);
}

/** Integer square root by Newton's method, rounded down. */
function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
