/** Passes unless it returns false, throws or rejects, or takes too long. */
export type HealthCheck = () => boolean | undefined | Promise<boolean | undefined> | Promise<void> | void;

/** The questions that Kubernetes asks. */
export const probes = ["live", "ready", "startup"] as const;
export type Probe = (typeof probes)[number];

/** Named checks of each probe. */
export interface HealthOptions {
  /** Is the process beyond repair, so that it should be restarted? @default none: answering is enough */
  readonly live?: Readonly<Record<string, HealthCheck>>;
  /** Can it take traffic now? */
  readonly ready?: Readonly<Record<string, HealthCheck>>;
  /** Has it finished starting? @default none: answering is enough */
  readonly startup?: Readonly<Record<string, HealthCheck>>;
  /** Paths that answer like `/health/live`, `/health/ready` and `/health/startup`, such as `{ live: "/livez" }`. @default none */
  readonly paths?: Readonly<Partial<Record<Probe, string>>>;
}

/** The probe that a path asks for: by its standard path, or by the one of `paths`. */
export function probeOf(pathname: string, paths: HealthOptions["paths"] = {}): Probe | undefined {
  return probes.find((probe) => pathname === `/health/${probe}` || pathname === paths[probe]);
}

export interface HealthReport {
  readonly status: "ok" | "failing";
  /** Outcome by name. Why a check failed is for `onError`, not for whoever can reach the port. */
  readonly checks: Readonly<Record<string, "ok" | "failing">>;
}

/** Runs checks side by side. */
export async function runChecks(
  checks: Readonly<Record<string, HealthCheck>>,
  timeoutMs: number,
  onError: (error: unknown) => void,
): Promise<HealthReport> {
  const outcomes = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        const passed = await within(timeoutMs, `health check ${name}`, async () => check());
        return [name, passed === false ? "failing" : "ok"] as const;
      } catch (error) {
        onError(error);
        return [name, "failing"] as const;
      }
    }),
  );
  const failing = outcomes.some(([, outcome]) => outcome === "failing");
  return { status: failing ? "failing" : "ok", checks: Object.fromEntries(outcomes) };
}

/** Rejects when `work` takes longer than `timeoutMs`. */
export async function within<T>(timeoutMs: number, what: string, work: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} took longer than ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
