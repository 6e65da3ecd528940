/** The page's player and chat. `?viewer=ID` says who watches; otherwise a name is drawn by lot. */
const MAX_LINES = 100;
const RECONNECT_MS = 1000;

const byId = (id) => document.getElementById(id);
const viewer = new URLSearchParams(location.search).get("viewer") ?? `web-${crypto.randomUUID().slice(0, 8)}`;

await Promise.all([play(), chat()]);

async function play() {
  const { width, height, fps, palette } = await (await fetch("/stream.json")).json();
  const context = byId("player").getContext("2d");
  const image = context.createImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  const colours = palette.map((hex) => {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return new Uint32Array(new Uint8ClampedArray([red, green, blue, 255]).buffer)[0];
  });
  let fetching = false;
  let shown = 0;

  async function next() {
    if (fetching) return;
    fetching = true;
    try {
      const buffer = await (await fetch("/frame")).arrayBuffer();
      const pixels = new Uint8Array(buffer, 4);
      for (let i = 0; i < pixels.length; i++) {
        words[2 * i] = colours[pixels[i] >> 4];
        words[2 * i + 1] = colours[pixels[i] & 15];
      }
      context.putImageData(image, 0, 0);
      byId("frame-count").value = new DataView(buffer).getUint32(0, true);
      shown += 1;
    } catch {
      // The stream is gone; the chat's status says so, and the next frame tries again.
    } finally {
      fetching = false;
    }
  }
  setInterval(next, 1000 / fps);
  let shownBefore = 0;
  setInterval(() => {
    byId("frame-rate").value = shown - shownBefore;
    shownBefore = shown;
  }, 1000);
  await next();
}

function chat() {
  const input = byId("chat-input");
  const log = byId("chat-log");
  let socket;

  function connect() {
    socket = new WebSocket(`ws://${location.host}/ws/chat?viewer=${encodeURIComponent(viewer)}`);
    socket.onopen = () => setOpen(true);
    socket.onclose = () => {
      setOpen(false);
      setTimeout(connect, RECONNECT_MS);
    };
    socket.onmessage = ({ data }) => {
      const { type, message, viewers, likes } = JSON.parse(data);
      if (type === "state") {
        byId("viewer-count").value = viewers;
        byId("like-count").value = likes;
      } else show(message);
    };
  }

  function setOpen(open) {
    byId("connection").textContent = open ? `Connected as ${viewer}` : "Reconnecting…";
    for (const control of [input, byId("chat-send"), byId("like")]) control.disabled = !open;
  }

  function show({ author, sent_at, text }) {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const line = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = sent_at;
    time.textContent = new Date(sent_at).toLocaleTimeString([], {
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    const name = document.createElement("b");
    name.textContent = author.id === viewer ? `${author.name} (you)` : author.name;
    name.style.color = author.colour;
    line.append(time, name, text);
    log.append(line);
    if (log.childElementCount > MAX_LINES) log.firstElementChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  byId("chat-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text === "") return;
    socket.send(JSON.stringify({ type: "chat", text }));
    input.value = "";
  });
  byId("like").addEventListener("click", () => socket.send(JSON.stringify({ type: "like" })));
  connect();
}
