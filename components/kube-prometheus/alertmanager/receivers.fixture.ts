import type { Receiver } from "./receivers.ts";

const secret = (key: string) => ({ secret: "receivers", key });

/** One receiver of each kind beside those that the tests name themselves: the real amtool and operator must take them. */
export const otherReceivers: readonly Receiver[] = [
  { kind: "teams", name: "teams", webhookUrl: secret("teams") },
  { kind: "discord", name: "discord", webhookUrl: secret("discord") },
  { kind: "telegram", name: "telegram", botToken: secret("telegram"), chatId: -4711 },
  { kind: "opsgenie", name: "opsgenie", apiKey: secret("opsgenie") },
  { kind: "victorops", name: "victorops", apiKey: secret("victorops"), team: "sre" },
  { kind: "pushover", name: "pushover", userKey: secret("user"), token: secret("token") },
  { kind: "webex", name: "webex", roomId: "room", botToken: secret("webex") },
  {
    kind: "jira",
    name: "jira",
    apiUrl: "https://example.atlassian.net/rest/api/3/",
    project: "OPS",
    auth: { username: "bot", password: secret("jira") },
  },
  { kind: "sns", name: "sns", topicArn: "arn:aws:sns:eu-central-1:123456789012:alerts", region: "eu-central-1" },
];
