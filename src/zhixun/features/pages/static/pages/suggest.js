// The list under the search box (WAI-ARIA combobox with a listbox). Without this script the form searches as it is.
const PAUSE_MS = 160;
let last = 0;

document.querySelectorAll('[data-suggest]').forEach((box, number) => {
  const input = box.querySelector('input[type=search]'), list = document.createElement('ul');
  list.id = `suggested-${number}`; list.className = 'suggest'; list.hidden = true;
  list.setAttribute('role', 'listbox'); list.setAttribute('aria-label', input.labels[0]?.textContent || '');
  input.after(list);
  for (const [name, value] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': list.id, autocomplete: 'off' })) input.setAttribute(name, value);
  let at = -1, timer = 0;

  const close = () => { list.hidden = true; at = -1; input.setAttribute('aria-expanded', 'false'); input.removeAttribute('aria-activedescendant'); };
  const mark = to => {
    const rows = [...list.children];
    at = (to + rows.length) % rows.length;
    rows.forEach((row, n) => row.setAttribute('aria-selected', String(n === at)));
    input.setAttribute('aria-activedescendant', rows[at].id);
    rows[at].scrollIntoView({ block: 'nearest' });
  };
  const show = items => {
    list.replaceChildren(...items.map((one, n) => {
      const row = document.createElement('li');
      row.id = `${list.id}-${n}`; row.textContent = one.words; row.dataset.url = one.url;
      row.setAttribute('role', 'option'); row.setAttribute('aria-selected', 'false');
      return row;
    }));
    at = -1; list.hidden = !items.length; input.setAttribute('aria-expanded', String(items.length > 0)); input.removeAttribute('aria-activedescendant');
  };
  const ask = async () => {
    const mine = ++last, typed = input.value.trim();
    if (!typed) { close(); return; }
    try {
      const answer = await fetch(`${box.dataset.suggest}?q=${encodeURIComponent(typed.slice(0, 40))}`, { headers: { Accept: 'application/json' } });
      if (answer.ok && mine === last && document.activeElement === input) show((await answer.json()).items);
    } catch { close(); }
  };
  input.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE_MS); });
  input.addEventListener('keydown', e => {
    if (e.key === 'Escape' && !list.hidden) { e.preventDefault(); close(); return; }
    if (list.hidden) { if (e.key === 'ArrowDown') ask(); return; }
    if (e.key === 'ArrowDown') { e.preventDefault(); mark(at + 1); }
    if (e.key === 'ArrowUp') { e.preventDefault(); mark(at < 0 ? list.children.length - 1 : at - 1); }
    if (e.key === 'Enter' && at >= 0) { e.preventDefault(); location.href = list.children[at].dataset.url; }
  });
  list.addEventListener('mousedown', e => { e.preventDefault(); const row = e.target.closest('[role=option]'); if (row) location.href = row.dataset.url; });
  input.addEventListener('blur', () => { last++; close(); });
});
