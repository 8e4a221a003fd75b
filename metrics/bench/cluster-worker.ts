// One process of prom-client's cluster.
import { promClient } from "./prom-client.ts";
import { countWith } from "./workers.ts";

const client = await promClient("prom-client");
new client.AggregatorRegistry();
countWith(client);
process.send!("ready");
