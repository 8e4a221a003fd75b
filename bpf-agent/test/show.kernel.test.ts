/** `--once`: what a person sees of real traffic. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { until } from "../../test/support/wait.ts";
import type { DecodedSpan } from "../src/once/decode-span.ts";
import { builtAddon } from "./harness.ts";
import { addresses, type Routed, routed } from "./netns.ts";

/** The agent in the node's namespace; while it runs, the left pod talks to the right one. */
async function showing(
  network: Routed,
  ...args: string[]
): Promise<{ child: ChildProcess; out(): string; err(): string }> {
  builtAddon();
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const all = ["--conditions=skopos-source", main, "--once", "--netns", network.node.path, ...args];
  const child = spawn(process.execPath, all, { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout!.on("data", (chunk) => (out += chunk));
  child.stderr!.on("data", (chunk) => (err += chunk));
  const server = await network.right.peer();
  await server.call("udpEcho", { address: addresses.right, port: 9000, reply: 60 });
  const client = await network.left.peer();
  await until(
    "flows to be shown",
    async () => {
      await client.call("udpSend", { address: addresses.right, port: 9000, from: 7000, count: 3, size: 100 });
      return out.includes("9000");
    },
    { explain: () => err },
  );
  return { child, out: () => out, err: () => err };
}

test("--json prints one object per record, and ends without an error when nobody reads any more", async () => {
  await using network = routed();
  const { child, out, err } = await showing(network, "--json");
  const exited = once(child, "exit");
  child.stdout!.destroy();
  // What goes on after `| head -1`: the next record finds the pipe closed.
  const client = await network.left.peer();
  for (let n = 0; child.exitCode === null; n++)
    await client.call("udpSend", { address: addresses.right, port: 9000, from: 8000 + (n % 100), count: 3, size: 100 });
  expect(await exited).toEqual([0, null]);
  expect(err()).not.toMatch(/EPIPE|\n\s+at /);
  const spans = out()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as DecodedSpan);
  expect(spans.find(({ name }) => name === "flow_ipv4_udp")?.attributes).toMatchObject({
    "source.address": addresses.left,
    "source.port": 7000,
    "destination.address": addresses.right,
    "destination.port": 9000,
    "network.interface.name": "veth-left",
  });
});

test("in a pipe it prints one line per record, and the last ones when it is interrupted", async () => {
  await using network = routed();
  const { child, out } = await showing(network);
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([0, null]);
  const [title, ...rows] = out().trimEnd().split("\n");
  expect(title).toMatch(/^PROTO +SOURCE +DESTINATION/);
  expect(rows.at(-1)).toMatch(/^udp +10\.1\.0\.2:7000 +10\.2\.0\.2:9000 .* ended$/);
});
