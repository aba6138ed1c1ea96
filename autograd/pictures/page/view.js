// What the reader does: choose a value, move about, open and close groups, search.

let pinned = null, pointed = null, waiting = null;
const chosen = () => pinned ?? pointed;
const itemOf = (target) => {
  const group = target.closest?.("g.node");
  return group ? [...drawnItems.values()].find((drawing) => drawing.group === group)?.item ?? null : null;
};
const groupNode = (n) => (n !== null && scene.rep[n] >= 0 && seen(n) ? drawnItems.get(n)?.group : undefined);

function choose() { // once a frame, however fast the pointer moves
  waiting ??= requestAnimationFrame(() => {
    waiting = null;
    trace(chosen());
    if (chosen() === null) edit(null), $("node").replaceChildren(element("p", "Point at a value, or move to it with the arrow keys, to see how it was made.", "note"));
    else describe(chosen());
  });
}

function pin(n) {
  groupNode(pinned)?.setAttribute("aria-pressed", "false");
  pinned = n === pinned ? null : n;
  groupNode(pinned)?.setAttribute("aria-pressed", "true");
  choose();
}

const nodeKnown = (n) => isKnown(scene.items[scene.rep[n]]);
function spoken(item) {
  if (item.group) return `${item.group.kind} ${item.title}, ${item.lines.join(", ")}, closed`;
  const n = item.key;
  if (n >= count) return `constant ${name(n)}`;
  const made = P[n] >= 0 ? inNames(n) : "leaf", grad = gradient(n);
  return `${cut(label(n)) || `node ${placeOf(n)}`}, ${made}, value ${isKnown(item) ? short(pass.data[n]) : "unknown yet"}, gradient ${grad === null ? "none yet" : short(grad)}`;
}

function describe(n) {
  edit(n);
  const panel = $("node"), known = nodeKnown(n);
  panel.replaceChildren(element("h2", ""));
  panel.firstChild.append(element("bdi", label(n) || `#${placeOf(n)}`), element("span", n === pinned ? " pinned" : "", "note"));
  const facts = panel.appendChild(document.createElement("dl"));
  const fact = (term, ...parts) => (facts.append(element("dt", term), element("dd", "")), facts.lastChild.append(...parts));
  if (P[n] >= 0) {
    fact("made by", element("bdi", inNames(n)));
    if (known) fact("in numbers", `${inNumbers(n)} = ${short(pass.data[n])}`);
  } else fact("made by", "nobody: a leaf");
  fact("value", element("output", known ? full(pass.data[n]) : "unknown yet", "value"));
  const all = arrivals(n);
  fact("gradient", element("output", full(gradient(n)), "gradient"));
  if (all.length > 1) {
    fact("is the sum of", list(all.map((a) => a.contribution === undefined ? [`more by ways that the page does not hold, ${short(a.total)} by then`]
      : [short(a.contribution), " by way of ", element("bdi", name(a.e === undefined ? n : U[a.e]))])));
  }
  const users = usersOf(n).map((m) => [element("bdi", `${name(m)} = ${inNames(m)}`)]), unseen = data.unseen[n];
  if (unseen) users.push([`${unseen} that the page does not hold`]);
  fact("used by", users.length ? list(users) : "nothing: it is the result");
}

/** The values that take value n, in the order of making, at most some. */
function usersOf(n, most = 200) {
  const found = new Set();
  for (let k = useStarts[n + 1] - 1; k >= useStarts[n] && found.size < most; k--) found.add(U[useEdges[k]]);
  return [...found];
}

let traced = [];
/** Light the ways from the visible leaves to a value, and from it to the result. */
function trace(n) {
  traced.forEach((group) => group.classList.remove("on"));
  traced = [];
  svg.classList.toggle("tracing", n !== null);
  if (n === null) return;
  const from = scene.items[scene.rep[n]], on = new Set([from]), light = (group) => (group.classList.add("on"), traced.push(group));
  for (const [side, other] of [[1, 0], [0, 1]]) {
    const reached = new Set([from]);
    for (const item of reached) { // a loop over a set visits what is added on the way
      for (const link of side ? linksInto(item) : linksFrom(item)) reached.add(link[other]), on.add(link[other]), light(link.group);
    }
  }
  for (const item of on) light(drawnOf(item));
}
const linksFrom = (item) => (item.from ??= scene.links.filter((link) => link[0] === item));

// --- moving with the keys ------------------------------------------------------------------------------------------------

let stop = null; // the one thing that the tab key stops at
const ordered = () => (scene.ordered ??= [...scene.items].sort((a, b) => orderOf(a) - orderOf(b)));
const orderOf = ({ key, group }) => (group ? lastOf(group) : key < count ? key : userOfConstant[key - count] - 0.5);

function setStop(item) {
  if (stop) drawnOf(stop)?.setAttribute("tabindex", "-1");
  stop = item;
  const group = drawnOf(item);
  group.setAttribute("tabindex", "0");
  group.setAttribute("aria-label", spoken(item));
}
function focus(item) {
  if (!item) return;
  setStop(item);
  reveal(item);
  drawnOf(item).focus({ preventScroll: true });
}
function nameItems() {
  for (const item of scene.items) {
    const group = drawnOf(item);
    group.setAttribute("role", "button");
    group.setAttribute("tabindex", "-1");
    group.setAttribute("aria-label", spoken(item));
    if (item.group) group.setAttribute("aria-expanded", "false");
  }
  const last = scene.items[scene.rep[result]];
  setStop(scene.items.includes(stop) ? stop : scene.items.find(({ key }) => key === stop?.key) ?? last);
}

svg.setAttribute("role", "group");
svg.addEventListener("pointerover", (event) => {
  const item = itemOf(event.target);
  pointed = item && !item.group && item.key < count ? item.key : null, choose();
});
svg.addEventListener("pointerleave", () => { pointed = null, choose(); });
svg.addEventListener("focusin", (event) => {
  const item = itemOf(event.target);
  pointed = item && !item.group && item.key < count ? item.key : null;
  if (item) drawnOf(item).setAttribute("aria-label", spoken(item));
  choose();
});
svg.addEventListener("focusout", () => { pointed = null, choose(); });
svg.addEventListener("keydown", (event) => {
  const frame = event.target.closest?.("g.cluster");
  if (frame && (event.key === "Enter" || event.key === " ")) return close(Number(frame.id.slice(1))), event.preventDefault();
  const item = itemOf(event.target);
  if (!item) return;
  const all = ordered(), i = all.indexOf(item), values = all.filter(({ key }) => key < count);
  const ways = {
    ArrowLeft: () => linksInto(item).map(([a]) => a).filter(({ key }) => key < count).sort((a, b) => edgeBetween(a, item) - edgeBetween(b, item))[0],
    ArrowRight: () => linksFrom(item).map(([, b]) => b).sort((a, b) => orderOf(a) - orderOf(b))[0],
    Home: () => values[0], End: () => values.at(-1), ArrowUp: () => values.filter((other) => all.indexOf(other) < i).at(-1), ArrowDown: () => values.find((other) => all.indexOf(other) > i),
  };
  if (event.key === "Enter" || event.key === " ") item.group ? open(item.group.g) : item.key < count && pin(item.key);
  else if (event.key === "Escape") pin(pinned);
  else if (event.key in ways) focus(ways[event.key]());
  else return;
  event.preventDefault();
  event.stopPropagation();
});
const edgeBetween = (a, b) => linksInto(b).find((link) => link[0] === a)[2][0];

// --- pan and zoom -------------------------------------------------------------------------------------------------------

const view = { x: 0, y: 0, scale: 0 };
let mapped = null; // the next frame in which the small map is drawn
const figure = $("view");
let room = figure.getBoundingClientRect(); // the figure's place in the window, kept because asking for it lays the page out

/** Show the picture from its point (x, y) on, at `scale` pixels a unit. */
function look(x, y, scale) {
  const zoomed = scale !== view.scale;
  Object.assign(view, { x, y, scale });
  world.setAttribute("transform", `matrix(${scale} 0 0 ${scale} ${Math.round(-x * scale)} ${Math.round(-y * scale)})`);
  if (zoomed) dress(scale);
  mapped ??= requestAnimationFrame(() => (mapped = null, drawMinimap()));
}

const LEAST = 0.02, MOST = 4;
function fit() {
  const { width, height } = scene.box;
  const scale = Math.max(LEAST, Math.min((room.width - 8) / width, (room.height - 8) / height, 1.25));
  look((width - room.width / scale) / 2, (height - room.height / scale) / 2, scale);
}

/** All of the picture; on a large screen, if its numbers could not be read, as much as is readable, from the leaves on. */
function begin() {
  fit();
  if (view.scale >= NEAR || room.width < 600) return;
  const scale = NEAR + 0.02, middle = scene.items.filter(computes)[0] ?? scene.items[0], height = room.height / scale;
  const y = scene.box.height <= height ? (scene.box.height - height) / 2 : middle.y + middle.height / 2 - height / 2;
  look(Math.min(-8 / scale, (scene.box.width - room.width / scale) / 2), y, scale);
}

/** Zoom about a point of the window, which stays in place: the middle by default. */
function zoom(factor, left = room.x + room.width / 2, top = room.y + room.height / 2) {
  const scale = Math.max(LEAST, Math.min(MOST, view.scale * factor)), dx = left - room.x, dy = top - room.y;
  look(view.x + dx / view.scale - dx / scale, view.y + dy / view.scale - dy / scale, scale);
}

const isInView = ({ x, y, width, height }) => x >= view.x && x + width <= view.x + room.width / view.scale && y >= view.y && y + height <= view.y + room.height / view.scale;
/** Bring an item or a frame into view. */
function reveal(item, closer = false) {
  if (closer && view.scale < NEAR) zoom(NEAR / view.scale);
  if (isInView(item)) return;
  const width = room.width / view.scale, height = room.height / view.scale;
  const place = (start, size, sight) => (size > sight ? start - 8 : start + (size - sight) / 2);
  look(place(item.x, item.width, width), place(item.y, item.height, height), view.scale);
}

const pointers = new Map();
let dragged = false;
figure.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / (event.deltaMode ? 20 : 400)), event.clientX, event.clientY);
}, { passive: false });
figure.addEventListener("pointerdown", (event) => {
  if (pointers.size === 0) dragged = false;
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
});
figure.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const dx = event.clientX - before.x, dy = event.clientY - before.y;
  if (!dragged && Math.hypot(dx, dy) < 4) return;
  if (!dragged) figure.setPointerCapture(event.pointerId);
  dragged = true;
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (!other) return look(view.x - dx / view.scale, view.y - dy / view.scale, view.scale);
  const apart = (p) => Math.max(1, Math.hypot(p.x - other.x, p.y - other.y));
  zoom(apart({ x: event.clientX, y: event.clientY }) / apart(before), other.x, other.y);
});
for (const end of ["pointerup", "pointercancel"]) figure.addEventListener(end, (event) => pointers.delete(event.pointerId));
figure.addEventListener("click", (event) => {
  if (dragged || event.target.closest("#minimap")) return;
  const item = itemOf(event.target), frame = event.target.closest?.("g.cluster");
  if (item?.group) open(item.group.g);
  else if (item) item.key < count && pin(item.key);
  else if (frame && event.target.matches(".handle, .name")) close(Number(frame.id.slice(1)));
  else if (pinned !== null) pin(pinned);
});
$("closer").onclick = () => zoom(1.4);
$("farther").onclick = () => zoom(1 / 1.4);
$("fit").onclick = fit;

// --- a small map of all of it ----------------------------------------------------------------------------------------------

const minimap = $("minimap");
/** A map, if the picture is larger than its place. */
function drawMinimap() {
  const { width, height } = scene.box, sight = { width: room.width / view.scale, height: room.height / view.scale };
  const large = (width > 1.3 * sight.width || height > 1.3 * sight.height) && room.width > 500;
  minimap.hidden = !large;
  if (!large) return;
  const k = Math.min(180 / width, 110 / height), ratio = devicePixelRatio || 1;
  if (scene.mapped !== k * ratio) {
    scene.mapped = k * ratio;
    minimap.width = Math.max(20, width * k) * ratio, minimap.height = Math.max(20, height * k) * ratio;
    minimap.style.width = `${minimap.width / ratio}px`, minimap.style.height = `${minimap.height / ratio}px`;
    const context = minimap.getContext("2d", { willReadFrequently: true });
    context.fillStyle = getComputedStyle(minimap).color;
    for (const item of scene.items) context.fillRect(item.x * k * ratio, item.y * k * ratio, Math.max(1, item.width * k * ratio), Math.max(1, item.height * k * ratio));
    scene.map = context.getImageData(0, 0, minimap.width, minimap.height);
  }
  const context = minimap.getContext("2d", { willReadFrequently: true });
  context.putImageData(scene.map, 0, 0);
  context.strokeStyle = getComputedStyle(minimap).borderColor, context.lineWidth = 2 * ratio;
  context.strokeRect(view.x * k * ratio, view.y * k * ratio, sight.width * k * ratio, sight.height * k * ratio);
}
function lookThere(event) {
  const box = minimap.getBoundingClientRect();
  const x = ((event.clientX - box.x) / box.width) * scene.box.width, y = ((event.clientY - box.y) / box.height) * scene.box.height;
  look(x - room.width / view.scale / 2, y - room.height / view.scale / 2, view.scale);
}
minimap.addEventListener("pointerdown", (event) => (event.stopPropagation(), minimap.setPointerCapture(event.pointerId), lookThere(event)));
minimap.addEventListener("pointermove", (event) => event.buttons && (event.stopPropagation(), lookThere(event)));
