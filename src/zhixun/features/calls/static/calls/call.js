// The call in the session room: one to one, by WebRTC, set up over the line that talk.js holds. The consultant's browser
// makes the offer; the client's gives way when both speak at once (perfect negotiation). Video, voice and writing are
// rungs of one ladder: whatever breaks, the rung below goes on.
const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
const GRACE_MS = 120000, LOOK_MS = 4000, WEAK_LOOKS = 3, LOSS_MAX = .1, ROUND_TRIP_S_MAX = .8, RESTART_MS = 3000;
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { max: 30 } };

class Call {
  constructor(box, stage) {
    Object.assign(this, { box, stage, id: box.dataset.booking, words: JSON.parse(box.dataset.words), tab: crypto.randomUUID(), tracks: {}, theirs: {}, chain: Promise.resolve(), weak: 0 });
    this.keep = `call:${this.id}`;
    this.said = $('[data-call-said]', box); this.bar = $('[data-call-bar]', stage);
    this.own = $('[data-own]', stage); this.remote = $('[data-remote]', stage); this.sound = $('[data-call-sound]', stage);
    $$('[data-call-join]', box).forEach(b => b.addEventListener('click', () => this.join(b.dataset.callJoin)));
    const controls = { mic: () => this.mic(), camera: () => this.camera(!this.tracks.camera), screen: () => this.screen(), leave: () => this.leave() };
    $$('[data-ctl]', stage).forEach(b => b.addEventListener('click', () => controls[b.dataset.ctl]()));
    $('[data-call-voice]', stage).addEventListener('click', () => { this.camera(false); this.signal({ kind: 'voice' }); this.tell(''); });
    this.sound.addEventListener('click', () => this.play());
    addEventListener('live', e => this.hear(e.detail));
    addEventListener('live-line', e => { this.up = e.detail; if (this.up && this.in) this.signal({ kind: 'here' }); });
    stage.call = this;
    this.back();
  }

  // Whoever reloads, or whose browser fell over, is back in the call by themselves for as long as the other waits.
  back() {
    let kept = null;
    try { kept = JSON.parse(sessionStorage.getItem(this.keep)); } catch { /* damaged: as if there were none */ }
    if (kept && this.box.dataset.running && Date.now() - kept.at < GRACE_MS) this.join(kept.mode);
  }
  remember() { try { sessionStorage.setItem(this.keep, JSON.stringify({ mode: this.tracks.camera ? 'video' : 'voice', at: Date.now() })); } catch { /* private mode */ } }
  forget() { try { sessionStorage.removeItem(this.keep); } catch { /* private mode */ } }

  // Coming in and going out

  async join(mode) {
    if (this.in || this.joining) return;
    this.joining = true;
    this.say(this.words.connecting);
    try { if (await this.prepare(mode)) this.enter(); } finally { this.joining = false; }
  }
  async prepare(mode) {
    if (!window.RTCPeerConnection || !navigator.mediaDevices?.getUserMedia) return this.say(this.words.unable);
    try {
      const answer = await fetch(this.box.dataset.call, { headers: { Accept: 'application/json' } });
      if (!answer.ok) throw new Error(answer.status);
      this.config = await answer.json();
    } catch { return this.say(this.words.no_way); }
    try { await this.devices(mode === 'video'); } catch (refusal) { return this.say(refusal.name === 'NotAllowedError' ? this.words.denied : this.words.taken); }
    return true;
  }
  async devices(camera) {
    const saved = chosen(), pick = id => (id ? { deviceId: { ideal: id } } : {});
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { ...pick(saved.audioinput), echoCancellation: true, noiseSuppression: true }, video: camera && { ...PICTURE, ...pick(saved.videoinput) } });
      this.tracks = { mic: stream.getAudioTracks()[0], camera: stream.getVideoTracks()[0] };
    } catch (refusal) {
      if (!['NotFoundError', 'OverconstrainedError'].includes(refusal.name)) throw refusal;
      if (camera) return this.devices(false);
      this.tracks = {};
      this.missing = true;
    }
  }
  enter() {
    this.in = true;
    this.stage.hidden = false;
    this.stage.parentElement.classList.add('is-calling');
    this.say('');
    this.tell(this.missing ? this.words.none : this.words.joining);
    this.remember(); this.shown(); this.state({});
    this.signal({ kind: 'here' });
    this.looks = setInterval(() => this.look(), LOOK_MS);
    $('[data-ctl=mic]', this.stage).focus();
  }
  leave() {
    this.signal({ kind: 'bye' });
    this.in = false;
    this.forget();
    clearInterval(this.looks); clearTimeout(this.grace);
    this.drop();
    Object.values(this.tracks).forEach(track => track?.stop());
    this.tracks = {};
    this.stage.hidden = true;
    this.stage.parentElement.classList.remove('is-calling');
    $('button, a', this.box)?.focus();
  }

  // Finding each other

  signal(data) { dispatchEvent(new CustomEvent('live-say', { detail: { type: 'signal', booking: this.id, data: { tab: this.tab, ...data } } })); }
  hear(frame) {
    if (frame.booking !== this.id) return;
    if (frame.type === 'signal' && frame.data) this.chain = this.chain.then(() => this.on(frame.data)).catch(error => console.warn('call', error));
    if (frame.type === 'presence' && !frame.here && this.peer && this.pc?.connectionState !== 'connected') this.broken();
  }
  async on(data) {
    if (data.to && data.to !== this.tab) return;
    if (!this.in) { if (data.kind === 'here') this.say(this.words.inside); if (data.kind === 'bye') this.say(''); return; }
    if (data.kind === 'here') return this.meet(data.tab, !data.reply);
    if (data.kind === 'bye') { if (data.tab === this.peer) { this.drop(); this.tell(this.words.left); } return; }
    if (data.kind === 'state') return this.state(data);
    if (data.kind === 'voice') { await this.camera(false); return this.tell(this.words.weak); }
    if (data.tab !== this.peer) this.meet(data.tab, false);
    if (data.kind === 'description') return this.described(data.description);
    if (data.kind === 'candidate') try { await this.pc.addIceCandidate(data.candidate); } catch (error) { if (!this.ignoring) throw error; }
  }
  meet(tab, answer) {
    if (answer) this.signal({ kind: 'here', to: tab, reply: true });
    if (tab !== this.peer || !this.pc || ['failed', 'closed'].includes(this.pc.connectionState)) { this.drop(); this.peer = tab; this.connect(); }
    this.announce();
  }
  connect() {
    const pc = this.pc = new RTCPeerConnection({ iceServers: this.config.ice_servers, iceTransportPolicy: this.config.relay_only ? 'relay' : 'all' });
    this.remote.srcObject = new MediaStream();
    this.tell(this.words.connecting);
    pc.ontrack = e => { this.remote.srcObject.addTrack(e.track); this.play(); };
    pc.onicecandidate = e => { if (e.candidate) this.signal({ kind: 'candidate', to: this.peer, candidate: e.candidate }); };
    pc.onnegotiationneeded = async () => {
      try { this.making = true; await pc.setLocalDescription(); this.signal({ kind: 'description', to: this.peer, description: pc.localDescription }); } finally { this.making = false; }
    };
    pc.onconnectionstatechange = () => { if (pc === this.pc) this.changed(pc.connectionState); };
    if (!this.config.polite) for (const kind of ['audio', 'video']) pc.addTransceiver(kind, { direction: 'sendrecv' }).sender.replaceTrack(this.track(kind));
  }
  async described(description) {
    const pc = this.pc, collision = description.type === 'offer' && (this.making || pc.signalingState !== 'stable');
    this.ignoring = !this.config.polite && collision;
    if (this.ignoring) return;
    await pc.setRemoteDescription(description);
    if (description.type !== 'offer') return;
    for (const one of pc.getTransceivers()) { one.direction = 'sendrecv'; await one.sender.replaceTrack(this.track(one.receiver.track.kind)); }
    await pc.setLocalDescription();
    this.signal({ kind: 'description', to: this.peer, description: pc.localDescription });
  }
  changed(state) {
    this.stage.dataset.state = state;
    if (state === 'connected') { clearTimeout(this.grace); this.grace = null; this.tell(''); this.announce(); this.play(); }
    if (state === 'disconnected' || state === 'failed') this.broken();
    if (state === 'failed') { const pc = this.pc; setTimeout(() => { if (pc === this.pc && pc.connectionState === 'failed') pc.restartIce(); }, this.config.polite ? RESTART_MS : 0); }
  }
  broken() {
    this.tell(this.words.again);
    this.grace ||= setTimeout(() => { if (this.pc?.connectionState !== 'connected') this.tell(this.words.lost); }, GRACE_MS);
  }
  drop() { const pc = this.pc; this.pc = this.peer = null; this.ignoring = this.making = false; pc?.close(); this.remote.srcObject = null; this.state({}); }

  // What is sent

  track(kind) { return (kind === 'audio' ? this.tracks.mic : this.tracks.screen || this.tracks.camera) || null; }
  async send(kind) { await this.pc?.getTransceivers().find(one => one.receiver.track.kind === kind)?.sender.replaceTrack(this.track(kind)); this.shown(); this.announce(); this.remember(); }
  announce() { if (this.peer) this.signal({ kind: 'state', to: this.peer, mic: !!this.tracks.mic?.enabled, camera: !!this.tracks.camera, screen: !!this.tracks.screen }); }
  mic() {
    if (!this.tracks.mic) return this.tell(this.words.none);
    this.tracks.mic.enabled = !this.tracks.mic.enabled;
    this.shown(); this.announce();
  }
  async camera(on) {
    this.tracks.camera?.stop();
    this.tracks.camera = null;
    if (on) try { [this.tracks.camera] = (await navigator.mediaDevices.getUserMedia({ video: PICTURE })).getVideoTracks(); } catch { this.tell(this.words.no_camera); }
    await this.send('video');
  }
  async screen() {
    if (this.tracks.screen) return this.unshare();
    try { [this.tracks.screen] = (await navigator.mediaDevices.getDisplayMedia({ video: true })).getVideoTracks(); } catch { return this.tell(this.words.no_screen); }
    this.tracks.screen.addEventListener('ended', () => this.unshare());
    await this.send('video');
    this.toast(this.words.screenOn);
  }
  async unshare() { if (!this.tracks.screen) return; this.tracks.screen.stop(); this.tracks.screen = null; await this.send('video'); this.toast(this.words.screenOff); }

  // What is shown

  shown() {
    const picture = this.tracks.screen || this.tracks.camera, press = (name, on) => $(`[data-ctl=${name}]`, this.stage)?.setAttribute('aria-pressed', String(!!on));
    this.own.srcObject = picture ? new MediaStream([picture]) : null;
    $('[data-own-box]', this.stage).hidden = !picture;
    press('mic', this.tracks.mic?.enabled); press('camera', this.tracks.camera); press('screen', this.tracks.screen);
  }
  state(theirs) {
    this.theirs = theirs;
    this.stage.classList.toggle('is-seen', !!(theirs.camera || theirs.screen));
    this.stage.classList.toggle('is-screen', !!theirs.screen);
    this.stage.classList.toggle('is-muted', theirs.mic === false);
  }
  async play() {
    const speaker = chosen().audiooutput;
    if (speaker && this.remote.setSinkId) await this.remote.setSinkId(speaker).catch(() => {});
    try { await this.remote.play(); this.sound.hidden = true; } catch (refusal) {
      if (refusal.name !== 'NotAllowedError') return;   // a stream that has just gone, and another follows
      this.sound.textContent = this.words.silent; this.sound.hidden = false;
    }
  }
  say(words) { this.said.textContent = words; }
  tell(words, voice = false) { this.bar.firstElementChild.textContent = words; this.bar.hidden = !words; $('[data-call-voice]', this.bar).hidden = !voice; }
  toast(words) { dispatchEvent(new CustomEvent('toast', { detail: words })); }

  // A weak line is noticed before it breaks.
  async look() {
    this.remember();
    if (this.pc?.connectionState !== 'connected') return;
    let lost = 0, got = 0, trip = 0;
    (await this.pc.getStats()).forEach(one => {
      if (one.type === 'inbound-rtp') { lost += one.packetsLost; got += one.packetsReceived; }
      if (one.type === 'candidate-pair' && one.nominated) trip = one.currentRoundTripTime || 0;
    });
    const before = this.before || { lost, got }, share = (lost - before.lost) / Math.max(1, lost + got - before.lost - before.got);
    this.before = { lost, got };
    this.weak = share > LOSS_MAX || trip > ROUND_TRIP_S_MAX ? this.weak + 1 : 0;
    if (this.weak === WEAK_LOOKS && (this.tracks.camera || this.theirs.camera)) this.tell(this.words.weak, true);
  }
}

function chosen() { try { return JSON.parse(localStorage.getItem('devices')) || {}; } catch { return {}; } }

const box = $('[data-call]'), stage = $('[data-call-stage]');
if (box && stage) new Call(box, stage);
