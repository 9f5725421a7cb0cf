// One conversation, live: on its page and in the session room. Without this file the form posts and the page reloads.
const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
const PING_MS = 25000, SILENT_MS = 60000, TYPING_MS = 3000, TYPING_SHOWN_MS = 6000, HERE_MS = 70000, WAIT_MS_FIRST = 500, WAIT_MS_MAX = 30000, AHEAD_SHOWN_S = 3600, FILES_MAX = 5, FILE_BYTES_MAX = 10e6;

// A UUIDv7 as 32 hex characters: the time, then chance. Made here, so that a message sent twice is stored once.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)), now = Date.now();
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes].map(b => b.toString(16).padStart(2, '0')).join('');
}

function size(bytes) { return bytes < 1000 ? `${bytes} B` : bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`; }

// What is left, in the words of a clock: "23:41", "1:59:08", "1 d 01:03".
function remaining(seconds, days) {
  const two = n => String(n).padStart(2, '0'), hours = seconds / 3600 | 0, minutes = (seconds / 60 | 0) % 60;
  if (hours >= 24) return `${days.replace('#', hours / 24 | 0)} ${two(hours % 24)}:${two(minutes)}`;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}

// The line to /live. It comes back by itself; `hello()` says what is known, `on` hears every frame.
class Line {
  constructor({ hello, on, change }) { Object.assign(this, { hello, on, change, wait: WAIT_MS_FIRST, up: false, ever: false, tries: 0 }); }
  open() {
    clearTimeout(this.timer);
    const socket = this.socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/live');
    this.tries += 1;
    socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', language: document.documentElement.lang.startsWith('zh') ? 'zh' : 'en', ...this.hello() }));
    socket.onmessage = e => {
      const frame = JSON.parse(e.data);
      this.heard = Date.now();
      if (frame.type === 'welcome') { this.up = this.ever = true; this.wait = WAIT_MS_FIRST; this.change(true); }
      this.on(frame);
    };
    socket.onclose = e => {
      if (socket !== this.socket) return;
      this.up = false;
      clearInterval(this.beat);
      this.change(false, e.code);
      if (e.code === 4401 || e.code === 4403) return;
      this.timer = setTimeout(() => this.open(), this.wait * (.5 + Math.random()));
      this.wait = Math.min(this.wait * 2, WAIT_MS_MAX);
    };
    clearInterval(this.beat);
    this.beat = setInterval(() => { if (this.up && Date.now() - this.heard > SILENT_MS) { this.up = false; this.now(); } else this.say('ping'); }, PING_MS);
  }
  now() { if (!this.up) { this.wait = WAIT_MS_FIRST; this.socket.onclose = null; this.socket.close(); this.open(); } }
  say(type, frame = {}) { if (!this.up) return false; this.socket.send(JSON.stringify({ type, ...frame })); return true; }
}

class Talk {
  constructor(root) {
    Object.assign(this, { root, id: root.dataset.conversation, me: root.dataset.me, seq: +root.dataset.seq, theirs: +root.dataset.read, mine: 0 });
    this.words = JSON.parse(root.dataset.words);
    this.list = $('[data-list]', root); this.log = $('.log', root); this.form = $('[data-compose]', root); this.box = this.form.elements.text; this.files = this.form.elements.files;
    const lang = document.documentElement.lang, timeZone = root.dataset.zone;
    this.clock = new Intl.DateTimeFormat(lang, { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    this.day = new Intl.DateTimeFormat(lang.startsWith('zh') ? lang : 'en-GB', { timeZone, month: lang.startsWith('zh') ? 'long' : 'short', day: 'numeric', weekday: 'short' });
    this.ymd = new Intl.DateTimeFormat('en-CA', { timeZone });
    this.lastDay = $$('[data-day] time', root).map(t => this.ymd.format(new Date(t.dateTime))).pop();
    this.keep = `talk:${this.id}`;
    this.pending = new Map();
    this.restore();
    this.marks();
    this.listen();
    this.toEnd();
  }

  // What was typed and what has not arrived survive a reload.
  restore() {
    let kept = {};
    try { kept = JSON.parse(sessionStorage.getItem(this.keep)) || {}; } catch { /* a damaged draft is no draft */ }
    if (kept.draft && !this.box.value) this.box.value = kept.draft;
    for (const [key, text] of kept.pending || []) if (!$(`[data-key="${CSS.escape(key)}"]`, this.list)) this.pend(key, text);
  }
  save() {
    try { sessionStorage.setItem(this.keep, JSON.stringify({ draft: this.box.value, pending: [...this.pending].map(([key, one]) => [key, one.text]) })); } catch { /* private mode: nothing is kept */ }
  }

  listen() {
    this.form.addEventListener('submit', e => { if (this.line.ever || this.line.tries < 4) { e.preventDefault(); this.submit(); } });
    this.box.addEventListener('keydown', e => {
      if (e.key === 'Enter' && !e.shiftKey && !e.isComposing && !matchMedia('(pointer:coarse)').matches) { e.preventDefault(); this.form.requestSubmit(); }
    });
    this.box.addEventListener('input', () => {
      this.save(); this.refuse('');
      if (this.box.value.trim() && Date.now() - (this.typedAt || 0) > TYPING_MS && this.line.say('typing', { conversation: this.id })) this.typedAt = Date.now();
    });
    this.files.addEventListener('change', () => this.choose());
    this.box.addEventListener('paste', e => { if (e.clipboardData.files.length) { e.preventDefault(); this.files.files = e.clipboardData.files; this.choose(); } });
    document.addEventListener('visibilitychange', () => this.read());
    this.log.addEventListener('scroll', () => this.read(), { passive: true });
  }
  submit() {
    const text = this.box.value.trim(), files = [...this.files.files];
    if (!text && !files.length) return this.box.focus();
    if ([...text].length > +this.box.dataset.lengthMax) return this.refuse(this.words.long);
    if (files.length) return this.upload(text, files);
    const key = newId();
    this.pend(key, text);
    this.box.value = ''; this.box.focus(); this.typedAt = 0;
    this.save(); this.send(key); this.toEnd();
  }
  // Files go by the form's own way, as a whole; the message they belong to comes back over the line like any other.
  async upload(text, files) {
    if (this.uploading) return;
    if (files.length > FILES_MAX) return this.refuse(this.words.many);
    if (files.some(one => one.size > FILE_BYTES_MAX)) return this.refuse(this.words.heavy);
    const data = new FormData(this.form), button = $('button', this.form);
    data.set('client_id', this.uploadKey ||= newId());
    data.delete('files');
    files.forEach(one => data.append('files', one, one.name || 'picture.png'));
    this.uploading = true; button.setAttribute('aria-busy', 'true'); this.refuse('');
    try {
      const answer = await fetch(this.form.action, { method: 'POST', body: data, headers: { Accept: 'application/json' } }), said = await answer.json();
      if (!answer.ok) return this.refuse(Object.values(said.fields || {})[0] || said.message);
      this.uploadKey = null; this.form.reset(); this.box.value = ''; this.save(); this.choose(); this.box.focus();
      if (!this.line.up) location.reload();
    } catch { this.refuse(this.words.broken); } finally { this.uploading = false; button.removeAttribute('aria-busy'); }
  }
  choose() {
    const list = $('[data-chosen]', this.root), files = [...this.files.files];
    this.uploadKey = null;
    list.replaceChildren(...files.map(one => { const row = document.createElement('li'); row.textContent = `${one.name} · ${size(one.size)}`; return row; }));
    list.hidden = !files.length;
    this.refuse(files.length > FILES_MAX ? this.words.many : files.some(one => one.size > FILE_BYTES_MAX) ? this.words.heavy : '');
  }
  refuse(words) { const said = $('[data-refused]', this.root); said.textContent = words; said.hidden = !words; }
  pend(key, text) {
    const row = this.row({ sender: this.me, text, client_id: key });
    row.classList.add('is-pending'); this.mark(row, this.words.sending);
    this.list.append(row); this.pending.set(key, { text, row });
  }
  send(key) { const one = this.pending.get(key); if (one && !one.failed) this.line.say('send', { conversation: this.id, client_id: key, text: one.text }); }

  hello() { return { after: { [this.id]: this.seq } }; }
  changed(up, code) {
    const bar = $('[data-offline]', this.root);
    clearTimeout(this.offline);
    if (up) { bar.hidden = true; for (const key of this.pending.keys()) this.send(key); this.read(); return; }
    const words = code === 4401 ? this.words.out : this.words.offline;
    this.offline = setTimeout(() => { bar.lastElementChild.textContent = words; bar.hidden = false; }, 1500);
  }
  hear(frame) {
    if (frame.type === 'error' && frame.about === 'send') return this.failed(frame);
    if (frame.conversation !== this.id) return;
    if (frame.type === 'message') this.message(frame);
    if (frame.type === 'receipt') this.receipt(frame);
    if (frame.type === 'removed') this.removed(frame.file);
    if (frame.type === 'help') { $('[data-help-said]', this.root).textContent = frame.words; $('[data-help]', this.root).hidden = false; }
    if (frame.type === 'typing' && frame.user !== this.me) this.typing(true);
  }
  message(frame) {
    if (frame.seq <= this.seq) return;
    this.seq = frame.seq;
    const end = this.atEnd(), own = frame.sender === this.me, waiting = own && this.pending.get(frame.client_id);
    if (waiting) { waiting.row.remove(); this.pending.delete(frame.client_id); this.save(); }
    this.separate(new Date(frame.at));
    const row = this.row(frame), first = [...this.pending.values()].find(one => !one.failed);
    this.list.insertBefore(row, first ? first.row : null);
    if (!own) this.typing(false);
    this.marks();
    if (end || own) this.toEnd();
    this.read();
  }
  receipt(frame) {
    if (frame.client_id) { const waiting = this.pending.get(frame.client_id); if (waiting) { waiting.row.remove(); this.pending.delete(frame.client_id); this.save(); } return; }
    if (frame.user !== this.me) { this.theirs = Math.max(this.theirs, frame.seq); this.marks(); }
  }
  failed(frame) {
    const one = this.pending.get(frame.client_id);
    if (!one) return;
    if (frame.code === 'too_many') { setTimeout(() => this.send(frame.client_id), 2000); return; }
    one.failed = true;
    one.row.classList.add('is-failed');
    this.mark(one.row, `${this.words.failed} ${frame.message} `);
    const again = document.createElement('button');
    again.type = 'button'; again.className = 'msg__again'; again.textContent = frame.code === 'contact_found' ? this.words.anyway : this.words.retry;
    again.addEventListener('click', () => { one.failed = false; one.row.classList.remove('is-failed'); this.mark(one.row, this.words.sending); this.send(frame.client_id); });
    $('[data-mark]', one.row).append(again);
  }

  row(frame) {
    const own = frame.sender === this.me, row = document.createElement('li'), who = document.createElement('span'), bubble = document.createElement('div'), foot = document.createElement('span'), mark = document.createElement('span');
    row.className = `msg msg--${own ? 'me' : 'them'}`;
    row.dataset.key = frame.client_id;
    const name = this.words.names[frame.sender];
    who.className = own || !name ? 'sr' : 'msg__w'; who.textContent = `${own ? this.words.me : name || this.words.them}:`;
    bubble.className = 'bub'; bubble.textContent = frame.text;
    foot.className = 'msg__f'; mark.className = 'msg__s'; mark.dataset.mark = '';
    if (frame.at) { const at = document.createElement('time'); at.dateTime = frame.at; at.textContent = this.clock.format(new Date(frame.at)); foot.append(at); }
    if (frame.seq) row.dataset.seq = frame.seq;
    foot.append(mark); row.append(who, ...(frame.text ? [bubble] : []), ...(frame.files || []).map(one => this.file(one, own)), foot);
    return row;
  }
  file(one, own) {
    const box = document.createElement('div'), link = document.createElement('a');
    if (one.removed) { box.className = 'bub bub--gone'; box.textContent = this.words.gone; return box; }
    box.className = 'sent'; box.dataset.file = one.id; link.href = one.url;
    if (one.width) {
      const picture = new Image(one.width, one.height);
      picture.src = one.url; picture.alt = one.name; picture.onload = () => { if (this.stick) this.toEnd(); };
      link.className = 'bub--shot'; link.append(picture); this.stick = this.atEnd();
    } else if (one.media_type.startsWith('audio/')) {
      const heard = document.createElement('figure'), words = document.createElement('figcaption'), player = document.createElement('audio');
      const long = `${one.seconds / 60 | 0}:${String(one.seconds % 60).padStart(2, '0')}`;
      heard.className = 'heard';
      if (one.seconds) words.textContent = `${this.words.voice} ${long}`; else { link.textContent = link.download = one.name; words.append(link); }
      Object.assign(player, { controls: true, preload: 'none', src: one.url });
      player.setAttribute('aria-label', one.seconds ? `${this.words.voice}, ${own ? this.words.me : this.words.them}, ${long}` : one.name);
      heard.append(words, player); box.append(heard);
    } else {
      const name = document.createElement('b'), bytes = document.createElement('span'), words = document.createElement('span');
      name.textContent = one.name; bytes.className = 'small'; bytes.textContent = size(one.bytes); words.append(name, bytes);
      link.className = 'bub bub--file'; link.download = one.name; link.append(words);
    }
    if (!$('figure', box)) box.append(link);
    if (own) {
      const form = document.createElement('form'), token = document.createElement('input'), button = document.createElement('button');
      form.method = 'post'; form.action = `${one.url}/removal`;
      token.type = 'hidden'; token.name = 'csrf_token'; token.value = this.form.elements.csrf_token.value;
      button.className = 'sent__x'; button.setAttribute('aria-label', this.words.retract.replace('#', one.name)); button.textContent = '×';
      form.append(token, button); box.append(form);
    }
    return box;
  }
  removed(id) {
    const box = $(`[data-file="${CSS.escape(id)}"]`, this.list);
    if (box) { box.className = 'bub bub--gone'; box.textContent = this.words.gone; }
  }
  separate(at) {
    const day = this.ymd.format(at);
    if (day === this.lastDay) return;
    this.lastDay = day;
    const row = document.createElement('li'), time = document.createElement('time');
    row.className = 'sys'; row.dataset.day = day; time.dateTime = at.toISOString();
    time.textContent = day === this.ymd.format(new Date()) ? this.words.today : this.day.format(at);
    row.append(time); this.list.append(row);
  }
  mark(row, words) { $('[data-mark]', row).textContent = words; }
  marks() {   // only the last message of one's own says how far it came
    const own = $$('.msg--me[data-seq]', this.list);
    own.forEach((row, i) => this.mark(row, i === own.length - 1 ? (+row.dataset.seq <= this.theirs ? this.words.read : this.words.sent) : ''));
  }
  typing(shown) {
    const row = $('[data-typing]', this.root), end = this.atEnd();
    clearTimeout(this.typingEnds);
    row.hidden = !shown;
    if (shown) { this.typingEnds = setTimeout(() => this.typing(false), TYPING_SHOWN_MS); if (end) this.toEnd(); }
  }
  read() {
    if (document.visibilityState !== 'visible' || !this.atEnd() || this.mine >= this.seq) return;
    if (this.line.say('read', { conversation: this.id, seq: this.seq })) this.mine = this.seq;
  }
  atEnd() { return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80; }
  toEnd() { this.log.scrollTop = this.log.scrollHeight; }
}

// The room around it: who is here, how much time is left, and what the booking has become.
class Room {
  constructor(stage, words, me) {
    Object.assign(this, { stage, words, me, id: stage.dataset.room, scene: stage.dataset.scene, joining: 'join' in stage.dataset });
    this.said = $('[data-presence]', stage); this.seat = $('[data-seat]', stage); this.title = $('[data-both]', stage);
    this.waiting = this.title?.textContent;
    this.clock($('[data-clock]'));
  }
  changed(up) { if (up && this.joining && this.line.say('join', { booking: this.id })) { $('[data-own-seat]', this.stage).classList.add('is-here'); this.show(false); } }
  hear(frame) {
    if (frame.booking !== this.id) return;
    if (frame.type === 'presence' && frame.user === this.me && frame.state === 'in_progress' && this.scene !== 'running') location.reload();
    if (['presence', 'peer'].includes(frame.type) && frame.user !== this.me) this.show(frame.here);
    if (frame.type === 'notice' && !(frame.state === 'confirmed' || (frame.state === 'in_progress' && this.scene === 'running'))) location.reload();
  }
  show(here) {
    clearTimeout(this.gone);
    if (here) this.gone = setTimeout(() => this.show(false), HERE_MS);
    this.seat.classList.toggle('is-here', here);
    $$('[data-unless-here]', this.stage).forEach(p => { p.hidden = here; });
    const words = here ? this.words.here : this.title ? '' : this.words.away;   // the title already says who is waited for
    if (this.said.textContent !== words) this.said.textContent = words;
    if (this.title) this.title.textContent = here ? this.title.dataset.both : this.waiting;
  }
  clock(el) {
    if (!el) return;
    const { now, start, end, untilStart, untilEnd, warn } = el.dataset, ahead = +now - performance.now(), ring = el.closest('[data-ring]');
    const tick = () => {
      const at = performance.now() + ahead, before = at < +start && this.scene !== 'running', left = Math.max(0, Math.round(((before ? +start : +end) - at) / 1000));
      $$('[data-from]', this.stage).forEach(p => { p.hidden = at < +p.dataset.from; });
      if (this.scene === 'early' && at >= +this.stage.dataset.opens) return location.reload();
      if (!before || left < AHEAD_SHOWN_S) {
        el.firstElementChild.textContent = before ? untilStart : untilEnd;
        el.lastElementChild.textContent = remaining(left, el.dataset.days);
        ring.style.setProperty('--p', String(before ? 100 : Math.min(100, 100 * left / ((+end - +start) / 1000))));
        if (!before && (left === 300 || left === 60)) dispatchEvent(new CustomEvent('toast', { detail: warn.replace('#', left / 60) }));
      }
      setTimeout(tick, 1000 - at % 1000);
    };
    tick();
  }
}

const root = $('[data-talk]'), stage = $('[data-room]');
if (root) {
  const talk = new Talk(root), parts = [talk], dot = $('[data-line]');
  if (stage) parts.push(new Room(stage, talk.words, talk.me));
  // The call in the room has a script of its own; it hears and speaks through this line.
  const tell = (name, detail) => dispatchEvent(new CustomEvent(name, { detail }));
  const line = new Line({
    hello: () => talk.hello(),
    on: frame => { parts.forEach(part => part.hear(frame)); if (frame.booking) tell('live', frame); },
    change: (up, code) => { if (dot) dot.hidden = !up; parts.forEach(part => part.changed(up, code)); tell('live-line', up); },
  });
  addEventListener('live-say', e => line.say(e.detail.type, e.detail));
  parts.forEach(part => { part.line = line; });
  addEventListener('online', () => line.now());
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') line.now(); });
  line.open();
}
