import { readFileSync } from "node:fs";
import type { ComponentChart, KubernetesObject } from "../../../lib/kubernetes/index.ts";

/** What `crds.generated.json` holds. */
export interface GeneratedCrds {
  /** Where they come from, `github.com/prometheus-operator/prometheus-operator v0.93.1`. */
  readonly source: string;
  /** The command that writes the file. */
  readonly command: string;
  readonly definitions: readonly (KubernetesObject & { readonly metadata: { readonly name: string } })[];
}

/** The operator's resource definitions. Half a megabyte: read when a chart needs them and not before. */
export function generatedCrds(): GeneratedCrds {
  return JSON.parse(readFileSync(new URL("./crds.generated.json", import.meta.url), "utf8")) as GeneratedCrds;
}

const group = "monitoring.coreos.com";
const versionAnnotation = "operator.prometheus.io/version";

/**
 * Whatever deletes the stack must leave the definitions, since with them go all monitors and rules of all teams; and
 * they are too large for the annotation that client-side apply keeps.
 */
const kept = {
  "skopos.dev/keep": "true",
  "helm.sh/resource-policy": "keep",
  "argocd.argoproj.io/sync-options": "ServerSideApply=true,Prune=false",
  "kustomize.toolkit.fluxcd.io/prune": "disabled",
} as const;

/** Adds the operator's resource definitions, and the policy that refuses to replace them by older ones. */
export function crds(chart: ComponentChart): void {
  for (const definition of generatedCrds().definitions) {
    const { annotations = {} } = definition.metadata as { annotations?: Readonly<Record<string, string>> };
    chart.add({ ...definition, metadata: { ...definition.metadata, annotations: { ...annotations, ...kept } } });
  }
  noDowngrade(chart);
}

/** An object's version as one number; 0 where it has none. */
const versionOf = (object: "object" | "oldObject") =>
  `has(${object}.metadata.annotations) && '${versionAnnotation}' in ${object}.metadata.annotations` +
  ` ? ${object}.metadata.annotations['${versionAnnotation}'].findAll('[0-9]+').map(part, int(part)) : [0, 0, 0]`;

const asNumber = (version: string) =>
  `variables.${version}[0] * 1000000 + variables.${version}[1] * 1000 + variables.${version}[2]`;

/** An older definition drops fields that objects use, without a word. The API server itself refuses it. */
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
          message: `the cluster's ${group} definitions are newer: leave them to whoever brought them (crds: false), or update Skopos`,
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
