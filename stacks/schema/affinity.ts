import { z } from "zod";
import { dnsLabel, labelKey, labelValue } from "../../lib/formats/index.ts";
import { mapping, text } from "../formats.ts";

const expression = z
  .strictObject({
    key: text(labelKey).describe("Label."),
    operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]).describe("How the label is compared."),
    values: z.array(text(labelValue).describe("A value.")).optional().describe("Values that it is compared with."),
  })
  .describe("A condition on a label.");

const nodeTerm = z
  .strictObject({
    matchExpressions: z.array(expression).optional().describe("Conditions on the node's labels."),
    matchFields: z.array(expression).optional().describe("Conditions on the node's fields."),
  })
  .describe("Conditions that a node must satisfy, all of them.");

const weight = z.int().min(1).max(100).describe("Weight of the preference.");

const labelSelector = z.strictObject({
  matchLabels: mapping(labelKey, labelValue).optional().describe("Labels that the pods have."),
  matchExpressions: z.array(expression).optional().describe("Conditions on the labels of the pods."),
});

const podTerm = z
  .strictObject({
    labelSelector: labelSelector.optional().describe("The pods."),
    namespaceSelector: labelSelector.optional().describe("Their namespaces, by label."),
    namespaces: z.array(text(dnsLabel).describe("A namespace.")).optional().describe("Their namespaces, by name."),
    topologyKey: text(labelKey).describe("Node label whose values are the places: topology.kubernetes.io/zone."),
  })
  .describe("Pods, and the place that is shared with or kept apart from them.");

const podAffinity = z.strictObject({
  requiredDuringSchedulingIgnoredDuringExecution: z.array(podTerm).optional().describe("Terms that must hold."),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(z.strictObject({ weight, podAffinityTerm: podTerm }).describe("A term and its weight."))
    .optional()
    .describe("Terms that should hold."),
});

/** The affinity of pods. @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ */
export const affinitySchema = z.strictObject({
  nodeAffinity: z
    .strictObject({
      requiredDuringSchedulingIgnoredDuringExecution: z
        .strictObject({ nodeSelectorTerms: z.array(nodeTerm).min(1).describe("Alternatives, of which one must hold.") })
        .optional()
        .describe("Nodes that the pods must be on."),
      preferredDuringSchedulingIgnoredDuringExecution: z
        .array(z.strictObject({ weight, preference: nodeTerm }).describe("Conditions and their weight."))
        .optional()
        .describe("Nodes that the pods should be on."),
    })
    .optional()
    .describe("Nodes, by label."),
  podAffinity: podAffinity.optional().describe("Pods to be close to."),
  podAntiAffinity: podAffinity.optional().describe("Pods to be apart from."),
});

/** A toleration. @see https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export const tolerationSchema = z
  .strictObject({
    key: text(labelKey).optional().describe("Key of the taint. By default any."),
    operator: z.enum(["Equal", "Exists"]).optional().describe("Whether the value matters. By default it does."),
    value: text(labelValue).optional().describe("Value of the taint."),
    effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional().describe("Effect. By default any."),
    tolerationSeconds: z
      .int()
      .min(0)
      .optional()
      .describe("Seconds for which NoExecute is tolerated. By default forever."),
  })
  .describe("A taint to tolerate.");
