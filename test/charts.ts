// What is wrong with one component's objects: their schemas, and the joins between monitors, Services and pods.
import type { ComponentChart } from "../lib/kubernetes/index.ts";
import { modelOf } from "./models.ts";
import { monitorProblems, type PlainObject } from "./wiring.ts";

/** Objects that no published schema allows, and monitors that find no port: one sentence each. */
export function chartProblems(chart: ComponentChart): string[] {
  const objects = chart.toJson() as PlainObject[];
  const complaints = objects.flatMap((object) => {
    const Model = modelOf(object.apiVersion, object.kind);
    if (!Model) return [`no model for ${object.apiVersion} ${object.kind}`];
    try {
      new Model(object).validate();
      return [];
    } catch (error) {
      return [`${object.kind} ${object.metadata.name}: ${(error as Error).message}`];
    }
  });
  return [...complaints, ...monitorProblems(objects)];
}

/** One object of a chart. @throws Error when it is not there */
export function objectOf(chart: ComponentChart, kind: string, name: string): PlainObject {
  const objects = chart.toJson() as PlainObject[];
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name} among ${objects.map(({ metadata }) => metadata.name).join(", ")}`);
  return found;
}
