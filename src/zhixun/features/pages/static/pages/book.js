// The booking card: mirrors what is chosen into the button and the bar below. Without it the same form is sent as it is.
const $$ = (s, r = document) => [...r.querySelectorAll(s)];
const zh = document.documentElement.lang.startsWith('zh');
const HOUR = 3600000, FULL_HOURS = 24, HALF_HOURS = 2;   // the server's table decides; this only repeats it
for (const form of $$('form[data-booking]')) {
  const chosen = name => form.querySelector(`input[name=${name}]:checked`);
  const clock = new Intl.DateTimeFormat(zh ? 'zh-CN' : 'en-GB', { timeZone: form.dataset.zone, month: zh ? 'numeric' : 'short', day: 'numeric', weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const told = at => {
    const p = Object.fromEntries(clock.formatToParts(at).map(x => [x.type, x.value]));
    return zh ? `${p.month}月${p.day}日 ${p.weekday} ${p.hour}:${p.minute}` : `${p.weekday} ${p.day} ${p.month}, ${p.hour}:${p.minute}`;
  };
  const refund = start => {
    const full = new Date(start - FULL_HOURS * HOUR), half = new Date(start - HALF_HOURS * HOUR), now = Date.now();
    const said = full > now ? form.dataset.full : half > now ? form.dataset.half : form.dataset.none;
    return said.replace('{full}', told(full)).replace('{half}', told(half));
  };
  const sync = () => {
    const time = chosen('start'), service = chosen('service_id');
    const label = time && `${time.closest('[data-on]').dataset.on} ${time.nextElementSibling.textContent}`;
    for (const out of $$('[data-out=time]')) out.textContent = label || out.dataset.none || '';
    for (const out of $$('[data-out=price]')) if (service) out.textContent = service.dataset.price;
    for (const out of $$('[data-out=refund]', form)) {
      out.dataset.usual ??= out.textContent;
      out.textContent = time ? refund(Date.parse(time.value)) : out.dataset.usual;
    }
  };
  // A time belongs to a service and a day: another of either asks for the time again, unless the same one is free there.
  const forget = () => {
    const old = chosen('start'), index = chosen('service_id')?.id.slice(4);
    if (!old) return;
    const day = form.querySelector(`input[name=day-${index}]:checked`)?.id.slice(2);
    const same = form.querySelector(`[data-day="${day}"] input[value="${old.value}"]`);
    old.checked = false;
    if (same) same.checked = true;
  };
  form.addEventListener('change', e => {
    if (e.target.name === 'service_id' || e.target.name.startsWith('day-')) forget();
    sync();
  });
  form.noValidate = true;
  form.addEventListener('submit', e => {
    if (chosen('start')) return;
    e.preventDefault();
    const times = $$('.times', form).find(one => one.offsetParent);
    times?.scrollIntoView({ block: 'center' });
    $$('.tslot input', times || form).find(one => one.offsetParent)?.focus({ preventScroll: true });
    dispatchEvent(new CustomEvent('toast', { detail: zh ? '先选一个时间' : 'Choose a time first' }));
  });
  sync();
}
