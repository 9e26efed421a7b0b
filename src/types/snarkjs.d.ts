/** The part of snarkjs that zkmandate uses; the package ships no types. */
declare module "snarkjs" {
  import type { Curve } from "ffjavascript";

  /** A path, the bytes themselves, or a memory file that snarkjs reads or fills. */
  export type File =
    | string
    | Uint8Array
    | { type: "mem"; data?: Uint8Array; initialSize?: number }
    | { type: "bigMem"; data?: Uint8Array; initialSize?: number };

  export interface Logger {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
  }

  /** Projective points with decimal coordinates; the last coordinate of each is 1 (or 1, 0). */
  export interface Groth16Proof {
    pi_a: [string, string, string];
    pi_b: [[string, string], [string, string], [string, string]];
    pi_c: [string, string, string];
    protocol: "groth16";
    curve: "bn128";
  }

  export interface VerificationKey {
    protocol: "groth16";
    curve: "bn128";
    nPublic: number;
    vk_alpha_1: [string, string, string];
    vk_beta_2: [[string, string], [string, string], [string, string]];
    vk_gamma_2: [[string, string], [string, string], [string, string]];
    vk_delta_2: [[string, string], [string, string], [string, string]];
    vk_alphabeta_12: unknown;
    IC: [string, string, string][];
  }

  /** Circuit inputs by signal name. */
  export type CircuitInputs = Record<string, unknown>;

  export interface ProverOptions {
    /** Runs on this thread, so that no worker outlives the proof. */
    singleThread?: boolean;
  }

  export const groth16: {
    prove(
      zkey: File,
      witness: File,
      logger?: Logger,
      options?: ProverOptions,
    ): Promise<{ proof: Groth16Proof; publicSignals: string[] }>;
    fullProve(
      inputs: CircuitInputs,
      wasm: File,
      zkey: File,
      logger?: Logger,
      witnessOptions?: object,
      proverOptions?: ProverOptions,
    ): Promise<{ proof: Groth16Proof; publicSignals: string[] }>;
    verify(
      verificationKey: VerificationKey,
      publicSignals: readonly (string | bigint)[],
      proof: Groth16Proof,
      logger?: Logger,
    ): Promise<boolean>;
  };

  export const wtns: {
    calculate(inputs: CircuitInputs, wasm: File, witness: File, options?: object): Promise<void>;
    check(r1cs: File, witness: File, logger?: Logger): Promise<boolean>;
    exportJson(witness: File): Promise<bigint[]>;
  };

  export interface R1csInfo {
    n8: number;
    prime: bigint;
    nVars: number;
    nOutputs: number;
    nPubInputs: number;
    nPrvInputs: number;
    nLabels: number;
    nConstraints: number;
    curve: Curve;
  }

  export const r1cs: {
    info(r1cs: File, logger?: Logger): Promise<R1csInfo>;
    exportJson(r1cs: File, logger?: Logger): Promise<R1csInfo & { constraints: unknown[] }>;
  };

  export const zKey: {
    newZKey(r1cs: File, ptau: File, zkey: File, logger?: Logger): Promise<Uint8Array | -1>;
    contribute(
      zkeyOld: File,
      zkeyNew: File,
      name: string,
      entropy: string | Uint8Array,
      logger?: Logger,
    ): Promise<Uint8Array>;
    beacon(
      zkeyOld: File,
      zkeyNew: File,
      name: string,
      beaconHash: string,
      iterationsExponent: number,
      logger?: Logger,
    ): Promise<Uint8Array>;
    verifyFromR1cs(r1cs: File, ptau: File, zkey: File, logger?: Logger): Promise<boolean>;
    verifyFromInit(init: File, ptau: File, zkey: File, logger?: Logger): Promise<boolean>;
    exportVerificationKey(zkey: File, logger?: Logger): Promise<VerificationKey>;
    exportJson(zkey: File): Promise<Record<string, unknown>>;
  };

  export const powersOfTau: {
    newAccumulator(curve: Curve, power: number, ptau: File, logger?: Logger): Promise<Uint8Array>;
    contribute(
      ptauOld: File,
      ptauNew: File,
      name: string,
      entropy: string | Uint8Array,
      logger?: Logger,
    ): Promise<Uint8Array>;
    beacon(
      ptauOld: File,
      ptauNew: File,
      name: string,
      beaconHash: string,
      iterationsExponent: number,
      logger?: Logger,
    ): Promise<Uint8Array>;
    preparePhase2(ptauOld: File, ptauNew: File, logger?: Logger): Promise<void>;
    verify(ptau: File, logger?: Logger): Promise<boolean>;
  };

  export const curves: {
    getCurveFromName(name: string, options?: ProverOptions): Promise<Curve>;
  };
}
