// Something rings, is taken or is over: the page looks again at once. Without this file it looks again by itself.
const root = document.querySelector('[data-call]');
const WAIT_MS_FIRST = 500, WAIT_MS_MAX = 30000, PING_MS = 25000, LOOK_MS = 15000;
let wait = WAIT_MS_FIRST, beat, leaving = false;

// Who has just answered is told so here too: looking again then would stop the way into the room.
addEventListener('submit', () => { leaving = true; });
addEventListener('pageshow', () => { leaving = false; });
function again() { if (!leaving && document.activeElement?.tagName !== 'TEXTAREA') location.reload(); }

function open() {
  const socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/live');
  socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', language: document.documentElement.lang.startsWith('zh') ? 'zh' : 'en' }));
  socket.onmessage = e => {
    const frame = JSON.parse(e.data);
    if (frame.type === 'welcome') { wait = WAIT_MS_FIRST; beat = setInterval(() => socket.send('{"type":"ping"}'), PING_MS); }
    if (frame.type === 'notice' && frame.call && (root.dataset.call === 'any' || root.dataset.call === frame.call)) again();
  };
  socket.onclose = e => {
    clearInterval(beat);
    if (e.code === 4401 || e.code === 4403) return;
    setTimeout(open, wait * (.5 + Math.random()));
    wait = Math.min(wait * 2, WAIT_MS_MAX);
  };
}
if (root) { open(); root.addEventListener('countdown-over', () => setTimeout(again, 2000)); if (root.dataset.call !== 'any') setInterval(again, LOOK_MS); }
