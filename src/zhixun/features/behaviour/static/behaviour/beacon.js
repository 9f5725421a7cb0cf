// Tells the house what is looked at, in small batches, and only on pages that came with the reader's consent.
const ADDRESS = '/api/v1/interactions', BATCH_MAX = 20, PAUSE_MS = 1500, TEXT_MAX = 200;
const subject = document.querySelector('meta[name="subject"]')?.content || `page:${location.pathname.replace(/^\/en(?=\/|$)/, '') || '/'}`;
let queue = [], timer = 0, silent = navigator.globalPrivacyControl === true || navigator.doNotTrack === '1';

// An id of our own for each: a batch that is sent twice is kept once.
const newId = () => crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map(b => b.toString(16).padStart(2, '0')).join('');

function note(kind, about, text = '') {
  if (silent) return;
  queue.push({ id: newId(), kind, subject: about, text: text.slice(0, TEXT_MAX), at: new Date().toISOString() });
  clearTimeout(timer);
  if (queue.length >= BATCH_MAX) send(); else timer = setTimeout(send, PAUSE_MS);
}

function send() {
  clearTimeout(timer);
  if (silent || !queue.length) return;
  const body = new Blob([JSON.stringify({ events: queue.splice(0, BATCH_MAX) })], { type: 'application/json' });
  // A beacon outlives the page; where the browser refuses it (too much at once), an ordinary request takes its place.
  if (!navigator.sendBeacon(ADDRESS, body)) fetch(ADDRESS, { method: 'POST', body, keepalive: true }).catch(() => {});
  if (queue.length) send();
}

note('view', subject);
addEventListener('click', e => {
  const told = e.target.closest?.('[data-interaction]');
  if (told) note(told.dataset.interaction.split(' ')[0], told.dataset.interaction.split(' ')[1] || subject);
}, { passive: true });
addEventListener('pagehide', send);
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') send(); });

// Taking the consent back silences this page at once, and throws away what was not sent.
addEventListener('submit', e => {
  const given = e.target.elements?.namedItem('given');
  if (/\/consents\/behaviour$/.test(e.target.action) && given?.value === '0') { silent = true; queue = []; }
});
