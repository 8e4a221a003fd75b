import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Daemon, Place } from "./daemon.ts";

export interface SchedulerOptions {
  readonly binary: string;
  readonly kubeconfig: string;
  readonly directory: string;
  readonly address: string;
  readonly port: number;
}

/** The scheduler with its default plugins. */
export function startScheduler(
  place: Place,
  { binary, kubeconfig, directory, address, port }: SchedulerOptions,
): Daemon {
  const config = join(directory, "kube-scheduler.json");
  writeFileSync(
    config,
    JSON.stringify({
      apiVersion: "kubescheduler.config.k8s.io/v1",
      kind: "KubeSchedulerConfiguration",
      // Thousands of pods at once: the default of 50 requests a second would be what is measured.
      clientConnection: { kubeconfig, qps: 1000, burst: 2000 },
      leaderElection: { leaderElect: false },
    }),
  );
  return place.start("kube-scheduler", binary, [
    `--config=${config}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--bind-address=${address}`,
    `--secure-port=${port}`,
  ]);
}
