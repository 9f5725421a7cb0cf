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
