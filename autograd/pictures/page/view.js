// What the reader does: choose a node, move about, search, fold modules, play.

let waiting = null;
function choose() { // once a frame, however fast the pointer moves
  waiting ??= requestAnimationFrame(() => {
    waiting = null;
    trace(chosen());
    if (chosen() === null) $("node").replaceChildren(element("p", "Point at a value, or move to it with the arrow keys, to see how it was made.", "note"));
    else describe(chosen());
  });
}

function pin(n) {
  if (pinned !== null) groups.get(id("v", pinned))?.setAttribute("aria-pressed", "false");
  pinned = n === pinned ? null : n;
  if (pinned !== null) groups.get(id("v", pinned))?.setAttribute("aria-pressed", "true");
  choose();
}

const shown = (n) => groups.has(id("v", n)) && !groups.get(id("v", n)).classList.contains("hidden");
const places = nodes.map((_, n) => n);
let stop = places.findLast(shown); // the one node that the tab key stops at
function focus(n) {
  const group = groups.get(id("v", n));
  if (n === undefined || !shown(n)) return;
  groups.get(id("v", stop))?.setAttribute("tabindex", "-1");
  stop = n;
  group.setAttribute("tabindex", "0");
  group.setAttribute("aria-label", spoken(n));
  reveal(group);
  group.focus({ preventScroll: true });
}

nodes.forEach((_, n) => {
  const group = groups.get(id("v", n));
  group?.setAttribute("role", "button");
  group?.setAttribute("tabindex", n === stop ? "0" : "-1");
  group?.setAttribute("aria-label", spoken(n));
});
svg.setAttribute("role", "group");
svg.addEventListener("pointerover", (event) => { pointed = nodeOf(event.target), choose(); });
svg.addEventListener("pointerleave", () => { pointed = null, choose(); });
svg.addEventListener("focusin", (event) => {
  pointed = nodeOf(event.target);
  if (pointed !== null) groups.get(id("v", pointed)).setAttribute("aria-label", spoken(pointed));
  choose();
});
svg.addEventListener("focusout", () => { pointed = null, choose(); });
svg.addEventListener("keydown", (event) => {
  const n = nodeOf(event.target);
  if (n === null) return;
  const operands = nodes[n].operands.filter(inside);
  const ways = { // to what is shown: neither folded away nor left out
    ArrowLeft: operands.find(shown), ArrowRight: uses[n].find(shown), Home: places.find(shown), End: places.findLast(shown),
    ArrowUp: places.findLast((m) => m < n && shown(m)), ArrowDown: places.find((m) => m > n && shown(m)),
  };
  if (event.key === "Enter" || event.key === " ") pin(n);
  else if (event.key === "Escape") pin(pinned);
  else if (event.key in ways) focus(ways[event.key]);
  else return;
  event.preventDefault();
  event.stopPropagation();
});

// --- pan and zoom -------------------------------------------------------------------------------------------------------

const FAR = 0.45; // pixels a unit; below it texts are hidden: nobody could read them, and painting them takes most of the time
const READABLE = 0.9, SMALL = 150; // the scale at which a graph of up to SMALL nodes starts
const whole = svg.viewBox.baseVal, all = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
const view = { x: 0, y: 0, scale: 0 };
const figure = $("view");
let room; // the figure's place in the window, kept because asking for it lays the page out
const boxes = new Map(); // of nodes and edges, in the units of the view: left, top, right, bottom
const { e: right, f: down } = svg.querySelector("g").transform.baseVal.consolidate().matrix;
for (const [name, group] of groups) {
  if (!group.matches(".node, .edge")) continue;
  const { x, y, width, height } = group.getBBox();
  boxes.set(name, [x + right, y + down, x + right + width, y + down + height]);
}

/** Show the graph from its point (x, y) on, at `scale` pixels a unit. It moves as a whole, so that nothing is laid out again. */
function look(x, y, scale) {
  const zoomed = scale !== view.scale;
  Object.assign(view, { x, y, scale });
  if (zoomed) svg.style.width = `${all.width * scale}px`, svg.style.height = `${all.height * scale}px`;
  svg.style.transform = `translate(${Math.round((all.x - x) * scale)}px, ${Math.round((all.y - y) * scale)}px)`; // whole pixels keep texts sharp
  svg.classList.toggle("far", scale < FAR);
  const right = x + room.width / scale, bottom = y + room.height / scale;
  const near = scale >= FAR && nodes.length > SMALL; // hide what is out of sight: in a large graph it costs time
  for (const [name, [x0, y0, x1, y1]] of boxes) {
    const group = groups.get(name), out = near && (x1 < x || x0 > right || y1 < y || y0 > bottom);
    const place = !out ? "here" : zoomed || group.dataset.place === "gone" ? "gone" : "away"; // away: its texts keep their layout
    if (group.dataset.place !== place) group.dataset.place = place;
  }
}

function fit() {
  const scale = Math.max(0.01, Math.min(0.98 * room.width / all.width, 0.98 * room.height / all.height, 1.5));
  look(all.x + (all.width - room.width / scale) / 2, all.y + (all.height - room.height / scale) / 2, scale);
}

/** Show all of the graph, or of a small one as much as is readable, with its result in view. */
function start() {
  fit();
  if (view.scale >= READABLE || nodes.length > SMALL) return;
  zoom(READABLE / view.scale);
  reveal(groups.get(id("v", result)));
}

/** Zoom about a point of the window, which stays in place: the middle by default. */
function zoom(factor, left = room.x + room.width / 2, top = room.y + room.height / 2) {
  const scale = Math.max(0.02, Math.min(8, view.scale * factor)), dx = left - room.x, dy = top - room.y;
  look(view.x + dx / view.scale - dx / scale, view.y + dy / view.scale - dy / scale, scale);
}

/** Bring a group into view. */
function reveal(group, closer = false) {
  if (!group) return;
  if (closer && view.scale < READABLE) zoom(READABLE / view.scale);
  const [x0, y0, x1, y1] = boxes.get(group.id), width = room.width / view.scale, height = room.height / view.scale;
  if (x0 >= view.x && x1 <= view.x + width && y0 >= view.y && y1 <= view.y + height) return;
  look((x0 + x1 - width) / 2, (y0 + y1 - height) / 2, view.scale);
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
  if (dragged) return;
  const n = nodeOf(event.target), module = event.target.closest?.("g.cluster");
  if (n !== null) pin(n);
  else if (module && (event.target.tagName === "text" || folded.has(module.id))) fold([module.id], !folded.has(module.id));
  else if (pinned !== null) pin(pinned);
});
$("closer").onclick = () => zoom(1.4);
$("farther").onclick = () => zoom(1 / 1.4);
$("fit").onclick = fit;

// --- modules, folded and unfolded ---------------------------------------------------------------------------------------

const folded = new Set();
const modules = Object.keys(data.clusters);

function fold(ids, away) {
  ids.forEach((module) => away ? folded.add(module) : folded.delete(module));
  const hidden = new Set([...folded].flatMap((module) => data.clusters[module]));
  const hide = (group, on) => marked(group, "hidden", on);
  Object.values(data.clusters).flat().forEach((group) => hide(group, hidden.has(group)));
  nodes.forEach(({ operands }, n) => {
    operands.forEach((m, i) => hide(id("e", n, i), hidden.has(id("o", n)) && hidden.has(inside(m) ? id("v", m) : id("k", n, i))));
    hide(id("r", n), hidden.has(id("o", n)) && hidden.has(id("v", n)));
  });
  modules.forEach((module) => {
    marked(module, "folded", folded.has(module));
    groups.get(module).setAttribute("aria-expanded", String(!folded.has(module)));
  });
  if (!shown(stop)) {
    groups.get(id("v", stop))?.setAttribute("tabindex", "-1");
    stop = places.findLast(shown);
    groups.get(id("v", stop))?.setAttribute("tabindex", "0");
  }
  $("fold").textContent = folded.size ? "Unfold modules" : "Fold modules";
}

modules.forEach((module) => {
  const group = groups.get(module), label = group.querySelector("text"), values = data.clusters[module].filter((m) => m[0] === "v");
  group.setAttribute("role", "button");
  group.setAttribute("tabindex", "0");
  group.setAttribute("aria-expanded", "true");
  group.setAttribute("aria-label", `module ${label?.textContent ?? ""}, ${values.length} values`);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    fold([module], !folded.has(module));
    event.preventDefault();
  });
  const box = group.getBBox(), count = document.createElementNS(svg.namespaceURI, "text");
  count.setAttribute("class", "count");
  count.setAttribute("x", box.x + box.width / 2);
  count.setAttribute("y", box.y + box.height / 2);
  count.textContent = `${values.length} values`;
  group.append(count);
});
$("fold").hidden = !modules.length;
$("fold").onclick = () => folded.size ? fold(modules, false) : fold(modules, true);

// --- search -------------------------------------------------------------------------------------------------------------

let matches = [], match = -1;
function search() {
  matches.forEach((n) => marked(id("v", n), "match", false));
  const wanted = $("search").value.trim().toLowerCase();
  const has = (text) => text !== undefined && text.toLowerCase().includes(wanted);
  matches = wanted ? nodes.map((_, n) => n).filter((n) => has(nodes[n].label) || has(nodes[n].primitive?.name) || has(nodes[n].primitive?.symbol)) : [];
  matches.forEach((n) => marked(id("v", n), "match", true));
  match = -1;
  $("found").textContent = wanted ? `${matches.length} found` : "";
}
$("search").oninput = search;
$("search").onkeydown = (event) => {
  if (event.key === "Escape") $("search").value = "", search(), pointed = null, choose();
  if (event.key !== "Enter" || !matches.length) return;
  match = (match + (event.shiftKey ? matches.length - 1 : 1) + (match < 0 && event.shiftKey ? 1 : 0)) % matches.length;
  $("found").textContent = `${match + 1} of ${matches.length}`;
  pointed = matches[match];
  reveal(groups.get(id("v", pointed)), true);
  choose();
};

// --- steps and recorded steps: sliders that play --------------------------------------------------------------------------

/** Let a button play what a slider shows, from the start if it is at its end. */
function player(button, slider, speed, go) {
  const caption = button.textContent;
  let frame = null;
  const halt = () => {
    cancelAnimationFrame(frame);
    frame = null;
    button.textContent = caption;
    button.setAttribute("aria-pressed", "false");
    $("words").setAttribute("aria-live", "polite");
  };
  button.onclick = () => {
    if (frame !== null) return halt();
    const last = Number(slider.max);
    if (Number(slider.value) === last) go(0);
    button.textContent = "⏸ Pause";
    button.setAttribute("aria-pressed", "true");
    $("words").setAttribute("aria-live", "off"); // too quick to read out
    let since = performance.now(), part = 0;
    const tick = (time) => {
      part += (time - since) / 1000 * speed();
      since = time;
      const whole = Math.floor(part);
      part -= whole;
      if (whole > 0) go(Math.min(last, Number(slider.value) + whole));
      if (Number(slider.value) >= last) halt();
      else frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
  };
  slider.oninput = () => (frame !== null && halt(), go(Number(slider.value)));
  return halt;
}

function turn(to) {
  pass = to;
  $("pass").value = pass;
  const loss = short(data.passes[pass].data[result]);
  $("title-of-pass").textContent = `${data.passes[pass].title}: ${name(result)} = ${loss}`;
  $("pass").setAttribute("aria-valuetext", $("title-of-pass").textContent);
  redraw();
}

$("step").max = steps.length - 1;
const halt = player($("play"), $("step"), () => Number($("speed").value), show);
const move = (by) => (halt(), show(now + by));
$("first").onclick = () => move(-now);
$("back").onclick = () => move(-1);
$("forth").onclick = () => move(1);
$("last").onclick = () => move(steps.length);
$("pass").max = data.passes.length - 1;
$("training").hidden = data.passes.length === 1;
player($("train"), $("pass"), () => 4, turn);
$("shade").onchange = redraw;

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input[type=search], select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = {
    ",": () => move(-1), ".": () => move(1), p: () => $("play").click(), f: fit, "+": () => zoom(1.4), "-": () => zoom(1 / 1.4),
    "/": () => $("search").focus(),
  }[event.key];
  if (act) act(), event.preventDefault();
});

document.documentElement.classList.add("live");
room = figure.getBoundingClientRect();
start();
new ResizeObserver(() => {
  room = figure.getBoundingClientRect();
  look(view.x, view.y, view.scale);
}).observe(figure);
turn(pass);
choose();
