import { isIP, isIPv4, isIPv6 } from "node:net";
import { byPattern, type Format } from "./format.ts";

/** The parts of an address that is written as `host` or `host:port`. */
export interface HostPort {
  readonly host: string;
  readonly port: number | undefined;
}

const label = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
const hostPattern = new RegExp(`^${label}(\\.${label})*\\.?$`, "i");

const isHost = (text: string): boolean =>
  isIP(text) > 0 || (hostPattern.test(text) && text.length <= 253 && !/^[\d.]+$/.test(text));

/** A host name or IP address, without scheme, port or path. */
export const host: Format = {
  name: "a host name",
  examples: ["grafana.example.com"],
  mistake: (text) =>
    isHost(text)
      ? undefined
      : text.includes("://")
        ? "it must not have a scheme"
        : "labels of letters, digits and hyphens, separated by dots, without a port or path",
};

/** Reads `host`, `host:port` or `[ipv6]:port`. Undefined if the text is none of them. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const [, ipv6, name, digits] = match;
  if (ipv6 !== undefined ? !isIPv6(ipv6) : !isHost(name as string)) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return { host: ipv6 ?? (name as string), port };
}

/** A host with an optional port. */
export const hostPort: Format = {
  name: "a host with an optional port",
  examples: ["s3.example.com", "minio.storage.svc:9000"],
  mistake: (text) =>
    parseHostPort(text)
      ? undefined
      : text.includes("://")
        ? "it must not have a scheme"
        : text.includes("/")
          ? "it must not have a path"
          : "a host name or IP address, and a port from 1 to 65535 after a colon",
};

/** A URL that something connects to. */
export interface HttpUrl {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** Without a slash at its end; empty for the root. */
  readonly path: string;
}

function mistakeInUrl(text: string): string | undefined {
  if (!URL.canParse(text) || !/^https?:\/\//i.test(text)) return "it must start with http:// or https://";
  const { hostname, username, password, port, search, hash } = new URL(text);
  if (username !== "" || password !== "") return "it must not have a user name or password: reference a Secret";
  if (!isHost(hostname.replace(/^\[|\]$/g, ""))) return "its host is not a host name";
  if (port === "0") return "its port must be from 1 to 65535";
  if (search !== "" || hash !== "" || /[?#]/.test(text)) return "it must not have a query or fragment";
  return undefined;
}

/** An HTTP or HTTPS URL without credentials, query or fragment. */
export const httpUrl: Format = {
  name: "a URL",
  examples: ["https://mimir.example.com"],
  mistake: mistakeInUrl,
};

/** Reads an {@link httpUrl}. @throws RangeError if it is none */
export function parseHttpUrl(text: string): HttpUrl {
  const mistake = mistakeInUrl(text);
  if (mistake) throw new RangeError(`not a URL: ${mistake}`);
  const { protocol, hostname, port, pathname } = new URL(text);
  const scheme = protocol === "https:" ? "https" : "http";
  return {
    scheme,
    host: hostname,
    port: port === "" ? { http: 80, https: 443 }[scheme] : Number(port),
    path: pathname.replace(/\/+$/, ""),
  };
}

/** The host of a URL; undefined if it is not known yet. */
export function hostsOf(...urls: readonly string[]): readonly string[] | undefined {
  return urls.every((each) => URL.canParse(each)) ? urls.map((each) => new URL(each).hostname) : undefined;
}

/** A range of IPv4 or IPv6 addresses. */
export const cidr: Format = {
  name: "a CIDR",
  examples: ["10.0.0.0/16", "fd00::/64"],
  mistake: (text) => {
    const [, address = "", digits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
    const bits = Number(digits);
    if (digits !== "" && isIPv4(address) && bits <= 32) return undefined;
    if (digits !== "" && isIPv6(address) && bits <= 128) return undefined;
    return "an IPv4 address with a prefix length up to 32, or an IPv6 address with one up to 128";
  },
};

/** What is reached without a proxy: a host, a domain, or a range of addresses. */
export const directTarget: Format = {
  name: "a host, a domain or a CIDR",
  examples: ["git.example.com", ".example.com", "10.0.0.0/8"],
  mistake: (text) =>
    isHost(text.replace(/^\./, "")) || cidr.mistake(text) === undefined
      ? undefined
      : "a host name, a domain after a dot, an address or a CIDR, without a port",
};

/** A mail address, or several separated by commas. */
export const mailAddresses = byPattern(
  "a mail address",
  /^\s*[^\s@,<>]+@[^\s@,<>]+\.?[^\s@,<>]*(\s*,\s*[^\s@,<>]+@[^\s@,<>]+)*\s*$/,
  "name@host, several separated by commas",
  ["alerts@example.com"],
);
