import { snappyLiteral } from "../../data-plane/remote-write.ts";

/**
 * Many series as remote-write requests that are encoded once: only values and timestamps differ between two scrapes, and both
 * have a fixed length.
 */

/** Metrics that each pod exposes: series are numbered pod by pod. */
export const metricsPerPod = 500;
const seriesPerRequest = 2_000;
/** Bytes of a timestamp of this century in milliseconds, as a varint. */
const timestampBytes = 6;

/** One request: its bytes before compression, and where each sample's value is; the timestamp follows it. */
export interface Template {
  readonly body: Buffer;
  readonly values: readonly number[];
}

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
};

const field = (tag: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([tag]), varint(content.length), content]);
const label = (name: string, value: string): Buffer =>
  field(0x0a, Buffer.concat([field(0x0a, Buffer.from(name)), field(0x12, Buffer.from(value))]));

/** Labels of a series as a scraped pod has them. */
export function labelsOf(index: number): Readonly<Record<string, string>> {
  const pod = Math.floor(index / metricsPerPod);
  return {
    __name__: `app_requests_${index % metricsPerPod}_total`,
    cluster: "bench",
    container: "app",
    instance: `10.0.${pod >> 8}.${pod & 255}:8080`,
    job: `shop/app-${pod % 50}`,
    namespace: `team-${pod % 20}`,
    node: `node-${pod % 100}`,
    pod: `app-${pod % 50}-7d9f8b6c5-${pod}`,
  };
}

/** Encoded, in the order of their names. */
const labels = (index: number): Buffer =>
  Buffer.concat(Object.entries(labelsOf(index)).map(([name, value]) => label(name, value)));

/** The first series, in requests of 2,000. */
export function templates(count: number): readonly Template[] {
  const requests: Template[] = [];
  for (let start = 0; start < count; start += seriesPerRequest) {
    const parts: Buffer[] = [];
    const values: number[] = [];
    let length = 0;
    for (let index = start; index < Math.min(count, start + seriesPerRequest); index++) {
      const sample = Buffer.alloc(1 + 8 + 1 + timestampBytes);
      sample[0] = 0x09;
      sample[9] = 0x10;
      const series = field(0x0a, Buffer.concat([labels(index), field(0x12, sample)]));
      parts.push(series);
      length += series.length;
      values.push(length - sample.length + 1);
    }
    requests.push({ body: Buffer.concat(parts), values });
  }
  return requests;
}

/** The request of one scrape: every series with a counter's value at a time. */
export function scrapeOf({ body, values }: Template, timestampMs: number): Uint8Array {
  const timestamp = varint(timestampMs);
  values.forEach((at, index) => {
    body.writeDoubleLE(Math.floor(timestampMs / 1000) * ((index % 7) + 1), at);
    timestamp.copy(body, at + 9);
  });
  return new Uint8Array(snappyLiteral(body));
}
