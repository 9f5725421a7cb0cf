// The conversation without leaving the page: the answer is shown while it is written, then the page's own rendering takes its place.
// Without this file the form does the same in one step.
const form = document.querySelector('[data-ask]');
const policy = window.trustedTypes?.createPolicy('zx-ask', { createHTML: s => s });   // same-origin HTML from our own server only
const html = document.documentElement;

function bubble(kind, text) {
  const li = document.createElement('li'), box = document.createElement('div');
  li.className = `msg msg--${kind}`; box.className = kind === 'me' ? 'bub' : 'ans'; box.textContent = text;
  li.append(box); document.querySelector('[data-log]').append(li); li.scrollIntoView({ block: 'nearest' });
  return box;
}

async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let open = ''; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (open + value).split('\n\n'); open = parts.pop();
    for (const part of parts) {
      const named = /^event: (.*)$/m.exec(part), data = /^data: (.*)$/m.exec(part);
      if (named && data) yield [named[1], JSON.parse(data[1])];
    }
  }
}

async function refresh() {
  const page = await (await fetch(location.pathname, { credentials: 'same-origin' })).text();
  const next = new DOMParser().parseFromString(policy ? policy.createHTML(page) : page, 'text/html');
  document.getElementById('talk').replaceWith(document.adoptNode(next.getElementById('talk')));
  form.elements.question_id.value = next.querySelector('[name=question_id]').value;
  document.querySelector('[data-log] > :last-child')?.scrollIntoView({ block: 'nearest' });
}

form?.addEventListener('submit', async e => {
  const question = form.elements.question.value.trim();
  if (!question || !window.TextDecoderStream) return;
  e.preventDefault();
  const button = form.querySelector('button'); button.setAttribute('aria-busy', 'true');
  const mine = bubble('me', question), answer = bubble('them', form.dataset.wait + ' …');
  try {
    const response = await fetch('/api/v1/assistant/answers', {
      method: 'POST', credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream', 'Accept-Language': html.lang.startsWith('zh') ? 'zh' : 'en' },
      body: JSON.stringify({ question, conversation_id: form.dataset.talk, question_id: form.elements.question_id.value }),
    });
    if (!response.ok) throw new Error((await response.json()).message);
    let first = true;
    for await (const [name, data] of events(response)) {
      if (name === 'piece') { answer.textContent = (first ? '' : answer.textContent + ' ') + data.text; first = false; }
      if (name === 'error') throw new Error(data.message);
    }
    await refresh(); form.elements.question.value = ''; form.elements.question.focus();
  } catch (error) {
    mine.parentElement.remove();
    answer.textContent = `${form.dataset.failed} ${error.message || ''}`; answer.setAttribute('role', 'alert');
  } finally { button.removeAttribute('aria-busy'); }
});
