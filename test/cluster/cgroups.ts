import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Watchdog } from "./watchdog.ts";

const root = "/sys/fs/cgroup";

/** Whether the machine has the one hierarchy of version 2 (systemd machines, hosted CI runners), or those of version 1. */
const isUnified = (): boolean => existsSync(join(root, "cgroup.controllers"));

/**
 * Makes a cgroup for each node below one of the cluster's own, which the watchdog removes.
 * @param cluster name of the cluster's cgroup.
 * @returns the nodes' cgroups, as the kubelet's `cgroupRoot` names them.
 */
export function makeCgroups(cluster: string, nodes: readonly string[], watchdog: Watchdog): string[] {
  const hierarchies = isUnified() ? [root] : readdirSync(root).map((name) => join(root, name));
  const prepare = isUnified() ? passOn : copyCpuset;
  for (const hierarchy of hierarchies) {
    const path = join(hierarchy, cluster);
    watchdog.add({ cgroup: path });
    for (const folder of [path, ...nodes.map((node) => join(path, node))]) {
      mkdirSync(folder);
      prepare(folder);
    }
  }
  return nodes.map((node) => `/${cluster}/${node}`);
}

/** Version 1: a new cpuset is empty, and no process can enter it until it has processors and memory. */
const copyCpuset = (folder: string) => {
  for (const file of ["cpuset.cpus", "cpuset.mems"])
    if (existsSync(join(folder, file)))
      writeFileSync(join(folder, file), readFileSync(join(dirname(folder), file), "utf8"));
};

/** Version 2: a cgroup has the controllers that its parent passes on. The kubelet goes on like this further down. */
const passOn = (folder: string) => {
  const parent = dirname(folder);
  const available = readFileSync(join(parent, "cgroup.controllers"), "utf8").trim().split(" ");
  const wanted = ["cpu", "cpuset", "memory", "pids", "hugetlb", "io"].filter((name) => available.includes(name));
  writeFileSync(join(parent, "cgroup.subtree_control"), wanted.map((name) => `+${name}`).join(" "));
};
