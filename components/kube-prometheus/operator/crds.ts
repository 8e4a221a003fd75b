import { readFileSync } from "node:fs";
import type { ComponentChart, KubernetesObject } from "../../../lib/kubernetes/index.ts";

/** Contents of `crds.generated.json`. */
export interface GeneratedCrds {
  /** Go module and version: `github.com/prometheus-operator/prometheus-operator v0.93.1`. */
  readonly source: string;
  /** Command that generates the file. */
  readonly command: string;
  readonly definitions: readonly (KubernetesObject & { readonly metadata: { readonly name: string } })[];
}

/** The operator's CRDs. Half a megabyte, so that they are only read when a chart needs them. */
export function generatedCrds(): GeneratedCrds {
  return JSON.parse(readFileSync(new URL("./crds.generated.json", import.meta.url), "utf8")) as GeneratedCrds;
}

const group = "monitoring.coreos.com";
const versionAnnotation = "operator.prometheus.io/version";

/**
 * CRDs stay when the stack is deleted: deleting them deletes every team's monitors and rules. They exceed the size of the
 * annotation that client-side apply uses.
 */
const kept = {
  "skopos.dev/keep": "true",
  "helm.sh/resource-policy": "keep",
  "argocd.argoproj.io/sync-options": "ServerSideApply=true,Prune=false",
  "kustomize.toolkit.fluxcd.io/prune": "disabled",
} as const;

/** Adds the operator's CRDs, and an admission policy that rejects downgrades. */
export function crds(chart: ComponentChart): void {
  for (const definition of generatedCrds().definitions) {
    const { annotations = {} } = definition.metadata as { annotations?: Readonly<Record<string, string>> };
    chart.add({ ...definition, metadata: { ...definition.metadata, annotations: { ...annotations, ...kept } } });
  }
  noDowngrade(chart);
}

/** CEL: the version of a CRD as a list of numbers, zeros if it has none. */
const versionOf = (object: "object" | "oldObject") =>
  `has(${object}.metadata.annotations) && '${versionAnnotation}' in ${object}.metadata.annotations` +
  ` ? ${object}.metadata.annotations['${versionAnnotation}'].findAll('[0-9]+').map(part, int(part)) : [0, 0, 0]`;

const asNumber = (version: string) =>
  `variables.${version}[0] * 1000000 + variables.${version}[1] * 1000 + variables.${version}[2]`;

/** An older CRD silently drops fields that existing objects use. The API server rejects it. */
function noDowngrade(chart: ComponentChart): void {
  const name = `${chart.name}-no-crd-downgrade`;
  const apiVersion = "admissionregistration.k8s.io/v1";
  const { labels } = chart.metadata(name, "crds");
  const policy = {
    apiVersion,
    kind: "ValidatingAdmissionPolicy",
    metadata: { name, labels },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ["apiextensions.k8s.io"],
            apiVersions: ["v1"],
            operations: ["UPDATE"],
            resources: ["customresourcedefinitions"],
          },
        ],
      },
      matchConditions: [{ name: "ours", expression: `object.spec.group == '${group}'` }],
      variables: [
        { name: "before", expression: versionOf("oldObject") },
        { name: "after", expression: versionOf("object") },
      ],
      validations: [
        {
          expression: `${asNumber("after")} >= ${asNumber("before")}`,
          reason: "Forbidden",
          message: `the cluster's ${group} definitions are newer: do not install CRDs (crds: false), or update Skopos`,
        },
      ],
    },
  };
  chart.add(policy);
  chart.add({
    apiVersion,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name, labels },
    spec: { policyName: name, validationActions: ["Deny"] },
  });
}
