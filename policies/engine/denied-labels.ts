import { z } from "zod";

/**
 * Labels that no series, stream or grouping may have: each has a value per user, request or resource, so that the number of
 * series has no bound, and many are personal data. One list for all signals.
 */
const deniedLabels: readonly string[] = [
  "user_id",
  "userid",
  "user",
  "username",
  "email",
  "email_address",
  "session_id",
  "sessionid",
  "session",
  "request_id",
  "requestid",
  "correlation_id",
  "trace_id",
  "traceid",
  "span_id",
  "spanid",
  "url",
  "uri",
  "full_url",
  "http_url",
  "url_full",
  "http_target",
  "url_path",
  "url_query",
  "query",
  "resource_id",
  "order_id",
  "customer_id",
  "account_id",
  "transaction_id",
  "message_id",
  "key",
  "cache_key",
  "token",
  "ip",
  "ip_address",
  "client_ip",
  "client_address",
  "remote_addr",
  "user_agent",
  "user_agent_original",
  "http_user_agent",
  "timestamp",
  "uid",
  "guid",
  "uuid",
];

/** A label as Prometheus writes it: `user.id` and `userId` are `user_id`. */
function normalized(label: string): string {
  return label
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .replaceAll(/[^A-Za-z0-9]+/g, "_")
    .toLowerCase();
}

/** Parameters of every rule that looks at labels. */
export const labelParameters = z.object({
  deny: z
    .array(z.string())
    .default([...deniedLabels])
    .describe("Labels that are not allowed, as Prometheus writes them."),
  allow: z.array(z.string()).default([]).describe("Labels of the list that are bounded here after all."),
});

/** Whether a label is denied. */
export function isDenied(label: string, { deny, allow }: z.output<typeof labelParameters>): boolean {
  const name = normalized(label);
  return deny.includes(name) && !allow.includes(name) && !allow.includes(label);
}
