// Serves the provider and its sign-in pages on a free port of this machine.
//
// Environment: BASE_URL, CLIENT_ID and CLIENT_SECRET of the one app.
// Prints one line, `ready http://localhost:<port>`, when it can be used, and
// ends when its standard input does.

import { createServer } from 'node:http';
import { names, subjectOf } from './people.mjs';
import { authorizePage, peoplePage, signInPage } from './pages.mjs';
import { createProvider } from './provider.mjs';

const { BASE_URL: baseUrl, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret } = process.env;
if (!baseUrl || !clientId || !clientSecret) {
  throw new Error('set BASE_URL, CLIENT_ID and CLIENT_SECRET');
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const origin = `http://localhost:${server.address().port}`;
  server.on('request', handler(origin));
  console.log(`ready ${origin}`);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));

function interactionUrl(ctx, interaction) {
  const { direct_sign_in: direct } = interaction.params;
  return direct === 'social:huggingface'
    ? `/interaction/${interaction.uid}/hugging-face`
    : `/interaction/${interaction.uid}`;
}

/** Everything that was issued and must never be seen in a log. */
function recordSecrets(provider) {
  const secrets = [];
  for (const model of ['authorization_code', 'access_token', 'refresh_token']) {
    provider.on(`${model}.saved`, (token) => secrets.push(token.jti));
  }
  provider.on('grant.success', (ctx) => {
    for (const name of ['access_token', 'refresh_token', 'id_token']) {
      if (ctx.body[name]) {
        secrets.push(ctx.body[name]);
      }
    }
  });
  return secrets;
}

function handler(origin) {
  const provider = createProvider({
    issuer: `${origin}/oidc`, baseUrl, clientId, clientSecret, interactionUrl,
  });
  const protocol = provider.callback();
  const secrets = recordSecrets(provider);

  return async (request, response) => {
    const { pathname } = new URL(request.url, origin);
    try {
      if (pathname.startsWith('/oidc/')) {
        request.originalUrl = request.url;
        request.url = request.url.slice('/oidc'.length);
        protocol(request, response);
      } else if (pathname.startsWith('/interaction/')) {
        await interaction(provider, pathname, request, response);
      } else if (pathname === '/issued-secrets') {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(secrets));
      } else {
        response.statusCode = 404;
        response.end('not found');
      }
    } catch (error) {
      console.error(error);
      response.statusCode = 500;
      response.end('the provider failed, see its log');
    }
  };
}

async function interaction(provider, pathname, request, response) {
  const { uid, prompt } = await provider.interactionDetails(request, response);
  if (prompt.name === 'consent') {
    await provider.interactionFinished(request, response, { consent: {} });
    return;
  }

  const at = `/interaction/${uid}`;
  const person = names.find((name) => pathname === `${at}/hugging-face/${name}`);
  if (request.method === 'POST' && person) {
    const answer = new URLSearchParams(await body(request)).get('answer');
    const result = answer === 'authorize'
      ? { login: { accountId: subjectOf(person) } }
      : { error: 'access_denied', error_description: 'the user declined at Hugging Face' };
    await provider.interactionFinished(request, response, result);
    return;
  }

  response.setHeader('content-type', 'text/html; charset=utf-8');
  // Logto leaves a cookie like this one: raw JSON, for every port of localhost.
  response.appendHeader('set-cookie', `_logto={"appId":"${clientId}"}; path=/; samesite=lax`);
  if (person) {
    response.end(authorizePage(at, person));
  } else if (pathname === `${at}/hugging-face`) {
    response.end(peoplePage(at));
  } else {
    response.end(signInPage(at));
  }
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
