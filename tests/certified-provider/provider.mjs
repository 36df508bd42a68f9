// The npm oidc-provider, certified by the OpenID Foundation, with the settings
// of a Logto tenant: paths, algorithms, lifetimes, claims and error bodies.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider, errors } from 'oidc-provider';
import { claimsOf } from './people.mjs';

const hour = 3600;
const day = 24 * hour;

const apiResource = 'https://api.example.test';
const organizationsResource = 'urn:logto:resource:organizations';

const claims = {
  openid: ['sub'],
  profile: ['name', 'picture', 'updated_at', 'username', 'created_at'],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  custom_data: ['custom_data'],
  identities: ['identities', 'sso_identities'],
  roles: ['roles'],
  'urn:logto:scope:organizations': ['organizations', 'organization_data'],
  'urn:logto:scope:organization_roles': ['organization_roles'],
};

// Logto keeps these out of ID tokens.
const onlyInUserInfo = ['custom_data', 'identities', 'sso_identities', 'organization_data'];

function signingKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES384', use: 'sig' };
}

function findAccount(ctx, sub) {
  const all = claimsOf(sub);
  return all && {
    accountId: sub,
    claims(use) {
      if (use === 'userinfo') {
        return all;
      }
      return Object.fromEntries(
        Object.entries(all).filter(([name]) => !onlyInUserInfo.includes(name)),
      );
    },
  };
}

function getResourceServerInfo(ctx, resource) {
  if (resource === apiResource) {
    return {
      scope: 'read:things write:things',
      audience: resource,
      accessTokenTTL: hour,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'ES384' } },
    };
  }
  if (resource === organizationsResource) {
    return {
      scope: '',
      audience: resource,
      accessTokenTTL: hour,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'ES384' } },
    };
  }
  throw new errors.InvalidTarget();
}

// A first-party app is granted what it asks for without a question.
async function grantEverything(ctx) {
  const { client, session, params } = ctx.oidc;
  const known = ctx.oidc.result?.consent?.grantId || session.grantIdFor(client.clientId);
  const grant = (known && (await ctx.oidc.provider.Grant.find(known)))
    || new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  for (const resource of [params.resource ?? []].flat()) {
    grant.addResourceScope(resource, params.scope);
  }
  await grant.save();
  return grant;
}

function rotateRefreshToken(ctx) {
  const { RefreshToken: refreshToken, Client: client } = ctx.oidc.entities;
  if (refreshToken.totalLifetime() >= 365.25 * day) {
    return false;
  }
  return client.clientAuthMethod === 'none' || refreshToken.ttlPercentagePassed() >= 70;
}

function signOutPage(ctx, form) {
  ctx.body = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Signing out</title></head>
<body>${form}<script>
  const form = document.forms[0];
  const yes = document.createElement('input');
  yes.type = 'hidden';
  yes.name = 'logout';
  yes.value = 'yes';
  form.appendChild(yes);
  form.submit();
</script></body></html>`;
}

function logtoError({ error, error_description: description }) {
  return { code: `oidc.${error}`, message: `An OIDC error occurred: oidc.${error}.`, error, error_description: description };
}

/** A provider for one confidential web app. */
export function createProvider({ issuer, baseUrl, clientId, clientSecret, interactionUrl }) {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [`${baseUrl}/callback`],
        post_logout_redirect_uris: [`${baseUrl}/`, baseUrl],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES384',
      },
    ],
    jwks: { keys: [signingKey()] },
    enabledJWA: { idTokenSigningAlgValues: ['ES384'], userinfoSigningAlgValues: ['ES384'] },
    routes: {
      authorization: '/auth',
      token: '/token',
      userinfo: '/me',
      jwks: '/jwks',
      end_session: '/session/end',
      revocation: '/token/revocation',
      introspection: '/token/introspection',
    },
    cookies: {
      keys: [randomBytes(32).toString('hex')],
      // As in Logto, the app on another port of localhost receives these too.
      short: { path: '/', signed: true, httpOnly: true, sameSite: 'lax' },
      long: { path: '/', signed: true, httpOnly: true, sameSite: 'lax' },
    },
    claims,
    scopes: ['openid', 'offline_access'],
    conformIdTokenClaims: false,
    findAccount,
    loadExistingGrant: grantEverything,
    interactions: { url: interactionUrl },
    extraParams: ['direct_sign_in', 'first_screen', 'identifier', 'interaction_mode', 'organization_id', 'one_time_token'],
    pkce: { required: (ctx, client) => client.clientAuthMethod === 'none' },
    rotateRefreshToken,
    ttl: {
      AccessToken: hour,
      AuthorizationCode: 60,
      Grant: 180 * day,
      IdToken: hour,
      Interaction: hour,
      RefreshToken: 14 * day,
      Session: 14 * day,
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => false,
        getResourceServerInfo,
      },
      rpInitiatedLogout: { enabled: true, logoutSource: signOutPage },
      userinfo: { enabled: true },
    },
    renderError(ctx, out) {
      ctx.body = logtoError(out);
    },
  });

  provider.use(async (ctx, next) => {
    await next();
    if (ctx.status >= 400 && ctx.body?.error && !ctx.body.code) {
      ctx.body = logtoError(ctx.body);
    }
  });
  return provider;
}
