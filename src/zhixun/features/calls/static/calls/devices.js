// The test before a session: nothing leaves this browser but the question whether the relay answers.
const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
const LOUD_MIN = 6, GATHER_MS = 6000, TONES = [523.25, 659.25, 783.99], TONE_S = .22;
const root = $('[data-devices]'), words = JSON.parse(root.dataset.words), video = !!root.dataset.video;
const preview = $('[data-preview]', root), level = $('[data-level]', root), heard = $('[data-heard]', root), way = $('[data-way]', root), refused = $('[data-refused]', root);
const kinds = { videoinput: words.camera, audioinput: words.microphone, audiooutput: words.speaker };
let stream = null, timer = 0, sounds = null;

function chosen() { try { return JSON.parse(localStorage.getItem('devices')) || {}; } catch { return {}; } }
function choose(kind, id) { try { localStorage.setItem('devices', JSON.stringify({ ...chosen(), [kind]: id })); } catch { /* private mode */ } }
function say(said) { refused.lastElementChild.textContent = said; refused.hidden = !said; }

async function begin() {
  say('');
  if (!navigator.mediaDevices?.getUserMedia || !window.RTCPeerConnection) return say(words.unable);
  stream?.getTracks().forEach(track => track.stop());
  try { stream = await devices(video); } catch (refusal) {
    return say({ NotAllowedError: words.denied, NotFoundError: words.none }[refusal.name] || words.taken);
  }
  if (preview) { preview.srcObject = stream; root.classList.toggle('is-seen', stream.getVideoTracks().length > 0); }
  await list();
  listen();
  find();
}
async function devices(camera) {
  const saved = chosen(), pick = id => (id ? { deviceId: { ideal: id } } : true);
  try { return await navigator.mediaDevices.getUserMedia({ audio: pick(saved.audioinput), video: camera && pick(saved.videoinput) }); } catch (refusal) {
    if (!camera || refusal.name !== 'NotFoundError') throw refusal;
    return devices(false);
  }
}
async function list() {
  const all = await navigator.mediaDevices.enumerateDevices(), saved = chosen();
  for (const select of $$('[data-device]', root)) {
    const kind = select.dataset.device, found = all.filter(one => one.kind === kind && one.deviceId);
    select.replaceChildren(...found.map((one, i) => new Option(one.label || `${kinds[kind]} ${i + 1}`, one.deviceId, false, one.deviceId === saved[kind])));
    select.disabled = !found.length;
    if (kind === 'audiooutput') $('[data-speakers]', root).hidden = !found.length || !('setSinkId' in HTMLMediaElement.prototype);
  }
}
function listen() {
  clearInterval(timer);
  const track = stream.getAudioTracks()[0];
  if (!track) { heard.textContent = words.none; return; }
  sounds ||= new AudioContext();
  sounds.resume();
  const ear = sounds.createAnalyser(), values = new Float32Array(ear.fftSize);
  sounds.createMediaStreamSource(new MediaStream([track])).connect(ear);
  heard.textContent = words.quiet;
  timer = setInterval(() => {
    ear.getFloatTimeDomainData(values);
    const loud = Math.min(100, Math.round(400 * Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)));
    level.setAttribute('aria-valuenow', String(loud));
    level.firstElementChild.style.setProperty('width', `${loud}%`);
    if (loud > LOUD_MIN) heard.textContent = words.heard;
  }, 100);
}
async function find() {
  way.textContent = words.looking;
  let config;
  try { const answer = await fetch(root.dataset.call, { headers: { Accept: 'application/json' } }); if (!answer.ok) throw new Error(answer.status); config = await answer.json(); } catch { way.textContent = words.no_way; return; }
  const relay = config.ice_servers.some(one => one.urls.some(url => url.startsWith('turn')));
  const pc = new RTCPeerConnection({ iceServers: config.ice_servers, iceTransportPolicy: relay ? 'relay' : 'all' });
  const found = new Promise(resolve => { pc.onicecandidate = e => { if (e.candidate?.candidate) resolve(true); }; setTimeout(() => resolve(false), GATHER_MS); });
  pc.createDataChannel('way');
  await pc.setLocalDescription();
  const reached = await found;
  pc.close();
  way.textContent = reached ? (relay ? words.relay : words.direct) : words.no_relay;
  root.dataset.way = reached ? (relay ? 'relay' : 'direct') : 'none';
}
async function play() {
  sounds ||= new AudioContext();
  await sounds.resume();
  if (chosen().audiooutput && sounds.setSinkId) await sounds.setSinkId(chosen().audiooutput).catch(() => {});
  TONES.forEach((tone, i) => {
    const voice = sounds.createOscillator(), volume = sounds.createGain(), at = sounds.currentTime + i * TONE_S;
    voice.frequency.value = tone;
    volume.gain.setValueAtTime(.18, at); volume.gain.exponentialRampToValueAtTime(.001, at + TONE_S);
    voice.connect(volume).connect(sounds.destination); voice.start(at); voice.stop(at + TONE_S);
  });
}

$('[data-begin]', root).addEventListener('click', begin);
$('[data-sound]', root).addEventListener('click', play);
$$('[data-device]', root).forEach(select => select.addEventListener('change', () => { choose(select.dataset.device, select.value); if (select.dataset.device !== 'audiooutput') begin(); }));
addEventListener('pagehide', () => stream?.getTracks().forEach(track => track.stop()));
