// Plain pages in the order in which Logto and Hugging Face show theirs. The
// element identifiers are those of the local tenant, so one test fits both.

import { names } from './people.mjs';

function page(title, body) {
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1>${body}</body>
</html>`;
}

export function signInPage(at) {
  return page(
    'Sign in',
    `<p><a id="continue-with-hugging-face" href="${at}/hugging-face">Continue with Hugging Face</a></p>`,
  );
}

export function peoplePage(at) {
  const links = names.map((name) => `<li><a id="person-${name}" href="${at}/hugging-face/${name}">${name}</a></li>`);
  return page('Who are you at Hugging Face?', `<ul>${links.join('')}</ul>`);
}

export function authorizePage(at, name) {
  return page(
    `Share the profile of ${name}?`,
    `<form method="post" action="${at}/hugging-face/${name}">
      <button id="authorize" name="answer" value="authorize">Authorize</button>
      <button id="decline" name="answer" value="decline">Decline</button>
    </form>`,
  );
}
