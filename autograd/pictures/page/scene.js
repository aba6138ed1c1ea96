// The scene: boxes for values, constants and groups, laid out and drawn; and what they show at a step.

const TEXT = 13, SMALLEST = 11.5, LINE = 17, NEAR = 0.86; // sizes in the picture; from that scale on all texts are shown
const MOST_MOVING = 250, MOST_CELLS = 2048;
const svg = $("graph"), world = $("world");
const layers = { frames: $("frames"), edges: $("edges"), items: $("items"), flow: $("flow") };
const NUMBER = `data -0.${"0".repeat(data.precision)}`;

// --- what a box says -----------------------------------------------------------------------------------------------------

const idOf = (item) => (item.group ? `c${item.group.g}${item.rest ? "_" : ""}` : item.key < count ? `v${placeOf(item.key)}`
  : `k${placeOf(userOfConstant[item.key - count])}_${edgeOfConstant[item.key - count] - S[userOfConstant[item.key - count]]}`);

/** The symbol beside a computed value; with the constants where these have no boxes. */
function symbolOf(n) {
  const { symbol } = primitiveOf(n);
  if (data.shown) return symbol;
  let constant = false;
  for (let e = S[n]; e < S[n + 1]; e++) constant ||= O[e] < 0 && ~O[e] < C.length;
  return constant && S[n + 1] - S[n] < 4 ? applied(n, (e) => (O[e] < 0 ? short(constantAt(~O[e])) : "·")) : symbol;
}

/** What a group holds: its leaves, its outputs (used outside), how many values; of a stack's rest, of those not out. */
function holds(group) {
  if (group.holds) return group.holds;
  const leaves = [], outputs = [];
  let values = 0;
  for (let i = group.start; i < group.end; i++) {
    const n = inTree[i];
    if (n >= count) continue;
    values++;
    if (P[n] < 0) leaves.push(n);
    let outside = n === result;
    for (let k = useStarts[n]; k < useStarts[n + 1] && !outside; k++) outside = !within(U[useEdges[k]], group);
    if (outside && P[n] >= 0) outputs.push(n);
  }
  return (group.holds = { leaves, outputs: outputs.length ? outputs : leaves, values, computed: values - leaves.length });
}
const within = (n, group) => placeInTree[n] >= group.start && placeInTree[n] < group.end;

/** The lines of a group's box, under its title. */
function linesOf({ group, rest }) {
  const { leaves, values, computed } = holds(group), lines = [];
  if (group.kind === "stack") {
    const first = groupOf(group.members[0]);
    lines.push(first ? `${rest ? "more of them, " : ""}${counted(Math.round(values / group.members.length), "value")} each` : counted(rest ?? group.members.length, values ? "value" : "constant"));
  } else if (group.kind === "module") {
    if (leaves.length) lines.push(counted(leaves.length, "parameter"));
    for (const shape of group.shapes.slice(0, 2)) lines.push(visible(shape).replace(/ \(\)$/, ""));
    lines.push(counted(computed, "operation"));
  } else lines.push(counted(values, "value"));
  return lines;
}
function titleOf({ group, rest }) {
  if (group.kind !== "stack") return cut(group.title || "values");
  return `${cut(group.title || "alike", 22)} × ${rest ?? group.members.length}`;
}

function measure(item) {
  const { key, group } = item;
  if (group) {
    item.title = titleOf(item), item.lines = linesOf(item);
    item.map = holds(group).leaves.length > 1;
    item.width = Math.ceil(Math.max(132, ...[item.title, ...item.lines].map(widthOf)) + 20);
    item.under = 28 + LINE * item.lines.length; // where its map of weights starts
    item.tracks = holds(group).values > 0;
    item.height = item.under + (item.map ? 40 : 0) + (item.tracks ? 2 * LINE + 7 : 0);
  } else if (key >= count) {
    item.title = name(key);
    item.width = Math.ceil(Math.max(30, widthOf(item.title) + 16)), item.height = 28;
  } else {
    item.title = cut(label(key) ? visible(lastWordInFrame(key)) : `#${placeOf(key)}`);
    item.far = label(key) || P[key] < 0 ? item.title : visible(primitiveOf(key).symbol);
    item.strip = P[key] < 0 ? 0 : Math.ceil(Math.max(30, widthOf(item.symbol = visible(symbolOf(key))) + 14));
    item.width = item.strip + Math.ceil(Math.max(...[item.title, NUMBER, ...numbersOf(key)].map(widthOf))) + 16, item.height = 12 + 3 * LINE;
  }
}
/** The numbers that a value will show, for its width; those to come are squeezed where they are wider. */
function numbersOf(n) {
  const first = [pass, ...passes.slice(0, 20).filter((other) => other && other !== pass)];
  return first.flatMap(({ data: numbers, adjoints }) => [`data ${short(numbers[n])}`, `grad ${short(adjoints[n])}`]);
}
/** A label without the names of the frames around it. */
function lastWordInFrame(n) {
  let text = label(n);
  const titles = [];
  for (let g = parents[n]; g >= 0; g = groups[g].parent) if (groups[g].kind === "module") titles.unshift(groups[g].title);
  for (const title of titles) {
    const at = text.indexOf(`${title}.`);
    if (at === 0) text = text.slice(title.length + 1);
  }
  return text;
}

// --- laying out, and drawing -----------------------------------------------------------------------------------------------

const drawnItems = new Map(); // by key, the groups of SVG
const wayOf = ([a, b]) => `${a.key}>${b.key}`;

/** Lay out what is visible and draw it; things that stay move to their new places, others come from `origin`. */
function arrange(origin = null) {
  const before = new Map([...drawnItems].map(([key, { item }]) => [key, item]));
  scene = visibleScene();
  scene.items.forEach(measure);
  scene.frames.forEach((frame) => (frame.title = frame.group.kind === "stack" ? titleOf({ group: frame.group }) : cut(frame.group.title || "values")));
  const pairs = scene.links.map(([a, b]) => [a.key, b.key]);
  const hint = ({ key }) => before.get(key)?.y;
  const kept = before.size ? { hint } : {};
  const labelled = scene.items.length <= 60 && scene.links.some(([a, b]) => a.key >= 0 && b.key >= 0);
  const across = labelled ? 72 : 44; // room for what flows along an edge
  const ways = framed(scene.root, pairs, { across, between: 12, ...kept });
  scene.links.forEach((link, i) => (link.way = ways[i]));
  ports();
  drawScene(before, origin);
}

/** Where edges end: side by side on the left of a box, in the order in which they come. */
function ports() {
  const into = new Map();
  for (const link of scene.links) {
    if (!into.has(link[1])) into.set(link[1], []);
    into.get(link[1]).push(link);
  }
  for (const [item, links] of into) {
    const height = (link) => (link.way.at(-1)?.[1] ?? link[0].y + link[0].height / 2);
    links.sort((a, b) => height(a) - height(b));
    links.forEach((link, i) => (link.end = item.y + (item.height * (i + 1)) / (links.length + 1), link.room = item.height / (links.length + 1)));
  }
}

function pathOf(link) {
  const [a, b] = link, points = [[a.x + a.width, a.y + a.height / 2], ...link.way, [b.x - 7, link.end]];
  let text = `M${points[0][0]} ${points[0][1]}`;
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1], [x1, y1] = points[i], bend = Math.max(8, (x1 - x0) / 2);
    text += Math.abs(y0 - y1) < 0.5 ? `L${x1} ${y1}` : `C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`;
  }
  return `${text}l7 0`;
}

function drawScene(before, origin) {
  const moving = !REDUCED.matches && before.size > 0 && scene.items.length <= MOST_MOVING;
  svg.classList.toggle("moving", false);
  const kept = new Set(scene.items.map(({ key }) => key));
  for (const [key, { group }] of drawnItems) if (!kept.has(key)) group.remove(), drawnItems.delete(key);
  for (const item of scene.items) {
    const old = drawnItems.get(item.key);
    const fresh = old?.item.title === item.title && old.item.width === item.width && old.item.height === item.height ? old : undefined;
    if (old && !fresh) old.group.remove();
    const group = fresh?.group ?? drawItem(item);
    const from = before.get(item.key) ?? origin;
    group.style.transform = `translate(${(moving && from ? from : item).x}px, ${(moving && from ? from : item).y}px)`;
    group.classList.toggle("arriving", moving && !before.has(item.key));
    drawnItems.set(item.key, { item, group, parts: fresh?.parts ?? partsOf(group) });
    layers.items.append(group);
  }
  layers.frames.replaceChildren(...scene.frames.slice().reverse().map(drawFrame));
  drawEdges(moving);
  if (moving) { // once the browser has seen where things were
    const there = scene;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (scene !== there) return;
      svg.classList.add("moving");
      for (const { group, item } of drawnItems.values()) {
        group.classList.remove("arriving");
        group.style.transform = `translate(${item.x}px, ${item.y}px)`;
      }
    }));
  }
  scene.box = { x: 0, y: 0, width: scene.root.width, height: scene.root.height };
}

function partsOf(group) {
  const found = {};
  for (const part of group.querySelectorAll("[class]")) found[part.getAttribute("class").split(" ")[0]] ??= part;
  return found;
}

function drawItem(item) {
  const { key, group, width, height, title } = item;
  const kind = group ? `group ${group.kind}` : key >= count ? "constant" : `value${isLeaf(key) ? " leaf" : ""}`;
  const made = drawn("g", { class: `node ${kind}`, id: idOf(item), tabindex: "-1" });
  const text = (kind, x, y, said, anchor = "start") => made.append(drawn("text", { class: kind, x, y, "text-anchor": anchor }, said));
  if (group?.kind === "stack") for (const off of [8, 4]) made.append(drawn("rect", { class: "behind", x: off, y: off, width, height, rx: 7 }));
  made.append(drawn("rect", { class: "box", width, height, rx: group ? 7 : 5 }));
  if (group) {
    text("name", 10, 20, title);
    item.lines.forEach((line, i) => text(`line line${i}`, 10, 20 + LINE * (i + 1), line));
    const { under } = item;
    if (item.map) made.append(drawn("image", { class: "map", x: 10, y: under, width: width - 20, height: 34, preserveAspectRatio: "none" }));
    const low = under + (item.map ? 40 : 0);
    for (const [i, [said, kind]] of item.tracks ? [["data", "outs"], ["grad", "grads"]].entries() : []) {
      const place = { x: 48, y: low + LINE * i + 3, width: width - 58, height: 12 };
      text(said === "data" ? "outputs" : "flows", 10, low + LINE * i + 13, said);
      made.append(drawn("rect", { class: "track", ...place }), drawn("image", { class: kind, ...place, preserveAspectRatio: "none" }));
    }
  } else if (key >= count) text("name", width / 2, 19, title, "middle");
  else {
    const left = item.strip;
    if (left) {
      made.append(drawn("path", { class: "operation", d: `M5 0H${left}V${height}H5Q0 ${height} 0 ${height - 5}V5Q0 0 5 0Z` }));
      text("symbol", left / 2, height / 2 + 4.5, item.symbol, "middle");
    }
    text("name", left + 8, 19, title);
    text("data", left + 8, 19 + LINE, ""), text("grad", left + 8, 19 + 2 * LINE, "");
  }
  return made;
}

function drawFrame(frame) {
  const made = drawn("g", { class: `cluster ${frame.group.kind}`, id: `c${frame.group.g}`, tabindex: "0", role: "button", "aria-expanded": "true" });
  made.setAttribute("aria-label", `${frame.group.kind} ${frame.title}, ${counted(holds(frame.group).values, "value")}`);
  made.append(drawn("rect", { class: "border", x: frame.x, y: frame.y, width: frame.width, height: frame.height, rx: 8 }));
  made.append(drawn("rect", { class: "handle", x: frame.x, y: frame.y, width: frame.width, height: 28, rx: 8 }));
  made.append(drawn("text", { class: "name", x: frame.x + 12, y: frame.y + 19 }, `− ${cut(frame.title, Math.max(3, Math.floor((frame.width - 24) / 8)))}`));
  return made;
}

const drawnEdges = new Map();
function drawEdges(moving) {
  drawnEdges.clear();
  const made = scene.links.map((link) => {
    const [a, b, [e]] = link, single = a.key >= 0 && b.key >= 0;
    const group = drawn("g", { class: `edge${moving ? " arriving" : ""}`, ...(single ? { id: `e${placeOf(U[e])}_${data.told[U[e]]?.[1][e - S[U[e]]] ?? e - S[U[e]]}` } : {}) });
    const path = drawn("path", { d: pathOf(link) });
    group.append(path);
    if (single && link.room >= 13 && scene.items.length <= 60) group.append(drawn("text", { class: "contribution", x: b.x - 12, y: link.end - 3, "text-anchor": "end" }));
    link.group = group, link.path = path;
    if (single) drawnEdges.set(e, link);
    return group;
  });
  layers.edges.replaceChildren(...made);
  if (moving) requestAnimationFrame(() => requestAnimationFrame(() => made.forEach((group) => group.classList.remove("arriving"))));
}

// --- what things show at a step ------------------------------------------------------------------------------------------------

const shades = () => $("shade").value;
let largest = { value: 1, gradient: 1 };
let tints = null; // the theme's colours as numbers, for heat maps

function findLargest() {
  const most = (numbers) => {
    let found = 0;
    for (const x of numbers) if (Math.abs(x) > found && Number.isFinite(x)) found = Math.abs(x);
    return found || 1;
  };
  largest = { value: most(pass.data), gradient: most(pass.adjoints) };
}
const share = (x, what) => (x === null || Number.isNaN(x) ? 0 : Math.sqrt(Math.min(1, Math.abs(x) / largest[what]))); // the root: a small number still differs from 0

function write(part, text) {
  if (part && part.textContent !== text) part.textContent = text;
}

/** A text in a box, squeezed if it is too long. */
function writeInto(item, part, text) {
  if (part.textContent === text) return;
  part.textContent = text;
  const space = item.width - item.strip - 10;
  if (widthOf(text) > space) part.setAttribute("textLength", space), part.setAttribute("lengthAdjust", "spacingAndGlyphs");
  else part.removeAttribute("textLength");
}

function tinted() {
  const probe = document.body.appendChild(document.createElement("span"));
  const rgb = (name) => {
    probe.style.color = `var(${name})`;
    paint.fillStyle = getComputedStyle(probe).color;
    paint.clearRect(0, 0, 1, 1), paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  tints = { positive: rgb("--hot"), negative: rgb("--cold"), none: rgb("--value") };
  probe.remove();
}

/** A picture of numbers as coloured cells. */
function heat(numbers, rows, what, most = largest[what]) {
  if (!tints) tinted();
  const columns = Math.ceil(numbers.length / rows), canvas = document.createElement("canvas");
  canvas.width = columns, canvas.height = rows;
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
  numbers.forEach((x, i) => {
    if (x === null) return;
    const t = Number.isNaN(x) ? 0 : Math.sqrt(Math.min(1, Math.abs(x) / most)), to = x < 0 ? tints.negative : tints.positive;
    for (let k = 0; k < 3; k++) image.data[4 * i + k] = tints.none[k] + (to[k] - tints.none[k]) * t;
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
const sample = (nodes, most) => (nodes.length <= most ? nodes : Array.from({ length: most }, (_, i) => nodes[Math.floor((i * nodes.length) / most)]));

/** Draw the numbers of an item as they stand at the step shown. */
function update(item) {
  const drawing = drawnItems.get(item.key);
  if (!drawing) return;
  const { group, parts } = drawing, known = isKnown(item);
  group.classList.toggle("pending", !known);
  if (item.group) return updateGroup(item, parts, known);
  if (item.key >= count) return;
  const n = item.key, grad = gradient(n);
  writeInto(item, parts.data, `data ${known ? short(pass.data[n]) : "?"}`);
  writeInto(item, parts.grad, `grad ${short(grad)}`);
  const what = shades(), x = { value: known ? pass.data[n] : null, gradient: grad }[what] ?? null;
  group.style.setProperty("--share", `${Math.round(share(x, what) * 100)}%`);
  group.classList.toggle("negative", x < 0);
  for (let e = S[n]; e < S[n + 1]; e++) updateEdge(e);
}

function updateEdge(e) {
  const link = drawnEdges.get(e);
  if (!link) return;
  link.group.classList.toggle("pending", !isKnown(link[1]));
  if (!link.contribution) link.contribution = link.group.querySelector(".contribution");
  write(link.contribution, isBack(link[1]) ? short(contribution(e)).replace(/^-$/, "") : "");
}

function updateGroup(item, parts, known) {
  const { leaves, outputs } = holds(item.group);
  const image = (part, numbers, rows, what, most) => {
    const text = numbers.length ? heat(numbers, rows, what, most) : "";
    if (part.dataset.shown !== text) part.dataset.shown = text, part.setAttribute("href", text);
  };
  if (parts.map) {
    const shown = sample(leaves, MOST_CELLS), first = Number(item.group.shapes[0]?.match(/\((\d+), /)?.[1] ?? 0);
    const rows = first > 1 && shown.length % first === 0 && first < shown.length ? first : Math.max(1, Math.round(Math.sqrt(shown.length / 6)));
    const numbers = shown.map((n) => pass.data[n]);
    image(parts.map, numbers, rows, "value", numbers.reduce((a, b) => Math.max(a, Math.abs(b) || 0), 0) || 1);
  }
  if (!item.tracks) return;
  const few = sample(outputs, 24);
  image(parts.outs, few.map((n) => (known ? pass.data[n] : null)), 1, "value", few.reduce((a, n) => Math.max(a, Math.abs(pass.data[n]) || 0), 0) || 1);
  const grads = few.map(gradient);
  image(parts.grads, grads.every((x) => x === null) ? [] : grads, 1, "gradient", grads.reduce((a, x) => Math.max(a, Math.abs(x) || 0), 0) || 1);
}

// --- sizes on the screen -----------------------------------------------------------------------------------------------------

/** Show what can be read at a scale: all texts, or names large enough, or colours alone. */
function dress(scale) {
  const near = scale >= NEAR, size = near ? TEXT : SMALLEST / scale;
  svg.classList.toggle("near", near);
  svg.style.setProperty("--size", `${size}px`);
  for (const { item, parts } of drawnItems.values()) {
    const text = near ? item.title : fitted(item.far ?? item.title, item.width - 8, item.map ? item.under : item.height, size);
    write(parts.name, text);
    if (item.key < 0 || item.key >= count) continue;
    parts.name.setAttribute("x", near ? item.strip + 8 : item.width / 2);
    parts.name.setAttribute("y", near ? 19 : item.height / 2 + size * 0.35);
    parts.name.setAttribute("text-anchor", near ? "start" : "middle");
  }
  for (const { item, parts } of drawnItems.values()) {
    if (item.key >= 0 && item.key < count) continue;
    const middle = !near || item.key >= count;
    parts.name.setAttribute("x", middle ? item.width / 2 : 10);
    parts.name.setAttribute("y", middle ? (item.map ? item.under : item.height) / 2 + size * 0.35 : 20);
    parts.name.setAttribute("text-anchor", middle ? "middle" : "start");
  }
  svg.classList.toggle("flat", !near && 28 * scale < 13);
}
function fitted(text, width, height, size) {
  if (size > height - 4) return "";
  const fits = (shown) => (widthOf(shown) / TEXT) * size <= width;
  let letters = [...text].length;
  if (fits(text)) return text;
  letters = Math.min(letters - 1, Math.floor((letters * width * TEXT) / (widthOf(text) * size)) + 1);
  while (letters > 2 && !fits(cut(text, letters))) letters--;
  return letters > 2 ? cut(text, letters) : "";
}
