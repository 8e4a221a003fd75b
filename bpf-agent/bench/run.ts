/** `npm run bench -w bpf-agent [-- --json] [SUITE ...]`: needs root, as the kernel test tier does. */
import { agentSuite } from "./agent.ts";
import { decorationSuite } from "./decoration.ts";
import { encodeSuite } from "./encode.ts";
import { attachSuite, networkSuite } from "./network.ts";
import { packetSuite } from "./packet.ts";
import { scaleSuite } from "./scale.ts";

const suites = {
  packet: packetSuite,
  scale: scaleSuite,
  network: networkSuite,
  attach: attachSuite,
  decoration: decorationSuite,
  encode: encodeSuite,
  agent: agentSuite,
} as const;
const asked = process.argv.slice(2).filter((argument) => argument in suites) as (keyof typeof suites)[];

if (process.getuid?.() !== 0) {
  console.error("the flow agent's benchmarks load BPF programs and make network namespaces: run them as root");
  process.exit(1);
}
for (const name of asked.length ? asked : (Object.keys(suites) as (keyof typeof suites)[])) await suites[name]();
