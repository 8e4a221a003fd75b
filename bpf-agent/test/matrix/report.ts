/** What a kernel of the matrix says of the flow program. */
export interface KernelReport {
  readonly release: string;
  /** What kept it from going on. */
  readonly error?: string;
  /** Parts that this kernel refuses, with the reason. */
  readonly missing: Readonly<Record<string, string>>;
  /** Instructions the verifier walked, by program. */
  readonly verified: Readonly<Record<string, number>>;
  /** Frames of the corpus that the two parsers do not agree on. */
  readonly disagreements: readonly string[];
  /** Scenarios that were counted otherwise than they must, and what was counted. */
  readonly miscounted: readonly string[];
  readonly scenarios: number;
  /** Milliseconds that the two ends' kernels say the round trip takes, [node, pod], where 80 ms are made of 50 there and 30 back; and
   * what the hook between them measures. */
  readonly socketRttMs: readonly [number, number];
  readonly hookRttMs: readonly [number, number];
  /** What those connections' flows came to when they were ended, and what the interface counted of them, IP bytes. */
  readonly ended: { readonly packets: number; readonly bytes: number };
  readonly passed: { readonly packets: number; readonly bytes: number };
  /** What is said of an interface where a filter of another kind comes first, and what is counted there. */
  readonly behind: { readonly problem: string; readonly packets: readonly [number, number] };
  /** Nanoseconds of a packet of a known flow and of a flow's first one; emulated, only the ratios mean something. */
  readonly known: Costs;
  readonly first: Costs;
}

/** Of the flow program, and of the least program that counts by flow. */
export interface Costs {
  readonly ours: number;
  readonly counter: number;
}
