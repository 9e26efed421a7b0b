import { UnknownRecordFormatError } from "../errors/state.ts";
import type { LaneRecord, LaneStart, PendingTransition } from "./laneStore.ts";

/** The format that is written. 1, without a number, held at most one pending transition. */
const FORMAT = 2;

interface FormatOne<Released> extends LaneStart {
  format?: undefined;
  version?: number | undefined;
  pending?: PendingTransition<Released> | undefined;
}

interface FormatTwo<Released> extends LaneRecord<Released> {
  format: typeof FORMAT;
}

/** A record as it is stored: with the number of its format. */
export function toStoredRecord<Released>(record: LaneRecord<Released>): FormatTwo<Released> {
  return { ...record, format: FORMAT };
}

/**
 * Reads a record as it was stored, by this version or an earlier one.
 *
 * @throws {UnknownRecordFormatError} if a later version has written it
 */
export function fromStoredRecord<Released>(stored: unknown): LaneRecord<Released> {
  const { format, ...record } = stored as FormatOne<Released> | FormatTwo<Released>;
  switch (format) {
    case FORMAT:
      return record as LaneRecord<Released>;
    case undefined: {
      const { pending, ...start } = record as FormatOne<Released>;
      return { ...start, pending: pending ? [pending] : [], final: [] };
    }
    default:
      throw new UnknownRecordFormatError({ received: format });
  }
}
