// Cilium's definition of CiliumNetworkPolicy, as its module github.com/cilium/cilium publishes it (Apache-2.0).
import { parse } from "yaml";
import type { CustomResourceDefinition } from "./crds.ts";
import { readModuleFile } from "./module-file.ts";

const crds = "pkg/k8s/apis/cilium.io/client/crds/v2";

/** The CustomResourceDefinition of CiliumNetworkPolicy. @throws Error if it cannot be downloaded */
export function ciliumNetworkPolicyCrd(): CustomResourceDefinition {
  return parse(
    readModuleFile({
      module: "github.com/cilium/cilium",
      version: "v1.18.6",
      sum: "h1:acz5aRKhZbarCO1flx2vCP9wBh+lDc02uJgdqiTsJbA=",
      path: `${crds}/ciliumnetworkpolicies.yaml`,
      cached: "cilium/v1.18.6/ciliumnetworkpolicies.yaml",
    }),
  ) as CustomResourceDefinition;
}
