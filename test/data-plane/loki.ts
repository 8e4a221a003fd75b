import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";

/** Loopback address and port of one Loki process in a test. */
export interface LokiPlacement {
  /** Address in 127.0.0.0/17 that no other test file uses. */
  readonly host: string;
  readonly httpPort: number;
  /** Everything it writes. */
  readonly folder: string;
}

/**
 * Loki's own services find each other on 127.0.0.1, which test files share: the gRPC port is derived from the host, so that two
 * files cannot take the same one. All lie below the ephemeral ports of Linux, which start at 32,768.
 */
function grpcPort(host: string): number {
  const [, , third = 0, fourth = 0] = host.split(".").map(Number);
  return 12_000 + third * 128 + fourth;
}

/**
 * A rendered monolithic Loki configuration as it can start outside a cluster. All that is changed:
 * - listeners use loopback addresses and the given ports
 * - `/var/loki` and `/etc/loki` lie under the given folder
 * - the runtime file overrides nothing, unless a test has written it
 * - rules are read, and evaluated, every second, so that a test need not wait a minute
 */
export function offCluster(config: string, { host, httpPort, folder }: LokiPlacement): string {
  const moved = parse(
    config.replaceAll("/var/loki", join(folder, "data")).replaceAll("/etc/loki", join(folder, "etc")),
  );
  Object.assign(moved.server, {
    http_listen_address: host,
    http_listen_port: httpPort,
    grpc_listen_address: "127.0.0.1",
    grpc_listen_port: grpcPort(host),
  });
  if (moved.ruler) Object.assign(moved.ruler, { poll_interval: "1s", evaluation_interval: "1s" });
  mkdirSync(join(folder, "data"), { recursive: true });
  mkdirSync(join(folder, "etc/runtime"), { recursive: true });
  const runtime = join(folder, "etc/runtime/runtime.yaml");
  if (!existsSync(runtime)) writeFileSync(runtime, "overrides: {}\n");
  return stringify(moved, { lineWidth: 0 });
}

/** Writes a configuration into a new folder of its own, and answers with the file's path. */
export function writeConfig(folder: string, config: string): string {
  const file = join(mkdtempSync(join(folder, "config-")), "loki.yaml");
  writeFileSync(file, config);
  return file;
}
