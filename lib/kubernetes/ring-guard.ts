import type { ComponentChart } from "./chart.ts";
import { selectorLabels } from "./labels.ts";

/** Annotation of a StatefulSet that allows one lower number of replicas: that number. */
export const scaleDownAnnotation = "skopos.dev/scale-down-to";
/** Annotation of a StatefulSet that allows its pods to be replaced while other zones roll out: any value. */
export const rollOutAnnotation = "skopos.dev/roll-out-with-other-zones";

/** StatefulSets whose pods hold data that is not in object storage yet. */
export interface RingMembers {
  /** Names of the StatefulSets: one, or one per zone. */
  readonly names: readonly string[];
  /** Part of the component that they belong to. */
  readonly part: string;
}

/** Page that describes how to remove pods without losing data. */
const procedure = "docs/removing-pods.md";

const annotation = (name: string) => `object.metadata.?annotations[?"${name}"]`;

/** Whether a StatefulSet has finished its rollout, in CEL. */
const settled =
  "params.status.?observedGeneration.orValue(0) == params.metadata.generation" +
  " && params.status.?updatedReplicas.orValue(0) == params.spec.replicas" +
  " && params.status.?readyReplicas.orValue(0) == params.spec.replicas";

/**
 * Adds admission policies, which hold for every way of delivery. Fewer replicas of a ring member are denied unless the
 * StatefulSet carries {@link scaleDownAnnotation}; the scale subresource carries no annotations and never lowers them. A new
 * pod template of one zone is denied while another zone is rolling out: applying the same files again continues.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export function guardRing(chart: ComponentChart, members: RingMembers): void {
  const { names, part } = members;
  const name = `${chart.home}-${names.length === 1 ? names[0] : `${chart.name}-${part}`}`;
  const statefulSets = (resources: readonly string[]) => ({
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": chart.home } },
    resourceRules: [
      { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["UPDATE"], resources, resourceNames: [...names] },
    ],
  });
  policy(chart, part, `${name}-scale-down`, {
    spec: {
      failurePolicy: "Fail",
      matchConstraints: { resourceRules: statefulSets(["statefulsets"]).resourceRules },
      validations: [
        {
          expression: `object.spec.replicas >= oldObject.spec.replicas || ${annotation(scaleDownAnnotation)}.orValue("") == string(object.spec.replicas)`,
          message: `removing pods loses data unless they are drained first: follow ${procedure}, then set the annotation ${scaleDownAnnotation} to the new number of replicas`,
        },
      ],
    },
    match: statefulSets(["statefulsets"]),
  });
  policy(chart, part, `${name}-scale`, {
    spec: {
      failurePolicy: "Fail",
      matchConstraints: { resourceRules: statefulSets(["statefulsets/scale"]).resourceRules },
      validations: [
        {
          expression: "object.spec.replicas >= oldObject.spec.replicas",
          message: `removing pods loses data unless they are drained first: follow ${procedure}; the scale subresource cannot acknowledge it`,
        },
      ],
    },
    match: statefulSets(["statefulsets/scale"]),
  });
  if (names.length === 1) return;
  policy(chart, part, `${name}-zones`, {
    spec: {
      failurePolicy: "Fail",
      paramKind: { apiVersion: "apps/v1", kind: "StatefulSet" },
      matchConstraints: { resourceRules: statefulSets(["statefulsets"]).resourceRules },
      validations: [
        {
          expression: `object.spec.template == oldObject.spec.template || params.metadata.name == object.metadata.name || ${annotation(rollOutAnnotation)}.hasValue() || (${settled})`,
          message: `another zone is rolling out: two zones that restart at once leave one copy of the data. Apply again once it is ready, or set the annotation ${rollOutAnnotation}`,
        },
      ],
    },
    match: statefulSets(["statefulsets"]),
    paramRef: {
      namespace: chart.home,
      selector: { matchLabels: selectorLabels(chart.identity(part)) },
      parameterNotFoundAction: "Allow",
    },
  });
}

/** A policy and the binding that applies it to the chart's namespace. */
function policy(
  chart: ComponentChart,
  part: string,
  name: string,
  { spec, match, paramRef }: { readonly spec: object; readonly match: object; readonly paramRef?: object },
): void {
  const { namespace: _, ...metadata } = chart.metadata(name, part);
  const apiVersion = "admissionregistration.k8s.io/v1";
  chart.add({ apiVersion, kind: "ValidatingAdmissionPolicy", metadata, spec });
  chart.add({
    apiVersion,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata,
    spec: { policyName: name, validationActions: ["Deny"], matchResources: match, ...(paramRef && { paramRef }) },
  });
}
