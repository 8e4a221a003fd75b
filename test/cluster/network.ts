import type { Machine } from "./machine.ts";

/** The cluster's own network. It exists in the machines' namespaces only: two clusters never meet, and this machine has no link to either. */
export const controlPlaneAddress = "10.99.0.1";
export const podRange = "10.244.0.0/16";

/** Address of the n-th real node, from 1. */
export const nodeAddress = (n: number) => `10.99.0.${n + 1}`;
/** Pod addresses of the n-th real node, from 1. */
export const podRangeOf = (n: number) => `10.244.${n}.0/24`;

const ip = (machine: Machine, command: string) => machine.run("ip", ...command.split(" "));

/** Makes the control plane's machine the switch between the nodes. */
export async function addSwitch(controlPlane: Machine): Promise<void> {
  await ip(controlPlane, "link add nodes type bridge");
  await ip(controlPlane, `addr add ${controlPlaneAddress}/24 dev nodes`);
  await ip(controlPlane, "link set nodes up");
}

/**
 * Plugs a node into the switch. The control plane routes pod addresses to the node that has them, and Service addresses
 * to the first node, whose kube-proxy answers for all: so the API server reaches webhooks. Everything else ends at the
 * control plane, which leads nowhere.
 */
export async function plugIn(controlPlane: Machine, node: Machine, n: number, serviceRange: string): Promise<void> {
  // Both ends are born in their namespaces; `netns` takes a process of this machine, so only the network is entered.
  await controlPlane.enterNetwork(
    "ip",
    "link",
    "add",
    node.name,
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    `${node.pid}`,
  );
  await ip(controlPlane, `link set ${node.name} master nodes up`);
  await ip(node, `addr add ${nodeAddress(n)}/24 dev eth0`);
  await ip(node, "link set eth0 up");
  await ip(node, `route add default via ${controlPlaneAddress}`);
  await ip(controlPlane, `route add ${podRangeOf(n)} via ${nodeAddress(n)}`);
  if (n === 1) await ip(controlPlane, `route add ${serviceRange} via ${nodeAddress(n)}`);
}
