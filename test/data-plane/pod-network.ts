import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type RunningProgram, start } from "./process.ts";

/**
 * Starts a program in a network of its own, as a pod has one: a loopback interface, and `eth0` with the given addresses,
 * which leads nowhere. Every port is free there.
 * @param addresses with their prefix length: `10.9.0.2/24`, `fd09::2/64`
 */
export function startInPod(
  name: string,
  args: readonly string[],
  addresses: readonly string[],
  env?: Readonly<Record<string, string>>,
): RunningProgram {
  const commands = [
    "ip link set lo up",
    "ip link add eth0 type veth peer name peer",
    "ip link set peer up",
    "ip link set eth0 up",
    // Without `nodad`, an IPv6 address cannot be bound for the first second.
    ...addresses.map((address) => `ip addr add ${address} dev eth0${address.includes(":") ? " nodad" : ""}`),
    'exec "$@"',
  ];
  return start(name, args, env, ["unshare", "--map-root-user", "--net", "sh", "-ec", commands.join("; "), name]);
}

/** What a URL answers within the network of a program: its status, or why there is none. */
export async function fetchInPod({ pid }: RunningProgram, url: string): Promise<string> {
  const script = `fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(5_000) }).then(({ status }) => console.log(status), (error) => console.log(String(error.cause ?? error)))`;
  const enter = ["--target", String(pid), "--user", "--preserve-credentials", "--net", process.execPath, "-e", script];
  return (await promisify(execFile)("nsenter", enter)).stdout.trim();
}

/** Whether a TCP port of an address accepts connections within the network of a program. */
export async function connectsInPod({ pid }: RunningProgram, host: string, port: number): Promise<boolean> {
  const script = `require("node:net").connect({ host: ${JSON.stringify(host)}, port: ${port} }).on("connect", () => process.exit(0)).on("error", () => process.exit(1))`;
  const enter = ["--target", String(pid), "--user", "--preserve-credentials", "--net", process.execPath, "-e", script];
  return promisify(execFile)("nsenter", enter).then(
    () => true,
    () => false,
  );
}
