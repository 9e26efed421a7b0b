/** The code decides something by its inputs, or does something that is not understood here. */
export class NotStraightLine extends Error {}

export function fail(why: string): never {
  throw new NotStraightLine(why);
}
