const UNIT_SECONDS: Record<string, bigint> = { w: 604_800n, d: 86_400n, h: 3_600n, m: 60n, s: 1n };
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
const MAX_TIME = 1n << 34n;

/** Part of a UTC day: seconds, start ≤ s < end; not yet checked for order. */
export interface Hours {
  start: number;
  end: number;
}

/**
 * A duration in seconds, below 2^34: `90s`, `10m`, `24h`, `7d`, `1h30m`.
 *
 * @returns undefined if the text is something else
 */
export function parseDuration(text: string): bigint | undefined {
  const compact = text.replace(/\s+/g, "");
  if (compact.length > 40 || !/^(?:\d+[wdhms])+$/.test(compact)) return undefined;
  const parts = [...compact.matchAll(/(\d+)([wdhms])/g)];
  const seconds = parts.reduce(
    (total, [, digits = "0", unit = "s"]) => total + BigInt(digits) * (UNIT_SECONDS[unit] ?? 1n),
    0n,
  );
  return seconds < MAX_TIME ? seconds : undefined;
}

/** Seconds in words, in the largest units that divide: 86,400 → "1d". */
export function formatDuration(seconds: bigint): string {
  if (seconds === 0n) return "0s";
  let rest = seconds;
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s"]) {
    const length = UNIT_SECONDS[unit] ?? 1n;
    if (rest >= length) parts.push(`${rest / length}${unit}`);
    rest %= length;
  }
  return parts.join("");
}

function parseTimeOfDay(text: string): number | undefined {
  const match = /^(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (!match) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
  const total = 3_600 * hours + 60 * minutes + seconds;
  return minutes < 60 && seconds < 60 && total <= 86_400 ? total : undefined;
}

/** `06:00-22:00`, UTC, the end not included; `24:00` is the end of the day. */
export function parseHours(text: string): Hours | undefined {
  const [from = "", to = "", ...rest] = text.split("-").map((part) => part.trim());
  const [start, end] = [parseTimeOfDay(from), parseTimeOfDay(to)];
  return start === undefined || end === undefined || rest.length > 0 ? undefined : { start, end };
}

/** `mon-fri`, `sat, sun`: a bit per day, bit 0 = Sunday. A range may run over the week's end. */
export function parseDays(text: string): number | undefined {
  let mask = 0;
  for (const part of text.toLowerCase().split(",")) {
    const ends = part.split("-").map((name) => WEEKDAYS.indexOf(name.trim() as "sun"));
    const [first = -1, last = first] = ends;
    if (first < 0 || last < 0 || ends.length > 2) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      mask |= 1 << day;
      if (day === last) break;
    }
  }
  return mask;
}

/**
 * An instant in unix seconds: `2026-12-01` (midnight UTC) or `2026-12-01T10:00:00Z`; a time of day
 * needs its offset.
 */
export function parseInstant(text: string): bigint | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text);
  if (!match) return undefined;
  const day = new Date(`${match[1]}T00:00:00Z`);
  // Date lets the 31st of a short month run over into the next.
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(match[1] ?? ""))
    return undefined;
  const milliseconds = match[2] ? Date.parse(text) : day.getTime();
  if (Number.isNaN(milliseconds) || milliseconds < 0) return undefined;
  const seconds = BigInt(milliseconds) / 1_000n;
  return seconds < MAX_TIME ? seconds : undefined;
}
