import { type Address, encodeFunctionData, pad, parseEther, zeroAddress, zeroHash } from "viem";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FIELD_ORDER } from "../../src/field/field.ts";
import { signAction, submit } from "./support/action.ts";
import type { Outcome } from "./support/chain.ts";
import { compiled } from "./support/contracts.ts";
import {
  agentKey,
  createWorld,
  type genesisLanes,
  govern,
  impostor,
  laneOf,
  MAX_DELAY,
  productionContracts,
  type Rotation,
  roles,
  rotationOf,
  schedule,
  TIMELOCK_DELAY,
  type World,
} from "./support/world.ts";

let world: World;
let restore: () => Promise<void>;

beforeAll(async () => {
  world = await createWorld();
});
beforeEach(async () => {
  restore = await world.chain.snapshot();
});
afterEach(() => restore());

interface Config {
  epoch: number;
  maxDelay: number;
  paused: boolean;
  openSubmission: boolean;
  riskFeed: string;
  riskMaxAge: number;
  agent: { kind: number; id: string };
  guardian: string;
}
const config = () => world.chain.read<Config>(world.gate, "config");

const GRACE_PERIOD = 7n * 24n * 3_600n;
const lane = (changes: Partial<(typeof genesisLanes)[number]> = {}) => ({
  lane: 0,
  keepState: false,
  policy: 1n,
  state: 2n,
  ...changes,
});

async function rotate(changes: Partial<Rotation>): Promise<Outcome> {
  return govern(world, "rotate", [await rotationOf(world, changes)]);
}

function expectRefusal(outcome: Outcome, name: string, args?: readonly unknown[]): void {
  expect(outcome.ok ? { name: "executed" } : outcome.refusal).toMatchObject({
    name,
    ...(args && { args }),
  });
}

describe("who may", () => {
  const rotation: Rotation = {
    epoch: 2,
    eta: 0n,
    agent: agentKey,
    riskFeed: zeroAddress,
    riskMaxAge: 0,
    maxDelay: 0,
    lanes: [],
  };
  const timelocked: [string, readonly unknown[]][] = [
    ["rotate", [rotation]],
    ["setGuardian", [roles.stranger]],
    ["setSubmitter", [roles.stranger, true]],
    ["setOpenSubmission", [true]],
    ["unpause", []],
    ["governanceCall", [roles.stranger, 1n, "0x"]],
  ];

  it.each(timelocked)("%s: nobody but the timelock, the guardian neither", async (name, args) => {
    for (const from of [roles.guardian, roles.submitter, roles.deployer, roles.stranger]) {
      expectRefusal(await world.chain.transact(from, world.gate, name, args), "NotGovernance", [
        from,
      ]);
    }
  });

  it.each(["pause", "revokeAgent"])(
    "%s: the guardian and the timelock, nobody else",
    async (name) => {
      for (const from of [roles.submitter, roles.deployer, roles.stranger]) {
        expectRefusal(await world.chain.transact(from, world.gate, name), "NotGuardian", [from]);
      }
      expect((await world.chain.transact(roles.guardian, world.gate, name)).ok).toBe(true);
      expect((await govern(world, name, [])).ok).toBe(true);
    },
  );

  it("changes nothing before the timelock's delay", async () => {
    const execute = await schedule(world, "setOpenSubmission", [true]);
    const early = await execute((await world.chain.now()) + TIMELOCK_DELAY - 60n);
    expect(early.ok).toBe(false);
    expect((await config()).openSubmission).toBe(false);
  });
});

describe("rotation", () => {
  it("starts an epoch with new lanes, agent and maxDelay, and kills the lanes it does not name", async () => {
    const agent = { kind: 1, id: pad(impostor.address) };
    const lanes = [lane({ lane: 7, policy: 70n, state: 71n })];
    const rotation = await rotationOf(world, { agent, lanes, maxDelay: 60 });
    expect((await govern(world, "rotate", [rotation])).ok).toBe(true);
    expect(await config()).toMatchObject({ epoch: 2, maxDelay: 60, agent: { kind: 1 } });
    expect((await config()).agent.id.toLowerCase()).toBe(agent.id.toLowerCase());
    expect(await laneOf(world, 7)).toEqual({
      policy: 70n,
      state: 71n,
      epoch: 2,
      seq: 0n,
      lastTime: rotation.eta,
    });
    expect((await laneOf(world, 0)).epoch).toBe(1);
    expect((await submit(world, await signAction(world, { lane: 7, signer: impostor }))).ok).toBe(
      true,
    );
    expectRefusal(await submit(world, await signAction(world, { lane: 7 })), "InvalidSignature");
  });

  it("never resets a sequence number, not even over an epoch in which the lane was dead", async () => {
    expect((await submit(world, await signAction(world))).ok).toBe(true);
    expect((await rotate({ lanes: [lane({ lane: 1 })] })).ok).toBe(true);
    expect((await rotate({ lanes: [lane()] })).ok).toBe(true);
    expect(await laneOf(world, 0)).toMatchObject({ epoch: 3, seq: 1n });
  });

  it("keeps a live lane's state and time where it is told to", async () => {
    expect((await submit(world, await signAction(world))).ok).toBe(true);
    const before = await laneOf(world, 0);
    expect((await rotate({ lanes: [lane({ keepState: true, policy: 9n, state: 0n })] })).ok).toBe(
      true,
    );
    expect(await laneOf(world, 0)).toEqual({ ...before, policy: 9n, epoch: 2 });
  });

  it("keeps no state of a dead or an unknown lane, and none that comes with a new one", async () => {
    expectRefusal(
      await rotate({ lanes: [lane({ lane: 9, keepState: true, state: 0n })] }),
      "CannotKeepState",
      [9, 0, 0n],
    );
    expectRefusal(
      await rotate({ lanes: [lane({ keepState: true, state: 5n })] }),
      "CannotKeepState",
      [0, 1, 5n],
    );
    expect((await rotate({ lanes: [lane({ lane: 1 })] })).ok).toBe(true);
    expectRefusal(
      await rotate({ lanes: [lane({ keepState: true, state: 0n })] }),
      "CannotKeepState",
      [0, 1, 0n],
    );
  });

  it("is refused before its eta and after its grace period, and changes nothing", async () => {
    const eta = (await world.chain.now()) + 2n * TIMELOCK_DELAY;
    const execute = await schedule(world, "rotate", [await rotationOf(world, { eta })]);
    const undo = await world.chain.snapshot();
    expectRefusal(await execute(eta - 1n), "RotationTooEarly", [eta, eta - 1n]);
    const late = eta + GRACE_PERIOD + 1n;
    expectRefusal(await execute(late), "RotationTooLate", [eta, late]);
    expect((await config()).epoch).toBe(1);
    await undo();
    expect((await execute(eta + GRACE_PERIOD)).ok).toBe(true);
    expect((await laneOf(world, 0)).lastTime).toBe(eta);
  });

  it("refuses what cannot be, atomically", async () => {
    const cases: [Partial<Rotation>, string, readonly unknown[]][] = [
      [{ lanes: [lane(), lane()] }, "LaneNamedTwice", [0]],
      [{ lanes: [lane(), lane({ lane: 1, policy: 0n })] }, "InvalidCommitment", [1, 0n]],
      [{ lanes: [lane({ policy: FIELD_ORDER })] }, "InvalidCommitment", [0, FIELD_ORDER]],
      [{ lanes: [lane({ state: 0n })] }, "InvalidCommitment", [0, 0n]],
      [{ lanes: [lane({ state: FIELD_ORDER })] }, "InvalidCommitment", [0, FIELD_ORDER]],
      [{ maxDelay: 301 }, "MaxDelayTooLong", [301n, 300n]],
      [{ agent: { kind: 0, id: agentKey.id } }, "UnknownAgentKind", [0]],
      [{ agent: { kind: 3, id: agentKey.id } }, "UnknownAgentKind", [3]],
      [{ agent: { kind: 2, id: pad("0x05") } }, "InvalidAgentId", [2, pad("0x05")]],
      [{ agent: { kind: 1, id: zeroHash } }, "InvalidAgentId", [1, zeroHash]],
      [{ agent: { kind: 1, id: pad("0x01", { dir: "right" }) } }, "InvalidAgentId", [1]],
      [{ riskFeed: roles.stranger, riskMaxAge: 60 }, "InvalidRiskFeed", []],
      [{ riskFeed: world.riskFeed.address, riskMaxAge: 0 }, "InvalidRiskFeed", []],
      [{ riskMaxAge: 60 }, "InvalidRiskFeed", []],
    ];
    for (const [changes, name, args] of cases) {
      const undo = await world.chain.snapshot();
      const outcome = await rotate(changes);
      expectRefusal(outcome, name);
      if (!outcome.ok) expect(outcome.refusal.args.slice(0, args.length)).toEqual(args);
      expect((await config()).epoch).toBe(1);
      expect(await laneOf(world, 0)).toMatchObject({ policy: 1_001n, epoch: 1 });
      await undo();
    }
  });

  it("accepts the longest maxDelay, and sets and removes the risk feed", async () => {
    const riskFeed = world.riskFeed.address;
    expect((await rotate({ maxDelay: 300, riskFeed, riskMaxAge: 60 })).ok).toBe(true);
    expect(await config()).toMatchObject({ maxDelay: 300, riskMaxAge: 60 });
    expectRefusal(await submit(world, await signAction(world)), "FeedReverted");
    expect((await rotate({ riskFeed: zeroAddress, riskMaxAge: 0 })).ok).toBe(true);
    expect((await submit(world, await signAction(world))).ok).toBe(true);
  });

  it("leaves pause and open submission as they are, and brings a revoked gate back to life", async () => {
    expect((await govern(world, "setOpenSubmission", [true])).ok).toBe(true);
    expect((await world.chain.transact(roles.guardian, world.gate, "revokeAgent")).ok).toBe(true);
    expect((await world.chain.transact(roles.guardian, world.gate, "pause")).ok).toBe(true);
    expect((await config()).agent).toEqual({ kind: 0, id: zeroHash });
    expectRefusal(await rotate({}), "AgentWasRevoked");
    expect((await rotate({ agent: { kind: 1, id: pad(impostor.address) } })).ok).toBe(true);
    expect(await config()).toMatchObject({
      paused: true,
      openSubmission: true,
      maxDelay: MAX_DELAY,
    });
    expectRefusal(await submit(world, await signAction(world)), "GatePaused");
    expect((await govern(world, "unpause", [])).ok).toBe(true);
    expect((await submit(world, await signAction(world, { signer: impostor }))).ok).toBe(true);
  });

  it("begins the next epoch only, so that none can undo a later one", async () => {
    expectRefusal(await rotate({ epoch: 3 }), "RotationOutOfOrder", [3, 2]);
    expectRefusal(await rotate({ epoch: 1 }), "RotationOutOfOrder", [1, 2]);
    const first = await schedule(world, "rotate", [await rotationOf(world, {})]);
    const lanes = [lane({ lane: 5 })];
    const second = await schedule(world, "rotate", [await rotationOf(world, { lanes })]);
    const later = (await world.chain.now()) + TIMELOCK_DELAY + 10n;
    expect((await second(later)).ok).toBe(true);
    expectRefusal(await first(later + 1n), "RotationOutOfOrder", [2, 3]);
  });
});

describe("the rest of governance", () => {
  it("admits and removes submitters, never the zero address", async () => {
    const from = roles.stranger;
    expect((await govern(world, "setSubmitter", [from, true])).ok).toBe(true);
    expect((await submit(world, await signAction(world, { submitter: from }), { from })).ok).toBe(
      true,
    );
    expect((await govern(world, "setSubmitter", [from, false])).ok).toBe(true);
    expectRefusal(
      await submit(world, await signAction(world, { submitter: from }), { from }),
      "SubmitterNotAllowed",
    );
    expectRefusal(await govern(world, "setSubmitter", [zeroAddress, true]), "InvalidSubmitter");
  });

  it("replaces the guardian", async () => {
    expect((await govern(world, "setGuardian", [roles.stranger])).ok).toBe(true);
    expectRefusal(await world.chain.transact(roles.guardian, world.gate, "pause"), "NotGuardian");
    expect((await world.chain.transact(roles.stranger, world.gate, "pause")).ok).toBe(true);
  });

  it("has a way out that works while paused, clears allowances and never calls the gate itself", async () => {
    const { abi, address: token } = world.token;
    const approve = (amount: bigint) =>
      encodeFunctionData({ abi, functionName: "approve", args: [roles.stranger, amount] });
    expect((await govern(world, "governanceCall", [token, 0n, approve(9n)])).ok).toBe(true);
    expect((await world.chain.transact(roles.guardian, world.gate, "pause")).ok).toBe(true);
    expect((await govern(world, "governanceCall", [token, 0n, approve(0n)])).ok).toBe(true);
    const allowance = [world.gate.address, roles.stranger];
    expect(await world.chain.read(world.token, "allowance", allowance)).toBe(0n);
    expect(
      (await govern(world, "governanceCall", [roles.stranger, parseEther("1"), "0x"])).ok,
    ).toBe(true);
    const pause = encodeFunctionData({ abi: world.gate.abi, functionName: "pause" });
    expectRefusal(
      await govern(world, "governanceCall", [world.gate.address, 0n, pause]),
      "SelfCall",
    );
    expectRefusal(
      await govern(world, "governanceCall", [roles.stranger, 0n, "0x12345678"]),
      "TargetHasNoCode",
    );
    const refuse = encodeFunctionData({
      abi: world.target.abi,
      functionName: "refuse",
      args: [1n],
    });
    expectRefusal(
      await govern(world, "governanceCall", [world.target.address, 0n, refuse]),
      "CallFailed",
    );
  });
});

describe("deployment", () => {
  const verifiers = () => ({
    gate: world.verifiers.gate.address,
    wide: world.verifiers.wide.address,
    quorum: zeroAddress,
  });
  async function deploy(changes: {
    verifiers?: object;
    governance?: string;
    rotation?: Partial<Rotation>;
  }): Promise<Outcome> {
    const eta = await world.chain.now();
    return world.chain.tryDeploy(productionContracts().account, [
      { ...verifiers(), ...changes.verifiers },
      changes.governance ?? world.timelock.address,
      roles.guardian,
      [roles.submitter],
      await rotationOf(world, { epoch: 1, eta, ...changes.rotation }),
    ]);
  }

  it("refuses a governance that is no contract, a verifier without code and a rotation out of time", async () => {
    expectRefusal(await deploy({ governance: roles.stranger }), "GovernanceHasNoCode", [
      roles.stranger,
    ]);
    expectRefusal(await deploy({ verifiers: { wide: roles.stranger } }), "VerifierHasNoCode", [
      roles.stranger,
    ]);
    const eta = (await world.chain.now()) + 100n;
    expectRefusal(await deploy({ rotation: { eta } }), "RotationTooEarly");
    expect((await deploy({})).ok).toBe(true);
  });

  it("keeps no state at genesis", async () => {
    const lanes = [lane({ keepState: true, state: 0n })];
    expectRefusal(await deploy({ rotation: { lanes } }), "CannotKeepState", [0, 0, 0n]);
  });

  it("shows its circuits", async () => {
    const circuitOf = async (id: number) => {
      const [verifier, words] = await world.chain.read<[Address, bigint]>(world.gate, "circuitOf", [
        id,
      ]);
      return [verifier.toLowerCase(), words];
    };
    expect(await circuitOf(1)).toEqual([world.verifiers.gate.address, 8n]);
    expect(await circuitOf(2)).toEqual([world.verifiers.wide.address, 32n]);
    expect(await circuitOf(3)).toEqual([zeroAddress, 32n]);
    expect(await circuitOf(4)).toEqual([zeroAddress, 0n]);
  });

  it("leaves room below the limit on a contract's size", async () => {
    const code = await world.chain.client.getCode({ address: world.gate.address });
    expect(((code?.length ?? 2) - 2) / 2).toBeLessThan(24_576);
  });
});

describe("holding assets", () => {
  it("receives ETH, ERC-721 and ERC-1155, and says which interfaces it has", async () => {
    const { chain, gate } = world;
    const before = await chain.client.getBalance({ address: gate.address });
    await chain.mustSend({ from: roles.stranger, to: gate.address, value: 5n }, gate.abi);
    expect(await chain.client.getBalance({ address: gate.address })).toBe(before + 5n);

    const nft = await chain.deploy(compiled("test/TestCollectibles", "TestNft"));
    expect((await chain.transact(roles.stranger, nft, "mint", [gate.address, 1n])).ok).toBe(true);
    const multi = await chain.deploy(compiled("test/TestCollectibles", "TestMultiToken"));
    expect((await chain.transact(roles.stranger, multi, "mint", [gate.address, 1n, 4n])).ok).toBe(
      true,
    );

    const supports = (id: string) => chain.read<boolean>(gate, "supportsInterface", [id]);
    expect(await supports("0x01ffc9a7")).toBe(true); // ERC-165
    expect(await supports("0x150b7a02")).toBe(true); // ERC-721 receiver
    expect(await supports("0x4e2312e0")).toBe(true); // ERC-1155 receiver
    expect(await supports("0x1626ba7e")).toBe(false); // ERC-1271: the gate signs nothing
    expect(await supports("0xffffffff")).toBe(false);
  });
});
