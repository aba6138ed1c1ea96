// Steps: the leaves given, each visible thing forward, the seed, each one back; and the words that go with them.

let steps = [], now = 0, forwardAt = [], backAt = [], seedAt = Infinity;
const isKnown = (item) => now >= forwardAt[item.index];
const isBack = (item) => now >= backAt[item.index];

/** The visible things, operands before users; of those ready, the one made first. */
function inOrder() {
  const { items, links } = scene, waiting = items.map(() => 0), users = items.map(() => []);
  for (const [a, b] of links) waiting[b.index]++, users[a.index].push(b.index);
  const when = items.map(({ key, group }) => (group ? lastOf(group) : key < count ? key : userOfConstant[key - count] - 0.5));
  const heap = [], found = [];
  const before = (i, j) => when[heap[i]] < when[heap[j]] || (when[heap[i]] === when[heap[j]] && heap[i] < heap[j]);
  const swap = (i, j) => ([heap[i], heap[j]] = [heap[j], heap[i]]);
  const push = (x) => {
    let i = heap.push(x) - 1;
    while (i && before(i, (i - 1) >> 1)) swap(i, (i - 1) >> 1), i = (i - 1) >> 1;
  };
  const pop = () => {
    const first = heap[0], last = heap.pop();
    if (!heap.length) return first;
    heap[0] = last;
    for (let i = 0; ;) {
      let least = i;
      for (const j of [2 * i + 1, 2 * i + 2]) if (j < heap.length && before(j, least)) least = j;
      if (least === i) return first;
      swap(i, least), i = least;
    }
  };
  waiting.forEach((some, i) => some || push(i));
  while (heap.length) {
    const i = pop();
    found.push(items[i]);
    for (const j of users[i]) if (!--waiting[j]) push(j);
  }
  return found;
}
function lastOf(group) {
  if (group.last === undefined) {
    group.last = -1;
    for (let i = group.start; i < group.end; i++) if (inTree[i] < count && P[inTree[i]] >= 0) group.last = Math.max(group.last, inTree[i]);
    if (group.last < 0) group.last = group.first;
  }
  return group.last;
}
const computes = (item) => (item.group ? holds(item.group).computed > 0 : item.key < count && P[item.key] >= 0);
function arrivesIn(item) {
  if (!item.group) return item.key < count && pass.arrived[item.key];
  for (let i = item.group.start; i < item.group.end; i++) if (inTree[i] < count && P[inTree[i]] >= 0 && pass.arrived[inTree[i]]) return true;
  return false;
}

/** Make the steps of what is visible now; the step shown stays where it was, as far as it can. */
function makeSteps() {
  const known = steps.length ? progress() : null;
  steps = [{ kind: "start" }];
  forwardAt = new Float64Array(scene.items.length), backAt = new Float64Array(scene.items.length).fill(Infinity), seedAt = Infinity;
  const order = inOrder().filter(computes);
  for (const item of order) forwardAt[item.index] = steps.push({ kind: "forward", item }) - 1;
  if (!data.passes[0].refusal) {
    seedAt = steps.push({ kind: "seed", item: scene.items[scene.rep[result]] }) - 1;
    for (const item of order.reverse()) if (arrivesIn(item)) backAt[item.index] = steps.push({ kind: "backward", item }) - 1;
  }
  for (const link of scene.links) link.back = backAt[link[1].index];
  now = known === null ? 0 : Math.min(steps.length - 1, known());
  $("step").max = steps.length - 1;
}

/** How far the steps have come, as a function that finds the same place among others. */
function progress() {
  const { rep, items } = scene, { kind } = steps[now], ends = { start: 0, last: now === steps.length - 1 };
  const forward = forwardAt, back = backAt, then = now;
  const test = { forward: (n) => then >= forward[rep[n]], backward: (n) => then >= back[rep[n]] };
  return () => {
    if (ends.last) return steps.length - 1;
    if (kind === "start") return 0;
    if (kind === "seed") return seedAt;
    let found = kind === "forward" ? 0 : seedAt;
    for (let i = found + 1; i < steps.length && steps[i].kind === kind; i++) {
      const { key, group } = steps[i].item;
      if (!test[kind](group ? group.last : key)) break;
      found = i;
    }
    return found;
  };
}

// --- what has arrived ----------------------------------------------------------------------------------------------------

/**
 * The contributions that have arrived at value m, in the engine's order: [{e, contribution, total}]. What flows along edges that
 * the page does not hold is known by its sum alone, {total}: it arrives with the next one that the page has, or else when the
 * value itself passes its gradient on, at the last step if it never does.
 */
function arrivals(m) {
  const { partials, there: some, adjoints, arrived, known, totals, refusal } = pass, all = [];
  const rest = (total) => !Object.is(total, all.at(-1)?.total ?? null) && all.push({ total });
  if (m === result && now >= seedAt) all.push({ contribution: 1, total: 1 });
  let last = null;
  for (let k = useStarts[m]; k < useStarts[m + 1]; k++) {
    const e = useEdges[k], n = U[e];
    if (!some[e] || !arrived[n] || now < backAt[scene.rep[n]]) continue;
    const product = adjoints[n] * partials[e];
    if (known) rest(pass.knownThere[e] ? known[e] : null);
    last = known ? totals[e] : last === null ? product : last + product;
    all.push({ e, contribution: product, total: last });
  }
  const own = Math.min(backAt[scene.rep[m]], steps.length - 1);
  if (known && !refusal && now >= own) rest(arrived[m] ? adjoints[m] : null);
  return all;
}
/** The gradient of value m as far as it has arrived: null if nothing has. */
function gradient(m) {
  if (pass.known || m === result) return arrivals(m).at(-1)?.total ?? null;
  if (now === steps.length - 1 && !pass.refusal) return pass.arrived[m] ? pass.adjoints[m] : 0; // all has, as `grad` says
  const { partials, there: some, adjoints, arrived } = pass;
  let last = null;
  for (let k = useStarts[m]; k < useStarts[m + 1]; k++) {
    const e = useEdges[k], n = U[e];
    if (!some[e] || !arrived[n] || now < backAt[scene.rep[n]]) continue;
    const product = adjoints[n] * partials[e];
    last = last === null ? product : last + product;
  }
  return last;
}

// --- showing a step --------------------------------------------------------------------------------------------------------

let lit = [];
function light(group, mark) {
  if (group) group.classList.add(mark), lit.push([group, mark]);
}
const drawnOf = (item) => drawnItems.get(item.key)?.group;
const linksInto = (item) => (item.into ??= scene.links.filter((link) => link[1] === item));

function show(step, { move = false } = {}) {
  step = Math.max(0, Math.min(steps.length - 1, step));
  const changed = new Set(), from = Math.min(now, step), to = Math.max(now, step), last = to === steps.length - 1;
  now = step;
  for (const { item } of steps.slice(from + 1, to + 1)) {
    if (!item) continue;
    changed.add(item);
    for (const [other] of linksInto(item)) changed.add(other);
  }
  (last && pass.known ? scene.items : changed).forEach(update);
  mark();
  explain();
  if (chosen() !== null) describe(chosen());
  if (move) flow();
}

/** Light what the step is about. */
function mark() {
  lit.forEach(([group, kind]) => group.classList.remove(kind));
  lit = [];
  const { kind, item } = steps[now];
  svg.classList.toggle("back", kind === "seed" || kind === "backward");
  if (kind === "start") return;
  light(drawnOf(item), kind === "forward" ? "new" : "source");
  if (kind === "seed") return;
  for (const link of linksInto(item)) {
    if (kind === "backward" && !link[2].some((e) => contribution(e) !== null && O[e] >= 0)) continue;
    light(link.group, "flow");
    layers.edges.append(link.group);
    light(drawnOf(link[0]), kind === "forward" ? "source" : "new");
  }
  if (!isInView(item)) reveal(item);
}

function showAll() {
  scene.items.forEach(update);
  show(now);
}

let flowing = null;
/** Let the numbers be seen moving: operands' forward, contributions back along the arrows. */
function flow() {
  if (flowing) cancelAnimationFrame(flowing);
  flowing = null;
  layers.flow.replaceChildren();
  const { kind, item } = steps[now];
  if (REDUCED.matches || !item || kind === "seed" || view.scale < 0.5 || scene.items.length > MOST_MOVING) return;
  const tokens = [];
  for (const link of linksInto(item).slice(0, 12)) {
    const [e] = link[2], x = kind === "forward" ? operandValue(e) : contribution(e);
    if (x === null || (kind === "backward" && O[e] < 0)) continue;
    const single = link[0].key >= 0 && link[1].key >= 0;
    const token = drawn("text", { class: "token", "text-anchor": "middle" }, single ? short(x) : "●");
    layers.flow.append(token);
    tokens.push([token, link.path, link.path.getTotalLength()]);
  }
  const start = performance.now(), lasts = Math.min(600, 800 / Number($("speed").value));
  const tick = (time) => {
    const t = Math.min(1, Math.max(0, (time - start) / lasts));
    for (const [token, path, length] of tokens) {
      const { x, y } = path.getPointAtLength(length * (kind === "forward" ? t : 1 - t));
      token.setAttribute("x", x), token.setAttribute("y", y - 5);
    }
    if (t < 1) flowing = requestAnimationFrame(tick);
    else layers.flow.replaceChildren(), flowing = null;
  };
  flowing = requestAnimationFrame(tick);
}

// --- words ---------------------------------------------------------------------------------------------------------------

const called = (item) => (item.group ? titleOf(item) : name(item.key));

/** The items of a list: what flows along each edge of a value back to its operands, and the sum it is added to. */
function flows(n) {
  const found = [];
  for (let e = S[n]; e < S[n + 1]; e++) {
    if (O[e] < 0 && ~O[e] < C.length) continue;
    const product = contribution(e), who = element("bdi", nameOfOperand(e));
    if (product === null) {
      found.push([who, ": nothing, it does not enter the result here"]);
      continue;
    }
    const how = element("span", `${short(product)} = ${short(pass.adjoints[n])} × ${short(pass.partials[e])}`, "product");
    const all = O[e] >= 0 ? arrivals(O[e]) : [], i = all.findIndex((a) => a.e === e);
    found.push([who, how, ...(i > 0 ? [element("span", `${short(all[i - 1].total)} + ${short(product)} = ${short(all[i].total)}`, "sum")] : [])]);
  }
  return found;
}

const PHASES = { start: "the leaves are given", forward: "forward", seed: "backward begins", backward: "backward" };
function explain() {
  const { kind, item } = steps[now], formula = $("formula"), detail = $("detail"), say = $("say");
  $("phase").textContent = `Step ${now} of ${steps.length - 1}: ${PHASES[kind]}`;
  detail.replaceChildren(), $("math").replaceChildren();
  if (kind === "start") {
    say.textContent = "The numbers of the leaves are given. Play computes what is made of them, and then goes back.";
    formula.textContent = "Nothing is computed yet.";
  } else if (kind === "seed") {
    say.textContent = "Now back: how much does the result change when a number changes a little? The result itself just as much.";
    formula.textContent = "1 = d result / d result";
  } else if (item.group) explainGroup(kind, item);
  else explainValue(kind, item.key);
  $("step").value = now;
  $("step").setAttribute("aria-valuetext", `${$("phase").textContent}. ${formula.textContent}`);
  $("play").disabled = steps.length === 1;
}

function explainValue(kind, n) {
  const { symbol, words } = primitiveOf(n), say = $("say");
  notation(n, kind);
  if (kind === "forward") {
    say.replaceChildren("Forward: ", element("bdi", name(n)), ` is computed. ${words}.`);
    $("formula").textContent = `${inNumbers(n)} = ${short(pass.data[n])}`;
    $("detail").append(element("bdi", `${name(n)} = ${inNames(n)}`));
    return;
  }
  const grad = gradient(n), items = flows(n);
  say.replaceChildren("Back: each operand of ", element("bdi", name(n)), " gets its gradient times the slope of ", symbol, ".");
  $("formula").textContent = grad === null ? "nothing arrived here" : `${short(grad)} flows back through ${symbol}`;
  $("detail").append(list(items));
  if ($("detail").querySelector(".sum")) $("detail").append(element("p", "Gradients add up: a value used several times changes the result along every one of its ways."));
}

function explainGroup(kind, item) {
  const { outputs, computed } = holds(item.group), who = element("bdi", called(item));
  const few = (numbers) => `${numbers.slice(0, 6).map((x) => short(x)).join(", ")}${numbers.length > 6 ? ", …" : ""}`;
  if (kind === "forward") {
    $("say").replaceChildren("Forward: ", who, ` computes its outputs, by ${counted(computed, "operation")}. Open it to see them one by one.`);
    $("formula").textContent = `${counted(outputs.length, "output")}: ${few(outputs.map((n) => pass.data[n]))}`;
  } else {
    $("say").replaceChildren("Back: the gradients of what ", who, " gave go back through it, to all that it took, and to its parameters.");
    $("formula").textContent = `gradients of ${counted(outputs.length, "output")}: ${few(outputs.map(gradient))}`;
  }
}
const MATHML = "http://www.w3.org/1998/Math/MathML";
/** MathML from nested lists: an element's name, then its text or what is in it. */
function mathematics([tag, ...inside]) {
  const made = document.createElementNS(MATHML, tag);
  if (tag === "math") made.setAttribute("displaystyle", "true");
  for (const part of inside) made.append(typeof part === "string" ? part : mathematics(part));
  return made;
}

/** The formula of a value's primitive, and on the way back its slopes, in mathematical notation or in the row's own words. */
function notation(n, kind) {
  const note = data.notes?.[P[n]], { rule } = primitiveOf(n), place = $("math");
  const equation = (...parts) => place.appendChild(mathematics(["math", ["mrow", ...parts]]));
  if (!note?.formula) return kind === "backward" && rule && place.append(element("span", rule, "note"));
  if (kind === "forward") return equation(["mi", "y"], ["mo", "="], note.formula);
  const letters = ["u", "v", "w"], d = note.slopes.length > 1 ? "∂" : "d";
  note.slopes.forEach((slope, i) => {
    if (O[S[n] + i] < 0) return;
    const top = note.slopes.length > 1 ? ["mi", "y"] : note.formula;
    equation(["mfrac", ["mrow", ["mo", d], top], ["mrow", ["mo", d], ["mi", letters[i]]]], ["mo", "="], slope);
  });
  if (!note.slopes.length && rule) place.append(element("span", rule, "note"));
}
