import { zeroAddress } from "viem";
import { signAction, submit } from "../support/action.ts";
import { govern, impostor, roles } from "../support/world.ts";
import { type Attack, altered, mustExecute, mustRefuse, refused, withProof } from "./expect.ts";
import { highS } from "./malleation.ts";

export const authorityAttacks: Attack[] = [
  {
    name: "a front-run from another sender is refused",
    async run(world) {
      const outcome = await submit(world, await signAction(world), { from: roles.stranger });
      mustRefuse(outcome, "WrongSubmitter", roles.submitter, roles.stranger);
    },
  },
  {
    name: "a submitter that is not on the list is refused, even if the agent's key names it",
    async run(world) {
      const action = await signAction(world, { submitter: roles.stranger });
      mustRefuse(
        await submit(world, action, { from: roles.stranger }),
        "SubmitterNotAllowed",
        roles.stranger,
      );
    },
  },
  {
    name: "a submitter that governance removed is refused",
    async run(world) {
      mustExecute(await submit(world, await signAction(world)));
      mustExecute(await govern(world, "setSubmitter", [roles.submitter, false]));
      mustRefuse(
        await submit(world, await signAction(world)),
        "SubmitterNotAllowed",
        roles.submitter,
      );
      mustExecute(await govern(world, "setSubmitter", [roles.submitter, true]));
      mustExecute(await submit(world, await signAction(world)));
    },
  },
  {
    name: "every submitter on the list may submit",
    async run(world) {
      const from = roles.stranger;
      mustExecute(await govern(world, "setSubmitter", [from, true]));
      mustExecute(await submit(world, await signAction(world, { submitter: from }), { from }));
      mustExecute(await submit(world, await signAction(world)));
    },
  },
  {
    name: "another submitter than the signed one is refused",
    async run(world) {
      // Both are on the list.
      const action = await signAction(world, { submitter: world.target.address });
      const other = withProof({ submitter: roles.submitter })(action);
      mustRefuse(await submit(world, other), "InvalidSignature");
    },
  },
  {
    name: "an action for anyone is refused unless governance allows that",
    async run(world) {
      const request = { submitter: zeroAddress } as const;
      const closed = await signAction(world, request);
      mustRefuse(await submit(world, closed, { from: roles.stranger }), "OpenSubmissionNotAllowed");
      mustExecute(await govern(world, "setOpenSubmission", [true]));
      const open = await signAction(world, request);
      mustExecute(await submit(world, open, { from: roles.stranger }));
    },
  },
  {
    name: "an impostor's signature is refused",
    run: refused({ signer: impostor }, "InvalidSignature", impostor.address),
  },
  {
    name: "a signature with high s is refused",
    run: altered(
      (action) => ({ ...action, signature: highS(action.signature) }),
      "InvalidSignature",
    ),
  },
  ...(["0x", `0x${"00".repeat(65)}`, `0x${"ff".repeat(65)}`, `0x${"11".repeat(64)}`] as const).map(
    (signature) => ({
      name: `the signature ${signature.slice(0, 6)}… of ${(signature.length - 2) / 2} bytes is refused`,
      run: altered((action) => ({ ...action, signature }), "InvalidSignature", zeroAddress),
    }),
  ),
  {
    name: "a revoked agent key is refused",
    async run(world) {
      mustExecute(await world.chain.transact(roles.guardian, world.gate, "revokeAgent"));
      mustRefuse(await submit(world, await signAction(world)), "NoAgent", 0);
    },
  },
  {
    name: "a signature that recovers to nobody is refused where the key is revoked",
    async run(world) {
      mustExecute(await world.chain.transact(roles.guardian, world.gate, "revokeAgent"));
      const action = await signAction(world);
      mustRefuse(
        await submit(world, { ...action, signature: `0x${"00".repeat(65)}` }),
        "NoAgent",
        0,
      );
    },
  },
  {
    name: "nothing executes while paused",
    async run(world) {
      mustExecute(await world.chain.transact(roles.guardian, world.gate, "pause"));
      mustRefuse(await submit(world, await signAction(world)), "GatePaused");
      mustExecute(await govern(world, "unpause", []));
      mustExecute(await submit(world, await signAction(world)));
    },
  },
];
