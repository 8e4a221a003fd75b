import { afterAll, describe, expect, test } from "vitest";
import type { FlowFeatures } from "../src/options.ts";
import { corpus } from "./corpus.ts";
import type { ParserOptions } from "./expected.ts";
import { fuzz } from "./fuzz.ts";
import { expected, observed } from "./outcome.ts";
import { runnable } from "./packets.ts";

/** Compares frame by frame where the whole differs, so that a failure names its frame. */
async function compare(frames: readonly Uint8Array[], features: FlowFeatures, options: ParserOptions): Promise<void> {
  const [ours, theirs] = [await observed(frames, features), expected(frames, options)];
  try {
    expect(ours.counters).toEqual(theirs.counters);
    expect(ours.flows).toEqual(theirs.flows);
  } catch (error) {
    for (const frame of frames) {
      const [one, other] = [await observed([frame], features), expected([frame], options)];
      expect({ ...one, frame: Buffer.from(frame).toString("hex") }).toEqual({
        ...other,
        frame: Buffer.from(frame).toString("hex"),
      });
    }
    throw error;
  }
}

describe.each([
  { name: "fast path", features: {}, options: {} },
  { name: "general walk", features: { fastPath: false }, options: {} },
  { name: "keyed by VNI", features: { keyByVni: true }, options: { keyByVni: true } },
  { name: "tunnels off", features: { tunnels: false }, options: { tunnels: false } },
])("$name", ({ name, features, options }) => {
  const seed = name.length * 7919;
  let runs = 0;
  afterAll(() => {
    console.log(`${name}: ${runs} frames, seed ${seed}`);
  });

  test("every packet of the corpus", async () => {
    const frames = corpus.map(({ frame }) => frame);
    runs += frames.length;
    await compare(frames, features, options);
  });

  test("every truncation of the corpus", async () => {
    const frames = corpus.flatMap(({ frame }) =>
      Array.from({ length: Math.min(frame.length, 160) - 15 }, (_, i) => runnable(frame.subarray(0, 15 + i))),
    );
    runs += frames.length;
    await compare(frames, features, options);
  });

  test.each(["mutated", "random", "chains"] as const)("fuzz: %s", async (kind) => {
    const frames = fuzz(kind, seed, 15_000);
    runs += frames.length;
    await compare(frames, features, options);
  });
});

test.each(corpus)("$name", async ({ frame, is }) => {
  const { flows, counters } = await observed([frame], {});
  const [flow] = flows.values();
  expect(counters).toEqual(is.cause || is.note ? { [(is.cause ?? is.note)!]: 1 } : {});
  expect(flows.size).toBe(is.cause ? 0 : 1);
  if (is.bytes) expect(flow).toMatchObject({ tunnel: expect.stringContaining(is.tunnel ?? "none") });
  if (is.bytes) expect(flow).toSatisfy(({ bytes }: { bytes: number[] }) => bytes.includes(is.bytes!));
});
