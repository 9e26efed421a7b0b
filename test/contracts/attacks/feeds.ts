import { type ActionRequest, signAction, submit } from "../support/action.ts";
import { firstRound, RISK_MAX_AGE, roles, type World } from "../support/world.ts";
import { type Attack, mustExecute, mustRefuse, refused } from "./expect.ts";

const setRound = (
  world: World,
  feed: "priceFeed" | "riskFeed",
  round: bigint,
  answer: bigint,
  at: bigint,
) => world.chain.transact(roles.deployer, world[feed], "set", [round, answer, at]);

const failFeed = (world: World, feed: "priceFeed" | "riskFeed", fault: number) =>
  world.chain.transact(roles.deployer, world[feed], "fail", [fault]);

const hideRound = (world: World, feed: "priceFeed" | "riskFeed", round: bigint) =>
  world.chain.transact(roles.deployer, world[feed], "hide", [round]);

const successorRound = firstRound.round + 1n;

/** An action that uses a feed's first round. */
export const feedRequest = (world: World, feed: "priceFeed" | "riskFeed"): ActionRequest =>
  feed === "priceFeed"
    ? { priceFeed: world.priceFeed.address, priceRound: firstRound.round }
    : { riskRound: firstRound.round };

/** What both feeds must be held to. */
export function feedAttacks(feed: "priceFeed" | "riskFeed"): Attack[] {
  const riskFeed = feed === "riskFeed";
  const attack = (name: string, run: Attack["run"]): Attack => ({
    name: `${feed}: ${name}`,
    riskFeed,
    run,
  });
  const submitWithFeed = async (world: World, change: ActionRequest = {}) =>
    submit(world, await signAction(world, { ...feedRequest(world, feed), ...change }));
  return [
    attack("the current round is accepted", async (world) => {
      mustExecute(await submitWithFeed(world));
    }),
    attack("a round that was current at the time is accepted after the next one", async (world) => {
      const action = await signAction(world, feedRequest(world, feed));
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer, now + 1n);
      mustExecute(await submit(world, action));
    }),
    attack("a round that the next one replaced at the time is refused", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer, now);
      mustRefuse(await submitWithFeed(world, { time: now }), "FeedRoundNotCurrent");
    }),
    attack("the calmer, older round is refused", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer * 2n, now - 50n);
      mustRefuse(await submitWithFeed(world), "FeedRoundNotCurrent");
    }),
    attack("a round replaced before the time is refused, whatever came after it", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer, now - 50n);
      await setRound(world, feed, successorRound + 1n, firstRound.answer, now + 1n);
      mustRefuse(await submitWithFeed(world, { time: now }), "FeedRoundNotCurrent");
    }),
    attack("a round without successor that is not the latest is refused", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer, now - 50n);
      await setRound(world, feed, successorRound + 1n, firstRound.answer, now - 40n);
      await hideRound(world, feed, successorRound);
      mustRefuse(await submitWithFeed(world), "FeedReverted");
    }),
    attack("a round that does not exist yet is refused", async (world) => {
      const change = riskFeed ? { riskRound: successorRound } : { priceRound: successorRound };
      mustRefuse(await submitWithFeed(world, change), "FeedRoundNotCurrent");
    }),
    attack("a round of a past phase, whose aggregator goes on, is refused", async (world) => {
      const now = await world.chain.now();
      const newPhase = firstRound.round + (1n << 64n);
      await setRound(world, feed, newPhase, firstRound.answer, now - 50n);
      // Nothing after `time` replaces it within its own phase.
      await setRound(world, feed, successorRound, firstRound.answer, now + 1n);
      mustRefuse(await submitWithFeed(world, { time: now }), "FeedRoundNotCurrent");
    }),
    attack("a round after the time is refused", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, firstRound.round, firstRound.answer, now);
      mustRefuse(await submitWithFeed(world, { time: now - 1n }), "FeedRoundNotYetKnown");
    }),
    attack("a latest round without a date is refused", async (world) => {
      await setRound(world, feed, firstRound.round, firstRound.answer, 0n);
      mustRefuse(await submitWithFeed(world), "FeedRoundNotYetKnown");
    }),
    ...[0n, -1n, 1n << 80n].map((answer) =>
      attack(`the answer ${answer} is refused`, async (world) => {
        const now = await world.chain.now();
        await setRound(world, feed, firstRound.round, answer, now - 10n);
        mustRefuse(
          await submitWithFeed(world),
          "FeedAnswerOutOfRange",
          world[feed].address,
          answer,
        );
      }),
    ),
    attack("the largest answer is accepted", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, firstRound.round, (1n << 80n) - 1n, now - 10n);
      mustExecute(await submitWithFeed(world));
    }),
    attack("a feed that reverts is refused", async (world) => {
      await failFeed(world, feed, 1);
      mustRefuse(await submitWithFeed(world), "FeedReverted", world[feed].address);
    }),
    attack("a feed that returns too little is refused", async (world) => {
      await failFeed(world, feed, 2);
      mustRefuse(await submitWithFeed(world), "FeedReturnedShortData", world[feed].address, 128n);
    }),
    attack("a feed that returns another round is refused", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer, now + 1n);
      await failFeed(world, feed, 3);
      mustRefuse(await submitWithFeed(world, { time: now }), "FeedReturnedOtherRound");
    }),
    attack("the answer is the gate's reading and not the prover's claim", async (world) => {
      const claims = riskFeed ? { riskAnswer: 1n } : { priceAnswer: 1n };
      mustRefuse(await submitWithFeed(world, { claims }), "InvalidSignature");
    }),
  ];
}

export const riskAttacks: Attack[] = [
  {
    name: "riskFeed: an answer below the latest is refused",
    riskFeed: true,
    async run(world) {
      const action = await signAction(world, { riskRound: firstRound.round });
      const now = await world.chain.now();
      await setRound(world, "riskFeed", successorRound, firstRound.answer + 1n, now + 1n);
      mustRefuse(
        await submit(world, action),
        "RiskAnswerBelowLatest",
        firstRound.answer,
        firstRound.answer + 1n,
      );
    },
  },
  {
    name: "riskFeed: a latest answer that makes no sense is refused",
    riskFeed: true,
    async run(world) {
      const action = await signAction(world, { riskRound: firstRound.round });
      const now = await world.chain.now();
      await setRound(world, "riskFeed", successorRound, -1n, now + 1n);
      mustRefuse(await submit(world, action), "FeedAnswerOutOfRange", world.riskFeed.address, -1n);
    },
  },
  {
    name: "riskFeed: an answer older than the maximum age is refused",
    riskFeed: true,
    async run(world) {
      const updatedAt = (await world.chain.now()) - 10n;
      await setRound(world, "riskFeed", firstRound.round, firstRound.answer, updatedAt);
      const last = updatedAt + BigInt(RISK_MAX_AGE);
      const action = await signAction(world, {
        riskRound: firstRound.round,
        time: last - 5n,
        deadline: last + 5n,
      });
      const restore = await world.chain.snapshot();
      mustRefuse(
        await submit(world, action, { timestamp: last + 1n }),
        "RiskAnswerStale",
        updatedAt,
      );
      await restore();
      mustExecute(await submit(world, action, { timestamp: last }));
    },
  },
  {
    name: "riskFeed: naming no round is refused",
    riskFeed: true,
    run: refused({ riskRound: 0n }, "FeedReverted"),
  },
];
