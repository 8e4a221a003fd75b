import { type EnvValue, type Mount, type SecretKey, secretVolume } from "../../lib/kubernetes/index.ts";
import type { Ini } from "./ini.ts";

/** Login with OpenID Connect. @see https://grafana.com/docs/grafana/v13.2/setup-grafana/configure-access/configure-authentication/generic-oauth/ */
export interface Oidc {
  /** Name on the login button. @default "Single sign-on" */
  readonly name?: string;
  /** Client ID at the provider. */
  readonly clientId: string;
  /** Secret key with the client secret. */
  readonly clientSecret: SecretKey;
  /** The provider's authorization endpoint. */
  readonly authUrl: string;
  /** The provider's token endpoint. */
  readonly tokenUrl: string;
  /** The provider's userinfo endpoint. */
  readonly apiUrl: string;
  /** Requested scopes, separated by spaces. @default "openid profile email" */
  readonly scopes?: string;
  /** JMESPath expression over the token that yields the role. @default every user is a viewer @example "contains(groups[*], 'sre') && 'Admin' || 'Viewer'" */
  readonly roleAttributePath?: string;
  /** E-mail domains that may log in. @default any */
  readonly allowedDomains?: readonly string[];
  /** Skip the login form. @default false */
  readonly autoLogin?: boolean;
}

/** Login with LDAP. @see https://grafana.com/docs/grafana/v13.2/setup-grafana/configure-access/configure-authentication/ldap/ */
export interface Ldap {
  /** Secret key with Grafana's ldap.toml: servers, group mappings and the bind password. */
  readonly config: SecretKey;
  /** Port of the LDAP servers, for the network policy. @default 636 */
  readonly port?: number;
}

/** Login in addition to the administrator's. Anonymous access is always disabled. */
export interface Access {
  /** OpenID Connect. @default none */
  readonly oidc?: Oidc;
  /** LDAP. @default none */
  readonly ldap?: Ldap;
}

const ldapFolder = "/etc/grafana-ldap";

/** Sections of grafana.ini about login. The client secret is an environment variable. */
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
        // Rejects users whose role cannot be determined.
        role_attribute_strict: oidc.roleAttributePath !== undefined,
        allowed_domains: oidc.allowedDomains?.join(" "),
      },
    }),
    ...(ldap && {
      "auth.ldap": { enabled: true, config_file: `${ldapFolder}/${ldap.config.key}`, allow_sign_up: true },
    }),
  };
}

/** Environment variables with secrets for login. */
export function accessEnv({ oidc }: Access): Readonly<Record<string, EnvValue>> {
  return oidc ? { GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET: oidc.clientSecret } : {};
}

/** Files with secrets for login. */
export function accessMounts({ ldap }: Access): readonly Mount[] {
  return ldap ? [{ volume: secretVolume(ldap.config.secret), path: ldapFolder }] : [];
}
