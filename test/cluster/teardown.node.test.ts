import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { until } from "../support/wait.ts";
import { startCluster } from "./cluster.ts";

const namespaceKinds = ["mnt", "net", "pid", "uts", "ipc"];

/** A process's namespaces, or none when it has gone meanwhile. */
const namespacesOf = (pid: string): string[] => {
  try {
    return namespaceKinds.map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));
  } catch {
    return [];
  }
};

const processes = () => readdirSync("/proc").filter((name) => /^\d+$/.test(name));

const commandLine = (pid: string) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
};

/** What of a cluster can be seen from this machine: all of it must be gone afterwards. */
function tracesOf(directory: string, namespaces: ReadonlySet<string>) {
  const name = basename(directory);
  return {
    processes: processes().filter(
      (pid) => namespacesOf(pid).some((each) => namespaces.has(each)) || commandLine(pid).includes(name),
    ),
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(name)),
    cgroups: globSync(`/sys/fs/cgroup/{,*/}${name}`),
    files: existsSync(directory) ? [directory] : [],
  };
}

const nothing = { processes: [], mounts: [], cgroups: [], files: [] };
const here = new Set(namespacesOf("self"));

/** A process's parent, by `/proc/PID/stat`: the fourth field, after the name in parentheses. */
const parentOf = (pid: string) => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[1];
  } catch {
    return undefined;
  }
};

/** Namespaces of the cluster's processes: those with its folder on their command line, and all below them, pods too. */
const namespacesOfCluster = (directory: string) => {
  const parents = new Map(processes().map((pid) => [pid, parentOf(pid)]));
  const isOurs = (pid: string | undefined): boolean =>
    pid !== undefined &&
    parents.has(pid) &&
    (commandLine(pid).includes(basename(directory)) || isOurs(parents.get(pid)));
  return new Set(
    [...parents.keys()]
      .filter(isOurs)
      .flatMap(namespacesOf)
      .filter((each) => !here.has(each)),
  );
};

const links = () => Object.keys(networkInterfaces()).sort();

describe("the end of a cluster with a real node", () => {
  it("leaves nothing when it is disposed of", async () => {
    const linksBefore = links();
    await using cluster = await startCluster({ nodes: { real: 1 } });
    const namespaces = namespacesOfCluster(cluster.directory);
    const during = tracesOf(cluster.directory, namespaces);
    // Two machines and at least one pod, each with namespaces of its own; and the looking does find things.
    expect(namespaces.size).toBeGreaterThan(10);
    expect(during.processes.length).toBeGreaterThan(10);
    expect(during.cgroups.length).toBeGreaterThan(0);
    expect(links()).toEqual(linksBefore);
    await cluster.dispose();
    expect(tracesOf(cluster.directory, namespaces)).toEqual(nothing);
    expect(links()).toEqual(linksBefore);
  });

  it("leaves nothing when its owner is killed with SIGKILL", async () => {
    const owner = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "--nodes=1"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [kubeconfig] = await once(createInterface({ input: owner.stdout }), "line");
    const directory = dirname(kubeconfig);
    const namespaces = namespacesOfCluster(directory);
    expect(namespaces.size).toBeGreaterThan(10);
    expect(tracesOf(directory, namespaces).processes.length).toBeGreaterThan(10);
    owner.kill("SIGKILL");
    await once(owner, "exit");
    await until("nothing to be left", () => {
      const left = tracesOf(directory, namespaces);
      return Object.values(left).every((list) => list.length === 0);
    });
  });
});
