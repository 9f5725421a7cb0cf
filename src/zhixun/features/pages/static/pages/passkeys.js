// Passkeys: <form data-passkey="create|get" data-options="address">. The server's options go to the browser, its answer into the
// form, and the form is sent as any other.
const text = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const bytes = said => Uint8Array.from(atob(said.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
const described = list => (list || []).map(one => ({ ...one, id: bytes(one.id) }));

async function answer(kind, options) {
  options.challenge = bytes(options.challenge);
  if (kind === 'create') {
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = described(options.excludeCredentials);
  } else {
    options.allowCredentials = described(options.allowCredentials);
  }
  const made = await navigator.credentials[kind]({ publicKey: options }), told = made.response;
  const response = { clientDataJSON: text(told.clientDataJSON) };
  for (const part of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (told[part]) response[part] = text(told[part]);
  }
  return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
}

for (const form of document.querySelectorAll('[data-passkey]')) {
  const said = form.querySelector('[data-said]'), button = form.querySelector('button');
  const tell = words => { said.hidden = !words; said.lastElementChild.textContent = words; };
  const why = location.origin !== form.dataset.origin ? form.dataset.elsewhere : window.PublicKeyCredential ? '' : form.dataset.without;
  if (why) { // nobody did anything wrong yet: no alarm
    tell(why);
    said.className = 'hint';
    said.querySelector('svg')?.remove();
    said.removeAttribute('role');
    button.disabled = true;
  }
  form.addEventListener('submit', async event => {
    event.preventDefault();
    tell('');
    button.setAttribute('aria-busy', 'true');
    try {
      const asked = await fetch(form.dataset.options, {
        method: 'POST', headers: { Accept: 'application/json', 'X-CSRFToken': form.elements.csrf_token.value },
      });
      const options = await asked.json();
      if (!asked.ok) throw new Error(options.message);
      form.elements.credential.value = await answer(form.dataset.passkey, options);
      form.submit();
    } catch (refusal) {
      tell(refusal instanceof DOMException ? form.dataset[refusal.name === 'InvalidStateError' ? 'known' : 'ended'] : refusal.message || form.dataset.ended);
      button.removeAttribute('aria-busy');
    }
  });
}
