import { type MimirSetup, statelessPart } from "./pod.ts";
import type { MicroservicesSizing } from "./sizing.ts";

/** Takes samples in, checks them and hands them to the ingesters. Goes only when no client knows it any more. */
export function distributors(setup: MimirSetup, { distributor }: MicroservicesSizing): void {
  statelessPart(setup, {
    part: "distributor",
    sized: distributor,
    args: ["-server.grpc.keepalive.max-connection-age=60s", "-shutdown-delay=90s"],
    graceSeconds: 100,
  });
}
