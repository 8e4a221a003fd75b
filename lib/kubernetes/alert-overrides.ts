import { formatPlace, nearest } from "../formats/index.ts";
import type { AlertOverride, AlertOverrides } from "../monitoring/alert-overrides.ts";
import { type Finding, InvalidPropsError, removeKey, renameKey } from "../sizing/index.ts";
import type { ComponentChart } from "./chart.ts";

/**
 * Checks that every changed alert exists in one of the charts of a stack, and has a threshold if that is changed.
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
  if (findings.length > 0) throw new InvalidPropsError("Observability", "alertOverrides", findings);
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
