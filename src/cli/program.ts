import { readFileSync } from "node:fs";
import { Command } from "commander";
import { exitCodesHelp } from "./exitCodes.ts";

const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { version: string };

interface CommandEntry {
  name: string;
  summary: string;
  /** Commands are modules of their own, loaded when they are called: a command line has to start at once. */
  load: () => Promise<Command>;
}

interface CommandGroup {
  name: string;
  description: string;
  commands: readonly CommandEntry[];
}

const entries: readonly (CommandEntry | CommandGroup)[] = [
  {
    name: "init",
    summary: "make a workspace: a configuration and an example policy",
    load: async () => (await import("./commands/init.ts")).initCommand(),
  },
  {
    name: "keys",
    description: "keys in encrypted keystores",
    commands: [
      {
        name: "new",
        summary: "make a fresh key in an encrypted keystore",
        load: async () => (await import("./commands/keysNew.ts")).keysNewCommand(),
      },
      {
        name: "import",
        summary: "encrypt an existing private key into a keystore",
        load: async () => (await import("./commands/keysImport.ts")).keysImportCommand(),
      },
      {
        name: "show",
        summary: "show a keystore's address and its form on-chain",
        load: async () => (await import("./commands/keysShow.ts")).keysShowCommand(),
      },
    ],
  },
  {
    name: "policy",
    description: "the hidden limits; everything here stays with the desk",
    commands: [
      {
        name: "check",
        summary: "check a policy, or whether it allows an action",
        load: async () => (await import("./commands/policyCheck.ts")).policyCheckCommand(),
      },
      {
        name: "explain",
        summary: "explain a policy, or what each rule says of an action",
        load: async () => (await import("./commands/policyExplain.ts")).policyExplainCommand(),
      },
      {
        name: "compile",
        summary: "compile a policy and report what it allows in 24 h",
        load: async () => (await import("./commands/policyCompile.ts")).policyCompileCommand(),
      },
      {
        name: "commit",
        summary: "commit to a policy; seal what opens the commitment",
        load: async () => (await import("./commands/policyCommit.ts")).policyCommitCommand(),
      },
    ],
  },
  {
    name: "setup",
    description: "the circuits' trusted setup",
    commands: [
      {
        name: "verify",
        summary: "check that nobody can forge proofs under the installed keys",
        load: async () => (await import("./commands/setupVerify.ts")).setupVerifyCommand(),
      },
      {
        name: "dev",
        summary: "make a development key for a circuit, in seconds",
        load: async () => (await import("./commands/setupDev.ts")).setupDevCommand(),
      },
      {
        name: "import-ptau",
        summary: "install a public phase-1 file, by its published hash",
        load: async () => (await import("./commands/setupImportPtau.ts")).setupImportPtauCommand(),
      },
    ],
  },
  {
    name: "prove",
    summary: "prove and sign an action, without sending it",
    load: async () => (await import("./commands/prove.ts")).proveCommand(),
  },
  {
    name: "verify",
    summary: "check a proven and signed call",
    load: async () => (await import("./commands/verify.ts")).verifyCommand(),
  },
  {
    name: "gate",
    description: "the contract that holds the assets",
    commands: [
      {
        name: "deploy",
        summary: "deploy verifiers, timelock and gate, with the first epoch",
        load: async () => (await import("./commands/gateDeploy.ts")).gateDeployCommand(),
      },
      {
        name: "send",
        summary: "prove, sign and send an action",
        load: async () => (await import("./commands/gateSend.ts")).gateSendCommand(),
      },
      {
        name: "status",
        summary: "show what stands on-chain",
        load: async () => (await import("./commands/gateStatus.ts")).gateStatusCommand(),
      },
      {
        name: "rotate",
        summary: "announce a new policy, agent key or risk feed (timelock)",
        load: async () => (await import("./commands/gateRotate.ts")).gateRotateCommand(),
      },
      {
        name: "pause",
        summary: "stop all actions at once (guardian)",
        load: async () => (await import("./commands/gatePause.ts")).gatePauseCommand(),
      },
      {
        name: "unpause",
        summary: "announce that actions may go on (timelock)",
        load: async () => (await import("./commands/gateUnpause.ts")).gateUnpauseCommand(),
      },
      {
        name: "revoke",
        summary: "revoke the agent key at once (guardian)",
        load: async () => (await import("./commands/gateRevoke.ts")).gateRevokeCommand(),
      },
      {
        name: "exit",
        summary: "announce the way out: any call from the gate (timelock)",
        load: async () => (await import("./commands/gateExit.ts")).gateExitCommand(),
      },
      {
        name: "cancel",
        summary: "take an announced change back (timelock)",
        load: async () => (await import("./commands/gateCancel.ts")).gateCancelCommand(),
      },
      {
        name: "execute",
        summary: "make an announced change once its delay is over (timelock)",
        load: async () => (await import("./commands/gateExecute.ts")).gateExecuteCommand(),
      },
    ],
  },
  {
    name: "state",
    description: "the hidden state of a lane's budgets",
    commands: [
      {
        name: "recover",
        summary: "rebuild a lane's hidden state from its secret and the chain",
        load: async () => (await import("./commands/stateRecover.ts")).stateRecoverCommand(),
      },
    ],
  },
  {
    name: "serve",
    summary: "run the signer as a service",
    load: async () => (await import("./commands/serve.ts")).serveCommand(),
  },
  {
    name: "service",
    description: "the signer as a service",
    commands: [
      {
        name: "init",
        summary: "write a configuration and make the journal's identity",
        load: async () => (await import("./commands/serviceInit.ts")).serviceInitCommand(),
      },
      {
        name: "status",
        summary: "show what a running service works on",
        load: async () => (await import("./commands/serviceStatus.ts")).serviceStatusCommand(),
      },
      {
        name: "pause",
        summary: "stop signing at once (operator)",
        load: async () => (await import("./commands/servicePause.ts")).servicePauseCommand(),
      },
      {
        name: "resume",
        summary: "let signing go on (operator)",
        load: async () => (await import("./commands/serviceResume.ts")).serviceResumeCommand(),
      },
      {
        name: "reload",
        summary: "read tokens, certificate and mandates anew (operator)",
        load: async () => (await import("./commands/serviceReload.ts")).serviceReloadCommand(),
      },
      {
        name: "backup",
        summary: "write the journal into one encrypted file",
        load: async () => (await import("./commands/serviceBackup.ts")).serviceBackupCommand(),
      },
      {
        name: "restore",
        summary: "restore a backup into an empty journal",
        load: async () => (await import("./commands/serviceRestore.ts")).serviceRestoreCommand(),
      },
      {
        name: "adopt",
        summary: "let this journal go on with lanes that another signed for",
        load: async () => (await import("./commands/serviceAdopt.ts")).serviceAdoptCommand(),
      },
    ],
  },
  {
    name: "node",
    description: "one node of a group that signs together",
    commands: [
      {
        name: "init",
        summary: "make a node's folder",
        load: async () => (await import("./commands/nodeInit.ts")).nodeInitCommand(),
      },
      {
        name: "dkg",
        summary: "make a group's key together with the other nodes",
        load: async () => (await import("./commands/nodeCeremony.ts")).nodeDkgCommand(),
      },
      {
        name: "refresh",
        summary: "make new shares of the same key",
        load: async () => (await import("./commands/nodeCeremony.ts")).nodeRefreshCommand(),
      },
      {
        name: "split",
        summary: "split a key that exists into sealed shares",
        load: async () => (await import("./commands/nodeSplit.ts")).nodeSplitCommand(),
      },
      {
        name: "mandate",
        summary: "seal a copy of the lane's policy to a node (desk)",
        load: async () => (await import("./commands/nodeMandate.ts")).nodeMandateCommand(),
      },
      {
        name: "serve",
        summary: "run the node",
        load: async () => (await import("./commands/nodeServe.ts")).nodeServeCommand(),
      },
      {
        name: "status",
        summary: "show the node's group and which nodes answer",
        load: async () => (await import("./commands/nodeStatus.ts")).nodeStatusCommand(),
      },
    ],
  },
  {
    name: "audit",
    description: "the service's audit log",
    commands: [
      {
        name: "export",
        summary: "write the audit log, with a checkpoint",
        load: async () => (await import("./commands/auditExport.ts")).auditExportCommand(),
      },
      {
        name: "verify",
        summary: "check that an audit log is what was written",
        load: async () => (await import("./commands/auditVerify.ts")).auditVerifyCommand(),
      },
    ],
  },
  {
    name: "token",
    description: "who may call the service",
    commands: [
      {
        name: "new",
        summary: "make a bearer token; it is shown once",
        load: async () => (await import("./commands/tokenNew.ts")).tokenNewCommand(),
      },
      {
        name: "list",
        summary: "list the tokens and what each may do",
        load: async () => (await import("./commands/tokenList.ts")).tokenListCommand(),
      },
      {
        name: "revoke",
        summary: "shut a client out, within a second",
        load: async () => (await import("./commands/tokenRevoke.ts")).tokenRevokeCommand(),
      },
    ],
  },
  {
    name: "doctor",
    summary: "check that everything fits together",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand(),
  },
  {
    name: "demo",
    summary: "play the whole story on a local chain",
    load: async () => (await import("./commands/demo.ts")).demoCommand(),
  },
  {
    name: "bench",
    summary: "measure time, memory and gas on this machine",
    load: async () => (await import("./commands/bench.ts")).benchCommand(),
  },
];

/**
 * The command line. Commands whose names are not among `words` are only listed, not loaded.
 *
 * @param words the command line's arguments; everything is loaded without them
 */
export async function createProgram(words?: readonly string[]): Promise<Command> {
  const program = new Command("zkmandate")
    .description("Hidden trading mandates, proven before each signature and enforced on-chain.")
    .version(version)
    .option("--json", "print one JSON object on stdout, for machines")
    .option("--debug", "print the stack of an error")
    .option("-w, --workspace <folder>", "folder with zkmandate.yaml", ".")
    .addHelpText("after", exitCodesHelp);
  for (const entry of entries) {
    program.addCommand("load" in entry ? await one(entry, words) : await many(entry, words));
  }
  return prepared(program);
}

async function one(
  { name, summary, load }: CommandEntry,
  words: readonly string[] | undefined,
): Promise<Command> {
  const called = words === undefined || words.includes(name);
  return called ? (await load()).summary(summary) : new Command(name).description(summary);
}

async function many(
  { name, description, commands }: CommandGroup,
  words: readonly string[] | undefined,
): Promise<Command> {
  const command = new Command(name).description(description);
  const called = words === undefined || words.includes(name) ? words : [];
  for (const entry of commands) command.addCommand(await one(entry, called));
  return command;
}

/** How a command is called, such as "zkmandate gate send". */
function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

/** Commander then throws what `main` prints and numbers, and every help shows the global options. */
function prepared(command: Command): Command {
  command
    .exitOverride((error) => {
      throw Object.assign(error, { command: pathOf(command) });
    })
    .configureOutput({ outputError: () => {} })
    .configureHelp({ showGlobalOptions: true });
  for (const subcommand of command.commands) prepared(subcommand);
  return command;
}
