import { bytesField, numberField, protoFields } from "./proto-reader.ts";

/** Answers are small; what a broken backend sends beyond this is not kept. */
export const MOST_RESPONSE_BYTES = 64 * 1024;

/** Longest part of a backend's message that is logged. */
const MOST_MESSAGE = 200;

/** Runs a decoder over what a backend sent: what cannot be read says nothing. */
function reading<T>(decode: () => T, otherwise: T): T {
  try {
    return decode();
  } catch {
    return otherwise;
  }
}

/** `partial_success.rejected_spans` of an ExportTraceServiceResponse. */
export const rejectedSpans = (response: Uint8Array): number =>
  reading(() => {
    const partial = bytesField(response, 1);
    return partial ? numberField(partial, 1) : 0;
  }, 0);

/** The message of a google.rpc.Status, on one line. */
export const statusMessage = (status: Uint8Array): string =>
  reading(() => oneLine(Buffer.from(bytesField(status, 2) ?? []).toString("utf8")), "");

export const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, " ").slice(0, MOST_MESSAGE);

/**
 * `retry_delay` of a google.rpc.RetryInfo among the details of a google.rpc.Status, in milliseconds:
 * https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
 */
export const retryDelayMs = (status: Uint8Array): number | undefined =>
  reading(() => {
    for (const { number, value } of protoFields(status)) {
      if (number !== 3 || typeof value === "number") continue;
      const type = Buffer.from(bytesField(value, 1) ?? []).toString("latin1");
      const info = bytesField(value, 2);
      const delay = info && type.endsWith("/google.rpc.RetryInfo") ? bytesField(info, 1) : undefined;
      if (delay) return 1000 * numberField(delay, 1) + numberField(delay, 2) / 1e6;
    }
    return undefined;
  }, undefined);

/** Milliseconds of a Retry-After header: seconds, or a date (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | undefined, nowMs = Date.now()): number | undefined {
  if (header === undefined || header.trim() === "") return undefined;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - nowMs : 1000 * seconds;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
