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
  /** What is said of an interface where a filter of another kind comes first, and what is counted there. */
  readonly behind: { readonly problem: string; readonly packets: readonly [number, number] };
  /** Nanoseconds a packet of a program that does nothing, of a known flow and of a new one; emulated, only the ratios mean much. */
  readonly nothingNs: number;
  readonly knownNs: number;
  readonly newNs: number;
}
