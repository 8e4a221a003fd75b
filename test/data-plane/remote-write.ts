/** A series with its samples, as a test writes it. */
export interface WrittenSeries {
  /** With `__name__`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, and values. */
  readonly samples: readonly (readonly [timestampMs: number, value: number])[];
}

/** Sends series to a remote-write 1.0 endpoint, and answers with the status. */
export async function remoteWrite(
  url: string,
  series: readonly WrittenSeries[],
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; text: string }> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "0.1.0",
      ...headers,
    },
    body: new Uint8Array(snappyLiteral(writeRequest(series))),
  });
  return { status: response.status, text: await response.text() };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

/** A length-delimited protobuf field. */
const field = (number: number, content: Buffer): Buffer =>
  Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);

const text = (number: number, value: string): Buffer => field(number, Buffer.from(value));

/** prometheus.WriteRequest: timeseries = 1 {labels = 1 {name = 1, value = 2}, samples = 2 {value = 1, timestamp = 2}}. */
function writeRequest(series: readonly WrittenSeries[]): Buffer {
  return Buffer.concat(
    series.map(({ labels, samples }) =>
      field(
        1,
        Buffer.concat([
          ...Object.keys(labels)
            .sort()
            .map((name) => field(1, Buffer.concat([text(1, name), text(2, labels[name] as string)]))),
          ...samples.map(([timestamp, value]) => field(2, sample(timestamp, value))),
        ]),
      ),
    ),
  );
}

function sample(timestampMs: number, value: number): Buffer {
  const double = Buffer.alloc(8);
  double.writeDoubleLE(value);
  return Buffer.concat([Buffer.from([0x09]), double, Buffer.from([0x10]), varint(timestampMs)]);
}

/** Snappy's block format with nothing compressed: the length, then literals of at most 60 KiB. */
export function snappyLiteral(content: Buffer): Buffer {
  const chunks: Buffer[] = [varint(content.length)];
  for (let at = 0; at < content.length; at += 60_000) {
    const chunk = content.subarray(at, at + 60_000);
    const length = chunk.length - 1;
    chunks.push(Buffer.from([61 << 2, length & 0xff, length >> 8]), chunk);
  }
  return Buffer.concat(chunks);
}
