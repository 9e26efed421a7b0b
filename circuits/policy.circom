// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.1.6;

include "./lib/context.circom";
include "./lib/leaf.circom";
include "./lib/merklePath.circom";
include "./lib/policyCommitment.circom";
include "./lib/stateCommitment.circom";
include "./rules/amount.circom";
include "./rules/call.circom";
include "./rules/charges.circom";
include "./rules/conditions.circom";
include "./rules/cooldown.circom";
include "./rules/priceBand.circom";
include "./rules/priceFeed.circom";
include "./rules/quorum.circom";
include "./rules/regime.circom";
include "./rules/schedule.circom";
include "./rules/target.circom";

/**
 * The statement of docs/PROTOCOL.md §7: a rule of the committed policy allows this action in this state, at
 * this time and in this regime, and stateNew is the state after it. One policy format for every circuit:
 * WORDS calldata words are readable, TIER 0 proves what the agent may do alone.
 *
 * Inputs of the witness calculator, all field elements:
 *
 *   contextCommitment, challenge, fingerprint      public: c, z, y
 *   header[14]                                     context vector, elements 0 … 13 (§2)
 *   words[WORDS][2]                                calldata words: [high, low]
 *   rule[31]                                       the leaf's elements (§4)
 *   pathBits[4][2]                                 from the leaves up: the index's base-4 digit, low bit first
 *   pathChildren[4][4]                             from the leaves up: all four children of the node
 *   keysHash, capacity[4], refill[4],
 *   elevatedAbove, stressedAbove,
 *   elevatedBps, stressedBps, policySalt           the policy's elements (§5); rulesRoot comes from the path
 *   packed[4]                                      level + 2^200·last of each budget before the action (§6)
 *   saltOld, saltNew                               salts of the old and the new state
 *
 * @requires the gate computed the public inputs and enforced the bounds of §2; the policy's author kept the
 *           bounds of §4 and §5; packed is a state that this circuit wrote, or a lane's first state (§6)
 * @ensures  the statement; the new budgets again have level < 2^160, last < 2^34
 */
template Mandate(WORDS, TIER) {
    var DEPTH = 4;
    var BUDGETS = 4;
    // PUBLIC
    signal input contextCommitment;
    signal input challenge;
    signal input fingerprint;
    // PRIVATE
    signal input header[14];
    signal input words[WORDS][2];
    signal input rule[31];
    signal input pathBits[DEPTH][2];
    signal input pathChildren[DEPTH][4];
    signal input keysHash;
    signal input capacity[BUDGETS];
    signal input refill[BUDGETS];
    signal input elevatedAbove;
    signal input stressedAbove;
    signal input elevatedBps;
    signal input stressedBps;
    signal input policySalt;
    signal input packed[BUDGETS];
    signal input saltOld;
    signal input saltNew;

    // 1. The context is the gate's.
    component context = Context(WORDS);
    context.commitment <== contextCommitment;
    context.challenge <== challenge;
    context.fingerprint <== fingerprint;
    context.header <== header;
    context.words <== words;

    // 2. The rule is in the tree, the tree in the policy, the policy is the lane's; the state is the lane's.
    component leaf = Leaf();
    leaf.rule <== rule;

    component path = MerklePath(DEPTH);
    path.leaf <== leaf.leaf;
    path.pathBits <== pathBits;
    path.pathChildren <== pathChildren;

    component policy = PolicyCommitment();
    policy.commitment <== context.policy;
    policy.rulesRoot <== path.root;
    policy.keysHash <== keysHash;
    policy.capacity <== capacity;
    policy.refill <== refill;
    policy.elevatedAbove <== elevatedAbove;
    policy.stressedAbove <== stressedAbove;
    policy.elevatedBps <== elevatedBps;
    policy.stressedBps <== stressedBps;
    policy.salt <== policySalt;

    component stateOld = StateCommitment();
    stateOld.commitment <== context.stateOld;
    stateOld.packed <== packed;
    stateOld.salt <== saltOld;

    // 3. The restrictions.
    component regime = Regime();
    regime.risk <== context.riskAnswer;
    regime.elevatedAbove <== elevatedAbove;
    regime.stressedAbove <== stressedAbove;
    regime.elevatedBps <== elevatedBps;
    regime.stressedBps <== stressedBps;

    component target = Target();
    target.chainId <== context.chainId;
    target.target <== context.target;
    target.ruleChainId <== leaf.chainId;
    target.targetLo <== leaf.targetLo;
    target.targetHi <== leaf.targetHi;

    component call = Call();
    call.selector <== context.selector;
    call.dataLength <== context.dataLength;
    call.ruleSelector <== leaf.selector;
    call.dataLengthMin <== leaf.dataLengthMin;
    call.dataLengthMax <== leaf.dataLengthMax;

    component amount = Amount(WORDS);
    amount.value <== context.value;
    amount.words <== words;
    amount.word <== leaf.amountWord;
    amount.fromValue <== leaf.amountFromValue;
    amount.limit <== TIER == 0 ? leaf.limitAgent : leaf.limitQuorum;
    amount.scales <== leaf.scales;
    amount.bps <== regime.bps;

    component conditions = Conditions(WORDS);
    conditions.gate <== context.gate;
    conditions.words <== words;
    conditions.word <== leaf.conditionWord;
    conditions.eq <== leaf.conditionEq;
    conditions.self <== leaf.conditionSelf;
    conditions.le <== leaf.conditionLe;
    conditions.ge <== leaf.conditionGe;
    conditions.operands <== leaf.operands;

    component priceFeed = PriceFeed();
    priceFeed.time <== context.time;
    priceFeed.priceFeed <== context.priceFeed;
    priceFeed.priceUpdatedAt <== context.priceUpdatedAt;
    priceFeed.ruleFeed <== leaf.priceFeed;
    priceFeed.priceMaxAge <== leaf.priceMaxAge;

    component priceBand = PriceBand(WORDS);
    priceBand.amount <== amount.amount;
    priceBand.price <== context.priceAnswer;
    priceBand.words <== words;
    priceBand.word <== leaf.minOutWord;
    priceBand.sell <== leaf.bandSell;
    priceBand.buy <== leaf.bandBuy;
    priceBand.bandPriced <== leaf.bandPriced;
    priceBand.bandUnpriced <== leaf.bandUnpriced;

    component schedule = Schedule();
    schedule.time <== context.time;
    schedule.validFrom <== leaf.validFrom;
    schedule.validUntil <== leaf.validUntil;
    schedule.hoursStart <== leaf.hoursStart;
    schedule.hoursEnd <== leaf.hoursEnd;
    schedule.days <== leaf.days;

    component charges = Charges();
    charges.time <== context.time;
    charges.amount <== amount.amount;
    charges.price <== context.priceAnswer;
    charges.bps <== regime.bps;
    charges.budget <== leaf.chargeBudget;
    charges.givesBack <== leaf.chargeGivesBack;
    charges.factors <== leaf.factors;
    charges.capacity <== capacity;
    charges.refill <== refill;
    charges.packed <== packed;

    component cooldown = Cooldown();
    cooldown.elapsed <== charges.elapsed;
    cooldown.cooldown <== leaf.cooldown;

    component quorum = Quorum(TIER);
    quorum.regime[0] <== regime.calm;
    quorum.regime[1] <== regime.elevated;
    quorum.regime[2] <== regime.stressed;
    quorum.required <== leaf.quorum;

    // 4. The new state.
    component stateNew = StateCommitment();
    stateNew.commitment <== context.stateNew;
    stateNew.packed <== charges.next;
    stateNew.salt <== saltNew;
}
