// npm's oidc-provider, for the tests: tokens by the grant client_credentials,
// where the client is the user.  The resource that is asked for says how the
// access token is made: https://pail.example/ALG, or /opaque; its scope is mail,
// its audience pail.  Keys are made anew, or read from FILE if it is there.
//
// usage: node provider.mjs PORT FILE
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [port, file] = process.argv.slice(2);
const where = createRequire(process.env.OIDC_PROVIDER_DIR + '/');
const { default: Provider } = await import(
  pathToFileURL(where.resolve('oidc-provider')));

function key(alg, type, options) {
  const pair = generateKeyPairSync(type, options);
  const jwk = pair.privateKey.export({ format: 'jwk' });
  return { ...jwk, alg, use: 'sig',
    kid: alg + '-' + Math.random().toString(36).slice(2) };
}

if (!existsSync(file)) {
  writeFileSync(file, JSON.stringify({ keys: [
    key('RS256', 'rsa', { modulusLength: 2048 }),
    key('PS256', 'rsa', { modulusLength: 2048 }),
    key('ES256', 'ec', { namedCurve: 'P-256' }),
    key('EdDSA', 'ed25519', {}),
  ] }));
}

function client(id) {
  return { client_id: id, client_secret: 'secret-of-' + id,
    grant_types: ['client_credentials'], response_types: [],
    redirect_uris: [], token_endpoint_auth_method: 'client_secret_basic' };
}

const provider = new Provider('http://127.0.0.1:' + port, {
  jwks: JSON.parse(readFileSync(file)),
  clients: ['ann', 'bob', 'pail'].map(client),
  scopes: ['mail', 'other'],
  extraTokenClaims: (ctx, token) => ({ preferred_username: token.clientId }),
  ttl: { ClientCredentials: (ctx) => Number(
    new URL(ctx.oidc.params.resource).searchParams.get('ttl') ?? 600) },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo(ctx, resource) {
        const how = new URL(resource).pathname.slice(1);
        const audience = new URL(resource).searchParams.get('aud') ?? 'pail';
        return how === 'opaque' ?
          { scope: 'mail other', audience, accessTokenFormat: 'opaque' } :
          { scope: 'mail other', audience, accessTokenFormat: 'jwt',
            jwt: { sign: { alg: how } } };
      },
    },
  },
  enabledJWA: {
    idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
  },
});
provider.listen(Number(port), '127.0.0.1');
