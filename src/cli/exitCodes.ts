import { BaseError } from "../errors/base.ts";

/** What the process ends with; scripts may rely on these numbers. */
export const exitCodes = {
  /** Everything went as asked. */
  ok: 0,
  /** Something failed that has no number of its own. */
  error: 1,
  /** The command line, the workspace or an input file is not usable as given. */
  usage: 2,
  /** The policy denies the action. */
  denied: 3,
  /** The chain refused: a contract reverted, or a transaction failed. */
  refused: 4,
  /** An artifact, the trusted setup or the health check failed. */
  setup: 5,
  /** A key or sealed file cannot be opened: wrong passphrase, damaged or missing. */
  key: 6,
  /** The lane is busy: another action can still land, another process holds it, the node lags. Try later. */
  busy: 7,
  /** Ctrl-C at a prompt, as shells number SIGINT. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The text of `--help` for the exit codes. */
export const exitCodesHelp = `
Exit codes:
  0  done
  1  error
  2  bad usage: command line, workspace or input file
  3  denied by the policy
  4  refused on-chain
  5  artifact, setup or health check failed
  6  a key or sealed file cannot be opened
  7  the lane is busy, or the node is behind: try later
  130  interrupted at a prompt`;

const codesByError: Readonly<Record<string, ExitCode>> = {
  UsageError: exitCodes.usage,
  WorkspaceError: exitCodes.usage,
  ServeConfigError: exitCodes.usage,
  TokenFileError: exitCodes.usage,
  TlsFileError: exitCodes.usage,
  TokenNameError: exitCodes.usage,
  InputFileError: exitCodes.usage,
  FileExistsError: exitCodes.usage,
  WeakPassphraseError: exitCodes.usage,
  InvalidPrivateKeyError: exitCodes.usage,
  WrongChainError: exitCodes.usage,
  PolicyError: exitCodes.usage,
  MalformedPolicyError: exitCodes.usage,
  InterruptedError: exitCodes.interrupted,
  DeniedError: exitCodes.denied,
  GateNotReadyError: exitCodes.refused,
  CallRefusedError: exitCodes.refused,
  JournalNotEmptyError: exitCodes.usage,
  InvalidCheckpointError: exitCodes.usage,
  UnfundedAccountError: exitCodes.refused,
  RevokedAgentError: exitCodes.refused,
  ServiceAnswerError: exitCodes.refused,
  DeploymentFailedError: exitCodes.refused,
  ActionMissingError: exitCodes.refused,
  LaneBusyError: exitCodes.busy,
  LaneLockedError: exitCodes.busy,
  LaneServedError: exitCodes.busy,
  LaneBoundError: exitCodes.usage,
  StaleChainError: exitCodes.busy,
  InvalidSetupFileError: exitCodes.setup,
  InsecureSetupError: exitCodes.setup,
  ArtifactMismatchError: exitCodes.setup,
  DevelopmentKeysError: exitCodes.setup,
  AuditLogError: exitCodes.setup,
  InvalidAuditEntryError: exitCodes.setup,
  JournalDamagedError: exitCodes.setup,
  JournalSetBackError: exitCodes.setup,
  TokenKeyExistsError: exitCodes.usage,
  QuorumMissingError: exitCodes.refused,
  NodeTransportError: exitCodes.refused,
  FrostAbortError: exitCodes.refused,
  InvalidFrostDataError: exitCodes.usage,
  Pkcs11MissingError: exitCodes.key,
  Pkcs11ModuleError: exitCodes.key,
  TokenNotFoundError: exitCodes.key,
  TokenKeyNotFoundError: exitCodes.key,
  UnfitTokenKeyError: exitCodes.key,
  WrongPinError: exitCodes.key,
  PinLockedError: exitCodes.key,
  TokenLostError: exitCodes.key,
  TokenRefusedError: exitCodes.key,
  TokenSignatureError: exitCodes.key,
  KeyFileError: exitCodes.key,
  WrongPassphraseError: exitCodes.key,
  InvalidKeystoreError: exitCodes.key,
  UnsupportedKeystoreError: exitCodes.key,
  KeystoreAddressMismatchError: exitCodes.key,
  InvalidSealedFileError: exitCodes.key,
  WrongIdentityError: exitCodes.key,
  InvalidBackupError: exitCodes.key,
};

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof BaseError
    ? (codesByError[error.name] ?? exitCodes.error)
    : exitCodes.error;
}
