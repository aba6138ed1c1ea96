// Groups opened and closed; search; sliders that play; and the start.

const LIMIT = 40; // things on the screen that a page opens by itself

function open(g, { quiet = false } = {}) {
  const group = groups[g], item = scene?.items.find((item) => item.group === group);
  if (group.kind === "stack") {
    const taken = out.get(g) ?? out.set(g, new Set()).get(g), next = group.members.find((key) => !taken.has(key));
    if (next !== undefined) taken.add(next);
    if (next < 0 && groupOf(next).kind === "piece") opened.add(-1 - next);
  }
  opened.add(g);
  if (!quiet) rearrange(item, group.key);
}

function close(g) {
  const frame = scene.frames.find(({ group }) => group.g === g), closing = [groups[g]];
  for (const group of closing) { // and what is in it
    opened.delete(group.g), out.delete(group.g);
    for (const key of group.members) if (key < 0) closing.push(groupOf(key));
  }
  rearrange(frame, groups[g].key);
}

/** Lay out anew; what was opened or closed stays where it was on the screen. */
function rearrange(anchor, key) {
  const where = anchor ? { x: (anchor.x - view.x) * view.scale, y: (anchor.y + Math.min(anchor.height, 80) / 2 - view.y) * view.scale } : null;
  const focused = document.activeElement?.closest?.("#graph");
  arrange(anchor);
  makeSteps();
  nameItems();
  const found = scene.items.find((item) => item.key === key) ?? scene.frames.find((frame) => frame.key === key);
  const roomy = scene.box.width * view.scale <= room.width && scene.box.height * view.scale <= room.height;
  if (roomy || !found || !where) fit();
  else {
    const scale = Math.max(view.scale, Math.min(NEAR + 0.02, 1));
    look(found.x - where.x / scale, found.y + Math.min(found.height, 80) / 2 - where.y / scale, scale);
    if (!isInView(found)) reveal(found);
  }
  dress(view.scale);
  showAll();
  if (pinned !== null) pin(pin(pinned));
  if (focused) (found && (drawnOf(found) ?? $(`c${-1 - found.key}`)))?.focus({ preventScroll: true });
  $("fold").textContent = opened.size ? "Close all" : "Open all";
}

const visibleCount = () => {
  const counted = (group) => {
    const [keys, rest] = shownOf(group);
    return keys.reduce((sum, key) => sum + (key < 0 && opened.has(-1 - key) ? counted(groupOf(key)) : 1), rest ? 1 : 0);
  };
  return counted(top);
};

/** Open what there is room for: all of a small graph; of a large one what stands alone, or as many levels as the page was told. */
function openAtFirst() {
  const whole = total <= LIMIT && data.depth === null;
  const depth = (group) => (group.parent < 0 ? 0 : depth(groups[group.parent]) + (group.kind === "module"));
  for (const group of groups) {
    if (group.kind === "stack" || (group.parent >= 0 && !opened.has(group.parent))) continue;
    const alone = data.depth === null && visibleCount() < 4;
    if (!(whole || alone || (data.depth !== null && depth(group) < data.depth))) continue;
    opened.add(group.g);
    if (visibleCount() > 60) opened.delete(group.g);
  }
}

function openAll() {
  for (const group of groups) {
    if (group.parent >= 0 && !opened.has(group.parent)) continue;
    opened.add(group.g);
    if (group.kind === "stack") out.set(group.g, new Set(group.members));
    if (visibleCount() <= 400) continue;
    opened.delete(group.g), out.delete(group.g);
  }
  rearrange();
}
function closeAll() {
  opened.clear(), out.clear();
  rearrange();
}

/** Open all that hides a node. */
function uncover(n) {
  const way = [];
  for (let g = parents[n], key = n; g >= 0; key = groups[g].key, g = groups[g].parent) way.unshift([groups[g], key]);
  let changed = false;
  for (const [group, key] of way) {
    const there = opened.has(group.g) && (group.kind !== "stack" || out.get(group.g)?.has(key));
    if (there) continue;
    changed = true;
    opened.add(group.g);
    if (group.kind === "stack") (out.get(group.g) ?? out.set(group.g, new Set()).get(group.g)).add(key);
  }
  if (changed) rearrange(null, way[0][0].key);
}
$("fold").hidden = !groups.length;
$("fold").onclick = () => (opened.size ? closeAll() : openAll());

// --- search -------------------------------------------------------------------------------------------------------------

let matches = [], match = -1;
const MOST_MATCHES = 100_000;
function search() {
  scene.items.forEach((item) => drawnOf(item).classList.remove("match"));
  const wanted = $("search").value.trim().toLowerCase();
  const found = data.primitives.map(({ name, symbol }) => name.toLowerCase().includes(wanted) || symbol.toLowerCase().includes(wanted));
  matches = [];
  for (let n = 0; wanted && n < count && matches.length < MOST_MATCHES; n++) {
    if ((P[n] >= 0 && found[P[n]]) || label(n).toLowerCase().includes(wanted)) matches.push(n);
  }
  for (const n of matches) drawnOf(scene.items[scene.rep[n]]).classList.add("match");
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
  uncover(pointed);
  for (const n of matches) drawnOf(scene.items[scene.rep[n]]).classList.add("match");
  reveal(scene.items[scene.rep[pointed]], true);
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
    let since = performance.now(), part = 1;
    const tick = (time) => {
      part += Math.max(0, time - since) / 1000 * speed();
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

let turned = -1; // the recorded step shown
function turn(to) {
  turned = to;
  pass = unpacked(to);
  findLargest();
  if (live) changed.clear(), history = [], drawCurve(), $("reset").disabled = true;
  $("pass").value = to;
  $("title-of-pass").textContent = `${pass.title}: ${name(result)} = ${short(pass.data[result])}`;
  $("pass").setAttribute("aria-valuetext", $("title-of-pass").textContent);
  showAll();
  drawTraining();
}

const halt = player($("play"), $("step"), () => Number($("speed").value), (to) => show(to, { move: true }));
const move = (by) => (halt(), show(now + by, { move: true }));
$("first").onclick = () => move(-now);
$("back").onclick = () => move(-1);
$("forth").onclick = () => move(1);
$("last").onclick = () => move(steps.length);
$("pass").max = data.passes.length - 1;
$("training").hidden = data.passes.length === 1;
player($("train"), $("pass"), () => 4, turn);
$("shade").onchange = showAll;
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (tints = null, showAll()));

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input:not([type=range]), select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = {
    ",": () => move(-1), ".": () => move(1), p: () => $("play").click(), f: fit, "+": () => zoom(1.4), "-": () => zoom(1 / 1.4),
    "/": () => $("search").focus(),
  }[event.key];
  if (act) act(), event.preventDefault();
});

document.documentElement.classList.add("live");
if (innerWidth < 768) for (const id of ["more", "legend"]) $(id).open = false;
room = figure.getBoundingClientRect();
pass = unpacked(data.passes.length - 1);
openAtFirst();
arrange();
makeSteps();
nameItems();
begin();
turn(data.passes.length - 1);
choose();
$("fold").textContent = opened.size ? "Close all" : "Open all";
new ResizeObserver(() => {
  room = figure.getBoundingClientRect();
  look(view.x, view.y, view.scale);
}).observe(figure);
