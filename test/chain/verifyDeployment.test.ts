import { zeroAddress } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyAccountBytecode } from "../../src/chain/bytecode/policyAccount.ts";
import { deployGate } from "../../src/chain/deployGate.ts";
import { deployVerifiers } from "../../src/chain/deployVerifiers.ts";
import { laneGenesis } from "../../src/chain/rotation.ts";
import { verifyDeployment } from "../../src/chain/verifyDeployment.ts";
import { commitPolicy } from "../../src/policy/commitment.ts";
import { createWorld, SECRET, transferPolicy, type World } from "./support/world.ts";

let world: World;
let gate: `0x${string}`;
beforeAll(async () => {
  world = await createWorld();
  const { deployer, timelock, key, token } = world;
  const committed = commitPolicy(transferPolicy(token));
  ({ gate } = await deployGate(deployer, {
    timelock,
    verifiers: await deployVerifiers(deployer),
    guardian: zeroAddress,
    submitters: [],
    agent: key.onchain,
    riskFeed: zeroAddress,
    riskMaxAge: 0,
    maxDelay: 300,
    genesis: (moment) => [
      laneGenesis({ ...moment, lane: 0, committed, secret: SECRET, fill: "full" }).rotation,
    ],
  }));
});
afterAll(() => world.close());

const failed = async (address = gate) => {
  const { ok, checks } = await verifyDeployment(world.local.control, { gate: address });
  const names = checks.filter((check) => !check.ok).map(({ name }) => name);
  expect(ok).toBe(names.length === 0);
  return names;
};

describe("checking the code on-chain", () => {
  it("finds a released gate with its verifiers and timelock in order", async () => {
    expect(await failed()).toEqual([]);
  });

  it("finds verifiers of another setup", async () => {
    expect(await failed(world.gate)).toEqual([
      "verifier of circuit gate",
      "verifier of circuit wide",
    ]);
  });

  it("finds an address without a gate", async () => {
    expect(await failed(world.token)).toEqual(["gate code"]);
    expect(await failed("0x00000000000000000000000000000000000000ff")).toEqual(["gate code"]);
  });

  it("finds one changed byte of the gate, and a value that no honest constructor writes", async () => {
    const { control } = world.local;
    const code = (await control.getCode({ address: gate })) as `0x${string}`;
    const flip = (at: number) => {
      const digit = 2 + 2 * at;
      const other = code[digit] === "0" ? "1" : "0";
      return `${code.slice(0, digit)}${other}${code.slice(digit + 1)}` as `0x${string}`;
    };
    const address = "0x00000000000000000000000000000000000000aa";
    await control.setCode({ address, bytecode: flip(100) });
    expect(await failed(address)).toEqual(["gate code"]);

    const [immutable] = policyAccountBytecode.immutables;
    await control.setCode({ address: gate, bytecode: flip(immutable.start) });
    expect(await failed()).toContain("gate immutables");
    await control.setCode({ address: gate, bytecode: code });
    expect(await failed()).toEqual([]);
  });

  it("finds another timelock", async () => {
    const { control } = world.local;
    const { timelock } = world;
    const code = (await control.getCode({ address: timelock })) as `0x${string}`;
    await control.setCode({ address: timelock, bytecode: `${code}00` });
    expect(await failed()).toEqual(["timelock code"]);
    await control.setCode({ address: timelock, bytecode: code });
  });
});
