// Voice notes: at most a minute, recorded here and sent as a file of the conversation. Where there is nothing to record
// with, the button stays away, and a recording made elsewhere can be sent as a file.
const $ = (s, r = document) => r.querySelector(s);
const SECONDS_MAX = 60, BITS_PER_SECOND = 32000, KINDS = ['audio/webm;codecs=opus', 'audio/mp4'];

class Voice {
  constructor(root) {
    Object.assign(this, { root, form: $('[data-compose]', root), button: $('[data-voice]', root), box: $('[data-voice-box]', root) });
    this.words = JSON.parse(this.box.dataset.words); this.said = $('[data-voice-said]', this.box); this.clock = $('[data-voice-time]', this.box);
    this.button.hidden = false;
    this.button.addEventListener('click', () => this.start());
    $('[data-voice-drop]', this.box).addEventListener('click', () => { this.drop(); this.button.focus(); });
    $('[data-voice-send]', this.box).addEventListener('click', () => this.send());
    addEventListener('pagehide', () => this.release());
  }
  async start() {
    if (this.recorder) return;
    this.refuse('');
    try { this.stream = await navigator.mediaDevices.getUserMedia({ audio: true }); } catch { return this.refuse(this.words.deaf); }
    const kind = KINDS.find(one => MediaRecorder.isTypeSupported(one));
    Object.assign(this, { parts: [], key: crypto.randomUUID(), seconds: 0, recorder: new MediaRecorder(this.stream, { mimeType: kind, audioBitsPerSecond: BITS_PER_SECOND }) });
    this.recorder.ondataavailable = e => this.parts.push(e.data);
    this.done = new Promise(resolve => { this.recorder.onstop = resolve; });
    this.recorder.start();
    this.began = performance.now(); this.beat = setInterval(() => this.tick(), 200);
    this.tick(); this.said.textContent = this.words.recording; this.show(true);
    $('[data-voice-send]', this.box).focus();
  }
  tick() {
    this.seconds = Math.min(SECONDS_MAX, (performance.now() - this.began) / 1000);
    const whole = Math.floor(this.seconds);
    this.clock.textContent = `${whole / 60 | 0}:${String(whole % 60).padStart(2, '0')}`;
    if (this.seconds >= SECONDS_MAX) { this.hold(); this.said.textContent = this.words.full; }
  }
  hold() { clearInterval(this.beat); if (this.recorder?.state === 'recording') this.recorder.stop(); this.release(); }
  release() { this.stream?.getTracks().forEach(track => track.stop()); }
  drop() { this.hold(); this.recorder = null; this.parts = []; this.show(false); this.refuse(''); }
  async send() {
    if (this.sending) return;
    this.sending = true; this.refuse('');
    this.hold(); await this.done;
    const kind = this.recorder.mimeType.startsWith('audio/mp4') ? 'm4a' : 'webm', data = new FormData(this.form);
    data.set('client_id', this.key); data.set('text', ''); data.set('seconds', String(Math.max(1, Math.round(this.seconds))));
    data.delete('files'); data.append('files', new Blob(this.parts, { type: this.recorder.mimeType }), `voice-note.${kind}`);
    try {
      const answer = await fetch(this.form.action, { method: 'POST', body: data, headers: { Accept: 'application/json' } }), said = await answer.json();
      if (!answer.ok) return this.refuse(Object.values(said.fields || {})[0] || said.message);
      this.drop(); this.button.focus();
      if ($('[data-offline]:not([hidden])', this.root)) location.reload();
    } catch { this.refuse(this.words.broken); } finally { this.sending = false; }
  }
  show(shown) { this.box.hidden = !shown; this.button.setAttribute('aria-pressed', String(shown)); }
  refuse(words) { const said = $('[data-refused]', this.root); said.textContent = words; said.hidden = !words; }
}

const root = $('[data-talk]');
if (root && $('[data-voice-box]', root) && navigator.mediaDevices && window.MediaRecorder && KINDS.some(one => MediaRecorder.isTypeSupported(one))) new Voice(root);
