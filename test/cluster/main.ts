// `npm run cluster [-- --nodes N] [-- --simulated N]`: a cluster to play with. Prints its kubeconfig's path, and stays
// until Ctrl-C.
import { parseArgs } from "node:util";
import { startCluster } from "./cluster.ts";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: process.getuid?.() === 0 ? "1" : "0" },
    simulated: { type: "string", default: "0" },
  },
});

await using cluster = await startCluster({
  nodes: { real: Number(values.nodes), simulated: Number(values.simulated) },
});
console.error("the cluster is up; Ctrl-C ends it and leaves nothing behind");
console.log(cluster.kubeconfig);
await new Promise<void>((resolve) => {
  // The listener alone does not keep the process alive.
  const alive = setInterval(() => {}, 1 << 30);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      clearInterval(alive);
      resolve();
    });
});
