import { type EnvValue, type Mount, type SecretKey, secretVolume } from "../../lib/kubernetes/index.ts";
import type { Ini } from "./ini.ts";

/** Login by an OpenID Connect provider. */
export interface Oidc {
  /** Name on the login button. @default "Single sign-on" */
  readonly name?: string;
  readonly clientId: string;
  readonly clientSecret: SecretKey;
  readonly authUrl: string;
  readonly tokenUrl: string;
  /** The provider's userinfo endpoint. */
  readonly apiUrl: string;
  /** @default "openid profile email" */
  readonly scopes?: string;
  /** JMESPath over the token that gives the role: `contains(groups[*], 'sre') && 'Admin' || 'Viewer'`. @default everybody is a viewer */
  readonly roleAttributePath?: string;
  /** Mail domains that may log in. @default whoever the provider lets in */
  readonly allowedDomains?: readonly string[];
  /** Skip the login form. @default false */
  readonly autoLogin?: boolean;
}

/** Login by LDAP: Grafana's own ldap.toml, with servers, group mappings and the bind password, in a Secret. */
export interface Ldap {
  readonly config: SecretKey;
  /** Port of the servers, for the network policy. @default 636 */
  readonly port?: number;
}

/** Who may log in, beside the administrator. Anonymous access is always off. */
export interface Access {
  readonly oidc?: Oidc;
  readonly ldap?: Ldap;
}

const ldapFolder = "/etc/grafana-ldap";

/** The sections of grafana.ini for logging in. The client secret comes by environment. */
export function accessIni({ oidc, ldap }: Access): Ini {
  return {
    auth: { disable_login_form: false, oauth_auto_login: oidc?.autoLogin ?? false },
    "auth.anonymous": { enabled: false },
    ...(oidc && {
      "auth.generic_oauth": {
        enabled: true,
        name: oidc.name ?? "Single sign-on",
        client_id: oidc.clientId,
        auth_url: oidc.authUrl,
        token_url: oidc.tokenUrl,
        api_url: oidc.apiUrl,
        scopes: oidc.scopes ?? "openid profile email",
        use_pkce: true,
        role_attribute_path: oidc.roleAttributePath,
        // A user whose role cannot be told is refused rather than let in as somebody.
        role_attribute_strict: oidc.roleAttributePath !== undefined,
        allowed_domains: oidc.allowedDomains?.join(" "),
      },
    }),
    ...(ldap && {
      "auth.ldap": { enabled: true, config_file: `${ldapFolder}/${ldap.config.key}`, allow_sign_up: true },
    }),
  };
}

/** Secrets for logging in, as environment. */
export function accessEnv({ oidc }: Access): Readonly<Record<string, EnvValue>> {
  return oidc ? { GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET: oidc.clientSecret } : {};
}

/** Secrets for logging in, as files. */
export function accessMounts({ ldap }: Access): readonly Mount[] {
  return ldap ? [{ volume: secretVolume(ldap.config.secret), path: ldapFolder }] : [];
}
