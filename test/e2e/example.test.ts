import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { erc20Abi, parseAbi } from "viem";
import { expect, test } from "vitest";
import { runAgent } from "../../examples/agent.ts";
import { deployContract } from "../../src/chain/deployContract.ts";
import { demoTokenAbi } from "../../src/cli/demo/abi/demoToken.ts";
import { demoTokenBytecode } from "../../src/cli/demo/bytecode/demoToken.ts";
import { createLocalChain } from "../../src/cli/demo/localChain.ts";
import { ecdsaKey } from "../../src/keys/ecdsaKey.ts";

const RECIPIENT = "0x9ec1000000000000000000000000000000000002";

test("the library example runs: over the limit is denied, within it is executed", async () => {
  const local = await createLocalChain({ chainId: 31_337 });
  const client = await local.createSender();
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-example-"));
  const { address: token } = await deployContract(client, {
    name: "DemoToken",
    abi: demoTokenAbi,
    bytecode: demoTokenBytecode.creation,
    args: ["USD Coin", "USDC"],
  });
  try {
    const { overTheLimit, receipt } = await runAgent({
      client,
      key: ecdsaKey(new Uint8Array(32).fill(5)),
      chainId: 31_337,
      token,
      recipient: RECIPIENT,
      folder,
      fund: async (gate) => {
        const abi = parseAbi(["function mint(address to, uint256 amount)"]);
        await client.writeContract({
          address: token,
          abi,
          functionName: "mint",
          args: [gate, 10n ** 9n],
        });
      },
    });
    expect(overTheLimit.allowed).toBe(false);
    expect(receipt.status).toBe("success");
    expect(
      await client.readContract({
        address: token,
        abi: erc20Abi,
        functionName: "balanceOf",
        args: [RECIPIENT],
      }),
    ).toBe(25_000_000n);
  } finally {
    await rm(folder, { recursive: true });
    await local.close();
  }
});
