import { isDeepStrictEqual } from "node:util";
import { formatPlace, nearest } from "../formats/index.ts";
import { type AlertOverride, type AlertOverrides, overrideOf } from "../monitoring/alert-overrides.ts";
import { type Finding, InvalidPropsError, removeKey, renameKey } from "../sizing/index.ts";
import type { ComponentChart, KnownAlert } from "./chart.ts";

/**
 * Checks that every changed alert exists in one of the charts of a stack, has a threshold if that is changed, and is another one
 * after the change.
 * @throws InvalidPropsError with every finding
 */
export function assertKnownAlerts(charts: readonly ComponentChart[], overrides: AlertOverrides): void {
  const alerts = charts.flatMap(({ knownAlerts }) => knownAlerts);
  const names = new Set(alerts.flatMap(({ name, severity }) => [name, `${name}/${severity}`]));
  const findings = Object.entries(overrides).flatMap(([key, override]) => {
    const at = formatPlace(["alertOverrides", key]);
    if (!names.has(key)) return [unknownAlert(at, key, [...new Set(alerts.map(({ name }) => name))].sort())];
    const named = alerts.filter(({ name, severity }) => key === name || key === `${name}/${severity}`);
    return [
      ...sharedChange(at, key, override, [...new Set(named.map(({ severity }) => severity))]),
      ...(named.every(({ hasThreshold }) => hasThreshold) ? [] : noThreshold(at, key, override)),
    ];
  });
  findings.push(...withoutChange(alerts, overrides));
  if (findings.length > 0) throw new InvalidPropsError("Observability", "alertOverrides", findings);
}

/** Changes after which every alert is what it is without them. */
function withoutChange(alerts: readonly KnownAlert[], overrides: AlertOverrides): readonly Finding[] {
  const findings: Finding[] = [];
  let left = overrides;
  for (const key of Object.keys(overrides)) {
    const { [key]: _, ...others } = left;
    const named = alerts.filter(({ name, severity }) => key === name || key === `${name}/${severity}`);
    const changesNone = named.every(({ name, severity }) =>
      isDeepStrictEqual(changesOf(overrideOf(left, name, severity)), changesOf(overrideOf(others, name, severity))),
    );
    if (named.length === 0 || !changesNone) continue;
    left = others;
    const replaced = named.map(({ name, severity }) => `${name}/${severity}`).filter((each) => each in others);
    findings.push({
      code: "SKP1319",
      at: formatPlace(["alertOverrides", key]),
      message: replaced.length > 0 ? `${replaced.join(" and ")} replaces all that it changes` : "it changes nothing",
      fix: removeKey(key),
    });
  }
  return findings;
}

/** What an override changes: an alert that is disabled has nothing else to change. */
function changesOf({ enabled = true, labels = {}, ...others }: AlertOverride): object {
  if (!enabled) return { enabled };
  return Object.fromEntries(
    Object.entries({ ...others, ...(Object.keys(labels).length > 0 && { labels }) }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

function unknownAlert(at: string, name: string, known: readonly string[]): Finding {
  const meant = nearest(name, known);
  return {
    code: "SKP1313",
    at,
    message: meant ? `no alert ${name}: did you mean ${meant}?` : `no alert ${name} in this stack`,
    fix: meant ? renameKey(name, meant) : removeKey(name, `the alerts of this stack are ${known.join(", ")}`),
  };
}

function noThreshold(at: string, name: string, { threshold }: AlertOverride): readonly Finding[] {
  if (threshold === undefined) return [];
  const message = `${name} does not compare one value with one number`;
  return [
    {
      code: "SKP1314",
      at: `${at}.threshold`,
      message,
      fix: removeKey("threshold", "or disable the alert and write one of your own"),
    },
  ];
}

function sharedChange(
  at: string,
  name: string,
  override: AlertOverride,
  severities: readonly string[],
): readonly Finding[] {
  if (severities.length < 2) return [];
  return (["threshold", "severity"] as const)
    .filter((key) => override[key] !== undefined)
    .map((key) => ({
      code: "SKP1315",
      at: `${at}.${key}`,
      message: `${name} exists at severities ${severities.join(" and ")}`,
      fix: `# change one of them: ${severities.map((severity) => `"${name}/${severity}"`).join(" or ")}`,
    }));
}
