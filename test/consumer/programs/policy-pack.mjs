// A consumer's policy pack. @pulumi/policy's own declarations do not compile without skipLibCheck, hence JavaScript.
import { skoposPolicies } from "skopos/policies/pulumi";

const policies = skoposPolicies({ facts: { availability: "redundant" } });
console.log(
  policies.every(({ name, validateStack }) => name && validateStack),
  policies.length > 10,
);
