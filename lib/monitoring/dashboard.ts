import type { Link, Panel } from "./panel.ts";
import { promqlError } from "./promql.ts";
import { queryError, variablesIn } from "./query.ts";

export type { Link, Panel } from "./panel.ts";

/** A choice at the head of a dashboard: the values that a label has. Queries use it as `{label=~"$name"}`. */
export interface Variable {
  readonly name: string;
  /** @default the name */
  readonly title?: string;
  /** Selector of the series that are looked at, in PromQL; may name variables before it. */
  readonly of: string;
  /** @default the name */
  readonly label?: string;
  /** Whether "All" means series without the label too. @default false */
  readonly optional?: boolean;
}

/** Panels under one heading. */
export interface Row {
  readonly title: string;
  /** Folded until somebody opens it; its queries wait as long. @default false */
  readonly collapsed?: boolean;
  readonly panels: readonly Panel[];
}

/** A dashboard, as a component describes it. */
export interface Dashboard {
  /** Stable: alerts, links and bookmarks hold it. `skopos-<component>` */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Beside `skopos`, by which dashboards link to each other. @default none */
  readonly tags?: readonly string[];
  /** How often an open dashboard asks again. @default "30s" */
  readonly refresh?: "5s" | "10s" | "30s" | "1m" | "5m";
  /** What is shown at first: from then until now. @default "now-1h" */
  readonly from?: `now-${string}`;
  /** Beside the data sources, which are offered for each signal that the dashboard queries. @default none */
  readonly variables?: readonly Variable[];
  /** @default all dashboards of the stack */
  readonly links?: readonly Link[];
  readonly rows: readonly Row[];
}

/** The cluster: a label that Prometheus adds when it sends to Mimir, and that its own series lack. */
export const clusterVariable: Variable = { name: "cluster", title: "Cluster", of: "up", optional: true };

/** Every panel of a dashboard. */
export function panelsOf(dashboard: Dashboard): Panel[] {
  return dashboard.rows.flatMap(({ panels }) => [...panels]);
}

/** Everything that is wrong with a dashboard: queries that the real grammars refuse, unknown variables, titles twice. */
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

/** Id of a row or of a panel in it, from their titles (FNV-1a, 31 bits): it stays when others are added before it. */
export function panelId(row: Row, panel?: Panel): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(panel ? `${row.title}/${panel.title}` : row.title)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 1;
}
