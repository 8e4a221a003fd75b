import * as gateway from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1";
import * as admission from "kubernetes-models/admissionregistration.k8s.io/v1";
import * as apiextensions from "kubernetes-models/apiextensions.k8s.io/v1";
import * as apps from "kubernetes-models/apps/v1";
import * as autoscaling from "kubernetes-models/autoscaling/v2";
import * as batch from "kubernetes-models/batch/v1";
import * as networking from "kubernetes-models/networking.k8s.io/v1";
import * as policy from "kubernetes-models/policy/v1";
import * as rbac from "kubernetes-models/rbac.authorization.k8s.io/v1";
import * as scheduling from "kubernetes-models/scheduling.k8s.io/v1";
import * as storage from "kubernetes-models/storage.k8s.io/v1";
import * as core from "kubernetes-models/v1";
import { operatorSchema } from "./crd-schema.ts";

type ModelClass = new (data: object) => { validate(): void };

const groups: Readonly<Record<string, object>> = {
  v1: core,
  "admissionregistration.k8s.io/v1": admission,
  "apiextensions.k8s.io/v1": apiextensions,
  "apps/v1": apps,
  "autoscaling/v2": autoscaling,
  "batch/v1": batch,
  "gateway.networking.k8s.io/v1": gateway,
  "networking.k8s.io/v1": networking,
  "policy/v1": policy,
  "rbac.authorization.k8s.io/v1": rbac,
  "scheduling.k8s.io/v1": scheduling,
  "storage.k8s.io/v1": storage,
};

/** The published model of a kind, with a validator made from its OpenAPI schema; the operator's kinds by their CRDs. */
export function modelOf(apiVersion: string, kind: string): ModelClass | undefined {
  const schema = operatorSchema(apiVersion, kind);
  if (!schema) return (groups[apiVersion] as Record<string, ModelClass> | undefined)?.[kind];
  return class {
    readonly data: object;
    constructor(data: object) {
      this.data = data;
    }
    validate(): void {
      const { error } = schema.safeParse(this.data);
      if (error) throw new Error(error.issues.map(({ path, message }) => `${path.join("/")}: ${message}`).join(", "));
    }
  };
}
