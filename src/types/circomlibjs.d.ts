/** The part of circomlibjs that zkmandate uses; the package ships no types. */
declare module "circomlibjs" {
  import type { Element, Field } from "ffjavascript";

  export interface Poseidon {
    readonly F: Field;
    /**
     * @param inputs 1 to 16 integers or elements
     * @param initialState the capacity element, 0 by default
     * @param outputs how many state elements to return, 1 by default; more than one gives an array
     */
    (inputs: readonly (bigint | Element)[], initialState?: bigint | Element): Element;
    (inputs: readonly (bigint | Element)[], initialState: bigint | Element, outputs: 1): Element;
    (
      inputs: readonly (bigint | Element)[],
      initialState: bigint | Element,
      outputs: number,
    ): Element[];
  }

  export interface BabyJub {
    readonly F: Field;
    readonly p: bigint;
    readonly order: bigint;
    readonly subOrder: bigint;
    readonly Base8: [Element, Element];
    readonly Generator: [Element, Element];
    addPoint(a: [Element, Element], b: [Element, Element]): [Element, Element];
    mulPointEscalar(point: [Element, Element], scalar: bigint): [Element, Element];
    inSubgroup(point: [Element, Element]): boolean;
    inCurve(point: [Element, Element]): boolean;
  }

  export interface EddsaSignature {
    R8: [Element, Element];
    S: bigint;
  }

  export interface Eddsa {
    readonly F: Field;
    readonly babyJub: BabyJub;
    readonly poseidon: Poseidon;
    prv2pub(privateKey: Uint8Array): [Element, Element];
    signPoseidon(privateKey: Uint8Array, message: Element): EddsaSignature;
    verifyPoseidon(
      message: Element,
      signature: EddsaSignature,
      publicKey: [Element, Element],
    ): boolean;
  }

  export function buildPoseidon(): Promise<Poseidon>;
  export function buildPoseidonReference(): Promise<Poseidon>;
  export function buildBabyjub(): Promise<BabyJub>;
  export function buildEddsa(): Promise<Eddsa>;
}
