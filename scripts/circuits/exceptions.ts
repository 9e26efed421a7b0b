/** A finding of a static check that was looked at and is no fault. */
export interface Exception {
  /** The check's id of this kind of finding: CS… of circomspect, CA… of circom's own inspection. */
  id: string;
  /** Where: a file and the line's text (circomspect), or the message (circom). */
  at: RegExp;
  reason: string;
}

export const exceptions: readonly Exception[] = [
  {
    id: "CS0005",
    at: /lib\/compare\.circom: signal hint <-- in < 0/,
    reason: "NotBelowZero: a bit whose two values have disjoint range checks (step 1)",
  },
  {
    id: "CS0005",
    at: /lib\/divide\.circom: (quotient <-- in \\ DIVISOR|hint\[r\] <-- residue == r)/,
    reason: "division with remainder is unique once quotient and remainder are in range (@ensures)",
  },
  {
    id: "CS0005",
    at: /lib\/leaf\.circom: selector <-- rule\[0\]/,
    reason:
      "Call and Target equate both parts with the context's, whose bounds fix them (@ensures)",
  },
  {
    id: "CS0005",
    at: /rules\/charges\.circom: signal last <-- packedOfSlot/,
    reason: "a packed budget has one opening: proof in step 2 of Charge",
  },
  {
    id: "CS0008",
    at: /(lib\/divide|rules\/quorum|rules\/schedule)\.circom: (var )?(count|demand|today) \+?=/,
    reason: "sums that a === constrains right after; the analyser does not follow them there",
  },
  {
    id: "CS0010",
    at: /lib\/range\.circom: component decomposition = Num2Bits\(BITS\)/,
    reason: "Bits asserts at most 252 bits, below which a decomposition is unique",
  },
  {
    id: "CS0018",
    at: /lib\/range\.circom: component bits = Bits\(BITS\)/,
    reason: "Range wants that the bits exist, not their values",
  },
  {
    id: "CA02",
    at: /In template "(Range|AtLeast)\(\d+\)": Array of .* bits\.out /,
    reason:
      "Range wants that the bits exist, AtLeast only the top one; Num2Bits constrains all of them",
  },
  {
    id: "CA02",
    at: /In template "Charges\(.*\)": .* slot\[1\]\.elapsed /,
    reason: "only slot 0's elapsed time is held against the cooldown; Charge constrains both",
  },
  {
    id: "CA02",
    at: /In template "Mandate\(\d+,0\)": .* leaf\.limitQuorum /,
    reason: "the limit of the other tier; it is part of the leaf's hash",
  },
];
