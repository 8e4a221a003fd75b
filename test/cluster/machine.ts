import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment, newPlace, type Place } from "./daemon.ts";
import type { Watchdog } from "./watchdog.ts";

/** A computer made of namespaces (mount, network, process, host name, IPC): its programs see only each other. */
export interface Machine extends Place {
  readonly name: string;
  /** Its init, as this machine's process table knows it: what `nsenter` and `ip link` take. */
  readonly pid: number;
  /** Its own folder, inside the cluster's. */
  readonly directory: string;
  /** Like `run`, but with this machine's files and process numbers: only the network is entered. */
  enterNetwork(file: string, ...args: readonly string[]): Promise<string>;
}

/**
 * Kernel settings the kubelet wants, with the values it wants (pkg/kubelet/cm: overcommit, panic and OOM behaviour). They
 * belong to the whole kernel; files mounted over them let it find its values and write none.
 */
const kubeletSettings = {
  "vm/overcommit_memory": 1,
  "vm/panic_on_oom": 0,
  "kernel/panic": 10,
  "kernel/panic_on_oops": 1,
  "kernel/keys/root_maxkeys": 1_000_000,
  "kernel/keys/root_maxbytes": 25_000_000,
} as const;

/**
 * What the init does. `/` is shared, so that mounts made by a CSI-like pod or the kubelet reach containers; `/var` is this
 * machine's with a layer on top, `/run` is empty, and eBPF's file systems are there for pods that need them. Then it waits
 * for its end, as bash, which takes in the orphans that an init must.
 */
const init = (name: string, directory: string) => `
set -e
mount --make-rshared /
mount -t overlay overlay -o lowerdir=/var,upperdir=${directory}/var,workdir=${directory}/var-work /var
mount -t tmpfs tmpfs /run
mount -t bpf bpf /sys/fs/bpf
mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
hostname ${name}
${Object.keys(kubeletSettings)
  .map((key) => `mount --bind ${directory}/sysctl/${key.replaceAll("/", ".")} /proc/sys/${key}`)
  .join("\n")}
echo up
while read -r _; do :; done
`;

/**
 * Makes a machine. Needs root.
 * @throws with what `unshare` or the init complained about.
 */
export async function newMachine(name: string, clusterDirectory: string, watchdog: Watchdog): Promise<Machine> {
  const directory = join(clusterDirectory, name);
  for (const folder of ["var", "var-work", "sysctl"]) mkdirSync(join(directory, folder), { recursive: true });
  for (const [key, value] of Object.entries(kubeletSettings))
    writeFileSync(join(directory, "sysctl", key.replaceAll("/", ".")), `${value}\n`);

  const namespaces = ["--mount", "--propagation=slave", "--net", "--pid", "--uts", "--ipc"];
  const holder = spawn(
    "unshare",
    [...namespaces, "--fork", "--kill-child", "--mount-proc", "bash", "-c", init(name, directory)],
    { stdio: ["pipe", "pipe", "pipe"], env: environment, detached: true },
  );
  if (holder.pid !== undefined) watchdog.add({ pid: holder.pid });
  let complaints = "";
  holder.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once("data", () => resolve());
    holder.once("error", reject);
    holder.once("exit", (code) => reject(new Error(`machine ${name} did not start (${code}): ${complaints}`)));
  });
  const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8");
  const pid = Number(children.trim());
  watchdog.add({ pid });
  for (const handle of [holder, holder.stdin, holder.stdout, holder.stderr]) (handle as Handle).unref();

  // nsenter stays behind as the parent, in this machine's process table: ending the init ends it too. It leaves the
  // working directory at the root; env puts it right.
  const enter = [
    "nsenter",
    `--target=${pid}`,
    "--mount",
    "--net",
    "--pid",
    "--uts",
    "--ipc",
    "env",
    `--chdir=${directory}`,
  ];
  const network = newPlace(directory, watchdog, ["nsenter", `--target=${pid}`, "--net"]);
  return { name, pid, directory, ...newPlace(directory, watchdog, enter), enterNetwork: network.run };
}

/** Processes and pipes: unreferenced, they let the event loop end although they are open. */
interface Handle {
  unref(): void;
}
