import { join } from "node:path";
import type { Daemon, Place } from "./daemon.ts";

export interface EtcdOptions {
  readonly binary: string;
  readonly directory: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

/** The store of the control plane: one member, on plain HTTP, because nobody else reaches its address. */
export function startEtcd(place: Place, { binary, directory, clientUrl, peerUrl }: EtcdOptions): Daemon {
  return place.start("etcd", binary, [
    "--name=test",
    `--data-dir=${join(directory, "etcd")}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=test=${peerUrl}`,
    // The data is as short-lived as the test: no need to wait for the disk.
    "--unsafe-no-fsync",
    "--log-level=warn",
  ]);
}
