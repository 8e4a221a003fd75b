import type * as pulumi from "@pulumi/pulumi";
import type { IConstruct } from "constructs";

/**
 * A chart's props with Outputs allowed wherever free text stands. Numbers, enums and switches decide which objects
 * there are, so they must be known when the program runs: an Output there does not compile. Constructs stay what they are.
 */
export type Inputs<T> = T extends string
  ? string extends T
    ? pulumi.Input<string>
    : T
  : T extends IConstruct
    ? T
    : T extends number | boolean | bigint | null | undefined
      ? T
      : T extends readonly (infer Item)[]
        ? readonly Inputs<Item>[]
        : T extends object
          ? { readonly [K in keyof T]: Inputs<T[K]> }
          : T;
