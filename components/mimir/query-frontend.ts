import { type MimirSetup, statelessPart } from "./pod.ts";
import type { MicroservicesSizing } from "./sizing.ts";

/** Takes queries from people, splits and caches them. Goes when no client knows it and its last query is answered. */
export function queryFrontends(setup: MimirSetup, { queryFrontend }: MicroservicesSizing): void {
  statelessPart(setup, {
    part: "query-frontend",
    sized: queryFrontend,
    args: ["-server.grpc.keepalive.max-connection-age=30s", "-shutdown-delay=90s"],
    graceSeconds: 390,
  });
}
