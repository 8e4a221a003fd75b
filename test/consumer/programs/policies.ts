// A consumer's check in a program of its own: a whole stack by the names of the stack file, and the rules over its objects.
import { App } from "cdk8s";
import { composeObservability, observabilityProps } from "skopos/cdk8s";
import { checkObjects, fails, KubernetesObject, type Report, rules, textReport } from "skopos/policies";
import { SkoposValidation } from "skopos/policies/cdk8s";

const props = observabilityProps({
  cluster: { name: "prod", version: "1.36", networkPolicies: false },
  retention: "standard",
  scale: "small",
  availability: "single",
  workload: { activeSeries: "400k" },
  components: { traces: "off", mimir: { podLabels: { team: "metrics" } } },
});
const charts = composeObservability(new App(), props);
const objects = charts.flatMap((chart) => chart.toJson() as Record<string, unknown>[]);
const report: Report = checkObjects(
  objects.map((object) => new KubernetesObject(object)),
  { rules, facts: { availability: "redundant" } },
);
console.log(typeof fails(report), textReport(report).length > 0, typeof SkoposValidation);
