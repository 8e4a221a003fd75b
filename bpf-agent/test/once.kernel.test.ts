/** Each packet of a host counts exactly once, however its interfaces are stacked: what is sent is what is counted. */
import { expect, test } from "vitest";
import { scan } from "./harness.ts";
import { countedFlow, datagrams, type Network, type Scenario, scenarios } from "./scenarios.ts";
import { watch } from "./watch.ts";

/** Builds a scenario; undefined where this kernel lacks a kind of interface for it. The kernel matrix runs those. */
async function built(scenario: Scenario): Promise<Network | undefined> {
  try {
    return await scenario.build();
  } catch (error) {
    if (error instanceof Error && error.message.includes("Unknown device type")) return undefined;
    throw error;
  }
}

test.for(scenarios)("$name", async (scenario, context) => {
  await using network = await built(scenario);
  if (!network) return context.skip("this kernel has no such kind of interface; the kernel matrix runs it");
  const { reader } = await watch(network.host, network.watched, { exclude: [], ...network.options });
  using _ = reader;
  const expected = await network.traffic(datagrams());
  const flows = await scan(reader);
  expect(flows.map(countedFlow)).toEqual(expected);
});
