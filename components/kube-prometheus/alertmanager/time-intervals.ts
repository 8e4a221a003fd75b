/*
 * The texts of Alertmanager's time intervals.
 * https://github.com/prometheus/alertmanager/blob/v0.33.1/timeinterval/timeinterval.go
 */

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const months = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

const wholeNumber = (text: string): number | undefined => (/^[+-]?\d+$/.test(text) ? Number(text) : undefined);

/** Reads one end of a range of each unit. */
const units = {
  weekday: (text: string) => (weekdays.includes(text) ? weekdays.indexOf(text) : undefined),
  day: (text: string) => {
    const day = wholeNumber(text);
    return day !== undefined && day !== 0 && Math.abs(day) <= 31 ? day : undefined;
  },
  month: (text: string) => {
    if (months.includes(text)) return months.indexOf(text) + 1;
    const month = wholeNumber(text);
    // Alertmanager reads 13 as well, which no month ever is.
    return month !== undefined && month >= 1 && month <= 12 ? month : undefined;
  },
  year: wholeNumber,
} as const;

/** What is wrong with one unit, or with a range of two. */
export function mistakeInRange(unit: keyof typeof units, text: string): string | undefined {
  const ends = text.toLowerCase().split(":");
  if (ends.length > 2) return "it has more than two ends";
  const numbers = ends.map(units[unit]);
  const wrong = numbers.indexOf(undefined);
  if (wrong >= 0) return `${JSON.stringify(ends[wrong])} is no ${unit}`;
  const [first = 0, last = first] = numbers as number[];
  if (unit !== "day") return first > last ? "its end is before its start" : undefined;
  if (first < 0 && last > 0) return "a range that starts before the end of the month must end there, too";
  // The shortest month decides.
  const [from, to] = [first, last].map((day) => (day < 0 ? 28 + day : day)) as [number, number];
  return from > to ? "its end is before its start" : undefined;
}

/** What is wrong with a time of the day. */
export const mistakeInTime = (text: string): string | undefined =>
  /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/.test(text)
    ? undefined
    : "two digits of hours, a colon and two of minutes, up to 24:00";

/** What is wrong with the name of a time zone. */
export function mistakeInZone(text: string): string | undefined {
  if (text === "" || text === "UTC" || text === "Local") return undefined;
  // Go knows no offsets.
  if (/^[+-]/.test(text)) return "a name of the time zone database";
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return undefined;
  } catch {
    return "a name of the time zone database";
  }
}
