/** A number as all text formats spell it. Shortest form that reads back as the same float. */
export function formatNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}

/** A bucket bound or quantile as OpenMetrics wants it: always visibly a float. */
export function formatFloat(value: number): string {
  const text = formatNumber(value);
  return Number.isInteger(value) && !text.includes("e") ? `${text}.0` : text;
}

const ZERO = 48;

/**
 * Writes {@link formatNumber} at `at`. Whole numbers, which most are, go digit by digit without making a string.
 * @returns where the text ends
 */
export function writeNumber(buffer: Uint8Array, at: number, value: number): number {
  if (value >= 0 && value <= 0x7fff_ffff) {
    const whole = value | 0;
    if (whole === value) {
      const end = at + digits(whole);
      let rest = whole;
      for (let i = end - 1; i >= at; i--) {
        const tenth = (rest / 10) | 0;
        buffer[i] = ZERO + rest - tenth * 10;
        rest = tenth;
      }
      return end;
    }
  }
  const text = formatNumber(value);
  for (let i = 0; i < text.length; i++) buffer[at + i] = text.charCodeAt(i);
  return at + text.length;
}

function digits(whole: number): number {
  if (whole < 10) return 1;
  if (whole < 100) return 2;
  if (whole < 1000) return 3;
  if (whole < 10_000) return 4;
  if (whole < 100_000) return 5;
  if (whole < 1_000_000) return 6;
  if (whole < 10_000_000) return 7;
  if (whole < 100_000_000) return 8;
  return whole < 1_000_000_000 ? 9 : 10;
}
