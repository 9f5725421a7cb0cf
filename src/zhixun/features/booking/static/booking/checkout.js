// The checkout mirrors what the server decides: how long the hold lasts and how long the text may be.
for (const el of document.querySelectorAll('[data-count-of]')) {
  const area = document.getElementById(el.dataset.countOf), most = +el.dataset.countMax;
  const show = () => {
    const length = [...area.value].length;
    el.textContent = `${length.toLocaleString('en-US')} / ${most.toLocaleString('en-US')}`;
    el.classList.toggle('is-over', length > most);
  };
  area.addEventListener('input', show);
  show();
}
const timer = document.querySelector('.hold [data-count]'), over = document.getElementById('hold-over');
if (timer && over) {
  const end = performance.now() + timer.dataset.count * 1000;
  const look = () => {
    if (performance.now() < end) return setTimeout(look, Math.min(1000, end - performance.now() + 50));
    over.hidden = false;
  };
  look();
}
// A plan or points chosen are counted at once, by the server: the parts of the page that say what is to pay are put anew.
const form = document.querySelector('form[data-recounts]');
let asked = 0;
async function recount(name) {
  const mine = ++asked, sent = new FormData(form);
  sent.set('act', 'apply');
  try {
    const answer = await fetch(location.href, { method: 'POST', body: sent, credentials: 'same-origin' });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (mine !== asked) return;
    if (!page.querySelector('form[data-recounts]')) return location.reload();
    for (const part of document.querySelectorAll('[data-part]')) part.replaceWith(document.adoptNode(page.querySelector(`[data-part="${part.dataset.part}"]`)));
    document.querySelector('[data-recounted]').textContent = document.querySelector('.sum__t').textContent.trim();
    (form.querySelector(`[name="${name}"]:checked`) ?? form.querySelector(`[name="${name}"]`))?.focus({ preventScroll: true });
  } catch {
    location.reload();
  }
}
form?.addEventListener('change', e => { if (['use_plan', 'points'].includes(e.target.name)) recount(e.target.name); });
