import type { Link, Panel } from "./panel.ts";
import { promqlError } from "./promql.ts";
import { queryError, variablesIn } from "./query.ts";

export type { Link, Panel } from "./panel.ts";

/** A variable of a dashboard: the values of a label. Queries use it as `{label=~"$name"}`. */
export interface Variable {
  readonly name: string;
  /** @default the name */
  readonly title?: string;
  /** PromQL selector of the series whose label values are listed; may use earlier variables. */
  readonly of: string;
  /** @default the name */
  readonly label?: string;
  /** Whether "All" includes series without the label. @default false */
  readonly optional?: boolean;
}

/** Panels under one heading. */
export interface Row {
  readonly title: string;
  /** Collapsed at first: its queries run when it is expanded. @default false */
  readonly collapsed?: boolean;
  readonly panels: readonly Panel[];
}

/** A dashboard of a component. */
export interface Dashboard {
  /** Stable, because alerts, links and bookmarks contain it: `skopos-<component>`. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** In addition to `skopos`, by which dashboards link to each other. @default none */
  readonly tags?: readonly string[];
  /** Refresh interval. @default "30s" */
  readonly refresh?: "5s" | "10s" | "30s" | "1m" | "5m";
  /** Start of the default time range, which ends now. @default "now-1h" */
  readonly from?: `now-${string}`;
  /** Data source of metrics that it opens with. @default "metrics" */
  readonly metrics?: "metrics" | "aggregates";
  /** In addition to a data source variable per signal that the dashboard queries. @default none */
  readonly variables?: readonly Variable[];
  /** @default all dashboards of the stack */
  readonly links?: readonly Link[];
  readonly rows: readonly Row[];
}

/** The cluster: an external label, which Prometheus adds when it sends series to Mimir. */
export const clusterVariable: Variable = { name: "cluster", title: "Cluster", of: "up", optional: true };

/** Every panel of a dashboard. */
export function panelsOf(dashboard: Dashboard): Panel[] {
  return dashboard.rows.flatMap(({ panels }) => [...panels]);
}

/** Errors in a dashboard: queries that the grammars reject, unknown variables, repeated titles. */
export function dashboardErrors(dashboard: Dashboard): string[] {
  const errors: string[] = [];
  const known = new Set<string>();
  for (const variable of dashboard.variables ?? []) {
    const error = promqlError(variable.of);
    if (error) errors.push(`variable ${variable.name}: not PromQL: ${variable.of} (${error})`);
    known.add(variable.name);
  }
  const ids = new Map<number, string>();
  const claim = (id: number, at: string) => {
    const other = ids.get(id);
    if (other !== undefined)
      errors.push(other === at ? `${at}: there twice` : `${at}: rename it, its id is that of ${other}`);
    ids.set(id, at);
  };
  for (const row of dashboard.rows) {
    claim(panelId(row), row.title);
    for (const panel of row.panels) {
      const at = `${row.title} / ${panel.title}`;
      claim(panelId(row, panel), at);
      for (const query of panel.queries) {
        const error = queryError(query);
        if (error) errors.push(`${at}: ${error}`);
        for (const name of variablesIn(query)) if (!known.has(name)) errors.push(`${at}: unknown variable $${name}`);
      }
    }
  }
  return errors.map((error) => `dashboard ${dashboard.uid}: ${error}`);
}

/** ID of a row or panel, from their titles (FNV-1a, 31 bits), so that it does not change when others are inserted before it. */
export function panelId(row: Row, panel?: Panel): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(panel ? `${row.title}/${panel.title}` : row.title)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 1;
}
