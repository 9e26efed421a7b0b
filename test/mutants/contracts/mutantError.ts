/** A mutant cannot be tried: its patch does not apply or does not compile. */
export class MutantError extends Error {
  override readonly name = "MutantError";
}
