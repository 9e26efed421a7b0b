import type { Finding } from "../finding.ts";
import type { Subject } from "../subject.ts";

const SECONDS_PER_DAY = 86_400n;
/** 1970-01-01 was a Thursday; days count from Sunday. */
const EPOCH_WEEKDAY = 4n;

/** Day of the week in UTC, 0 = Sunday. */
export function weekday(time: bigint): number {
  return Number((time / SECONDS_PER_DAY + EPOCH_WEEKDAY) % 7n);
}

/** Within the rule's validity, hours of day and days of week (UTC). */
export function schedule({ rule, time }: Subject): Finding[] {
  const secondOfDay = time % SECONDS_PER_DAY;
  const day = weekday(time);
  const validity = { restriction: "schedule", unit: "time", observed: time } as const;
  const hours = { restriction: "schedule", unit: "secondOfDay", observed: secondOfDay } as const;
  return [
    {
      ...validity,
      ok: time >= rule.validFrom,
      requirement: "time is at or after",
      limit: rule.validFrom,
    },
    {
      ...validity,
      ok: time < rule.validUntil,
      requirement: "time is before",
      limit: rule.validUntil,
    },
    {
      ...hours,
      ok: secondOfDay >= BigInt(rule.hoursStart),
      requirement: "time of day is at or after",
      limit: BigInt(rule.hoursStart),
    },
    {
      ...hours,
      ok: secondOfDay < BigInt(rule.hoursEnd),
      requirement: "time of day is before",
      limit: BigInt(rule.hoursEnd),
    },
    {
      restriction: "schedule",
      ok: ((rule.days >> day) & 1) === 1,
      requirement: "day of the week is among",
      limit: BigInt(rule.days),
      observed: BigInt(day),
      unit: "day",
    },
  ];
}
