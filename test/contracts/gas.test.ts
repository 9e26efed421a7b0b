import { readFileSync, writeFileSync } from "node:fs";
import { encodeFunctionData, type Hex, keccak256 } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { circuits } from "../../src/action/circuits.ts";
import { type ActionRequest, signAction, submit } from "./support/action.ts";
import type { Deployed } from "./support/chain.ts";
import { compiled } from "./support/contracts.ts";
import {
  createWorld,
  firstRound,
  govern,
  group,
  productionContracts,
  roles,
  type World,
} from "./support/world.ts";

const file = new URL("gas.snapshot.json", import.meta.url);
const snapshot: Record<string, number> = JSON.parse(readFileSync(file, "utf8"));
const update = process.env.UPDATE_GAS === "1";
/** Signatures and proofs have more or fewer zero bytes from run to run. */
const TOLERANCE = 1.001;

/** The precompiles' price: one pairing of four pairs, and a multiplication and an addition per input. */
const VERIFIER_FLOOR = 45_000 + 4 * 34_000 + 3 * (6_000 + 150);

let world: World;
let riskWorld: World;
let groupWorld: World;
let meter: Deployed;

beforeAll(async () => {
  world = await createWorld();
  riskWorld = await createWorld(undefined, { riskFeed: true });
  groupWorld = await createWorld(undefined, { byGroup: true });
  meter = await world.chain.deploy(compiled("test/GasMeter"));
});

/** Compares a measurement with the committed one, or records it. */
function record(name: string, gas: number): void {
  if (update) {
    snapshot[name] = gas;
    writeFileSync(file, `${JSON.stringify(snapshot, null, 2)}\n`);
    return;
  }
  const committed = snapshot[name];
  expect(committed, `${name} is not in gas.snapshot.json: run with UPDATE_GAS=1`).toBeDefined();
  expect(
    gas,
    `${name} rose from ${committed}: if that is meant, run UPDATE_GAS=1 npx vitest run test/contracts/gas.test.ts`,
  ).toBeLessThanOrEqual((committed as number) * TOLERANCE);
}

async function gasOf(where: World, request: ActionRequest = {}, from = roles.submitter) {
  const outcome = await submit(where, await signAction(where, request), { from });
  if (!outcome.ok) throw new Error(outcome.refusal.name);
  return Number(outcome.receipt.gasUsed);
}

async function measure(callee: Hex, data: Hex): Promise<number> {
  const [used, success] = await world.chain.read<[bigint, boolean]>(meter, "measure", [
    callee,
    data,
  ]);
  expect(success).toBe(true);
  return Number(used);
}

describe("gas", () => {
  it("a verifier stays within 1 % of what its precompiles cost", async () => {
    for (const name of ["gate", "wide"] as const) {
      const circuit = circuits[name].id;
      const { proof, z, y } = await signAction(world, { circuit });
      const { address, abi } = world.verifiers[name];
      const args = [proof.points, proof.contextCommitment, z, y];
      const gas = await measure(
        address,
        encodeFunctionData({ abi, functionName: "verifyProof", args }),
      );
      expect(gas).toBeLessThanOrEqual(VERIFIER_FLOOR * 1.01);
      record(`verify ${name}`, gas);
    }
  });

  it("context, digest and fingerprint take at most 5,000 with warm storage and no feeds", async () => {
    const measuring = await createWorld({
      ...productionContracts(),
      account: compiled("test/ContextMeter"),
    });
    const { call, proof, y } = await signAction(measuring);
    const [used, fingerprint] = await measuring.chain.read<[bigint, bigint]>(
      measuring.gate,
      "measure",
      [call, proof],
    );
    expect(fingerprint).toBe(y);
    const gas = Number(used);
    expect(gas).toBeLessThanOrEqual(5_000);
    record("context, digest, fingerprint", gas);
  });

  it("verifying a Schnorr signature takes at most 6,000, the key's cold slot included", async () => {
    await world.chain.transact(roles.deployer, world.schnorr, "setKey", [group.px]);
    const hash = keccak256("0x01");
    const [used, valid] = await world.chain.read<[bigint, boolean]>(world.schnorr, "meter", [
      hash,
      await group.sign({ hash }),
    ]);
    expect(valid).toBe(true);
    const gas = Number(used);
    expect(gas).toBeLessThanOrEqual(6_000);
    record("verify schnorr", gas);
  });

  it("a whole gated ERC-20 transfer", async () => {
    record("erc20 transfer", await gasOf(world));
  });

  it("a whole gated ERC-20 transfer of a Schnorr group", async () => {
    record("erc20 transfer, schnorr group", await gasOf(groupWorld));
  });

  it("a whole gated ERC-20 transfer with a risk feed", async () => {
    const gas = await gasOf(riskWorld, { riskRound: firstRound.round });
    expect(gas).toBeLessThanOrEqual(290_000);
    record("erc20 transfer, risk feed", gas);
  });

  it("a whole gated ERC-20 transfer with a risk and a price feed", async () => {
    const request = {
      riskRound: firstRound.round,
      priceFeed: riskWorld.priceFeed.address,
      priceRound: firstRound.round,
    };
    record("erc20 transfer, risk and price feed", await gasOf(riskWorld, request));
  });

  it("a whole gated ERC-20 transfer that anyone may submit", async () => {
    const outcome = await govern(world, "setOpenSubmission", [true]);
    expect(outcome.ok).toBe(true);
    const request = { submitter: "0x0000000000000000000000000000000000000000" } as const;
    record("erc20 transfer, open submission", await gasOf(world, request, roles.stranger));
  });

  it("a whole gated ERC-20 transfer with the wide circuit", async () => {
    record("erc20 transfer, wide circuit", await gasOf(world, { circuit: circuits.wide.id }));
  });
});
