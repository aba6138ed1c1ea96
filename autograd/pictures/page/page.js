// The graph at a step, and the words that go with it. Every number comes from the engine, by way of the page's data.

const data = JSON.parse(document.getElementById("data").textContent);
const nodes = data.nodes.map(([primitive, label, operands, cut = label], n) => {
  const [count, told] = data.told[n] ?? [operands.length];
  return { primitive: data.primitives[primitive], label, operands, cut, place: data.places[n] ?? n, count, told };
});
const at = new Map(nodes.map(({ place }, n) => [place, n]));
const result = nodes.length - 1;
const $ = (id) => document.getElementById(id);
const svg = $("graph");
let pass = data.passes.length - 1; // the pass whose numbers are shown: the last recorded step of a training

// --- numbers and names -------------------------------------------------------------------------------------------------

const WORDS = { nan: NaN, inf: Infinity, "-inf": -Infinity }; // JSON cannot write these as numbers
const decoded = (x) => (typeof x === "string" ? WORDS[x] : x);

/** As Python writes f"{x:.{digits}g}", ties to the even digit. */
function short(x, digits = data.precision) {
  if (x === null || x === undefined) return "-";
  x = decoded(x);
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x < 0 ? "-inf" : "inf";
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  let text = Math.abs(x).toExponential(digits - 1);
  const exact = Math.abs(x).toExponential(60).replace(".", "");
  if (/^5(0*)e/.test(exact.slice(digits)) && "02468".includes(exact[digits - 1])) { // JavaScript rounds ties up
    text = `${exact[0]}.${exact.slice(1, digits)}e${exact.split("e")[1]}`;
  }
  const [mantissa, power] = text.split("e");
  const exponent = Number(power), figures = mantissa.replace(".", "");
  const trimmed = (t) => (t.includes(".") ? t.replace(/\.?0*$/, "") : t);
  if (exponent < -4 || exponent >= digits) {
    return `${sign}${trimmed(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const shown = exponent < 0 ? `0.${"0".repeat(-exponent - 1)}${figures}` : `${figures.slice(0, exponent + 1)}.${figures.slice(exponent + 1)}`;
  return sign + trimmed(shown);
}

const full = (x) => (x === null || x === undefined ? "none yet" : typeof x === "string" ? x : Object.is(x, -0) ? "-0" : String(x));
const name = (n) => nodes[n].cut || `#${nodes[n].place}`;
const inside = (operand) => typeof operand === "number"; // a node; else a constant, or a value that the page does not hold
const nameOf = (operand) => (inside(operand) ? name(operand) : operand[1] ?? short(operand[0]));
function valueOf(operand) {
  const { data: numbers, outside } = data.passes[pass];
  return short(inside(operand) ? numbers[operand] : operand.length > 1 ? outside[operand[0]] : operand[0]);
}

/** The primitive of node n applied to texts of its operands: tanh(x), x * y. */
function applied(n, text) {
  const { primitive: { symbol, infix }, operands, count } = nodes[n], texts = operands.map(text);
  if (infix) return texts.map((t, i) => (t.startsWith("-") && (i || symbol === "**") ? `(${t})` : t)).join(` ${symbol} `);
  const some = count > 12 ? [...texts.slice(0, 10), `… ${count - 10} more`] : texts;
  return `${symbol}(${some.join(", ")})`;
}

// --- the steps: start, each operation forward, the seed, each operation back --------------------------------------------

const steps = [{ kind: "start" }];
const computed = [], passed = [], arrivals = nodes.map(() => []), uses = nodes.map(() => []);
nodes.forEach(({ primitive, operands }, n) => {
  computed[n] = primitive ? steps.push({ kind: "forward", n }) - 1 : 0;
  operands.forEach((m) => inside(m) && uses[m].at(-1) !== n && uses[m].push(n));
});
if (!data.passes[0].refusal) {
  arrivals[result].push({ step: steps.push({ kind: "seed", n: result }) - 1 });
  for (let n = result; n >= 0; n--) {
    if (!nodes[n].primitive || data.passes.every((p) => p.adjoints[n] === null)) continue;
    passed[n] = steps.push({ kind: "backward", n }) - 1;
    nodes[n].operands.forEach((m, i) => inside(m) && arrivals[m].push({ step: passed[n], n, i }));
  }
}

let now = steps.length - 1; // the step shown: at first the last one, which is drawn
const late = nodes.map((_, n) => n).filter((n) => passed[n] === undefined && data.passes[0].known); // the last step completes them

/**
 * The contributions that have arrived at a node by a step, in order: [{from, contribution, total}]. What flows along edges that
 * the page does not hold is known by its sum alone, {total}: it arrives with the next one that the page has, or else when the
 * node itself passes its gradient on, at the last step if it never does.
 */
function arrived(m, step) {
  const { contributions, known, totals, adjoints, refusal } = data.passes[pass], all = [];
  const rest = (total) => !Object.is(total, all.at(-1)?.total ?? null) && all.push({ total });
  for (const a of arrivals[m]) {
    if (a.step > step) return all;
    if (a.n === undefined) all.push({ contribution: 1, total: 1 });
    else if (contributions[a.n][a.i] !== null) {
      if (known) rest(known[a.n][a.i]);
      all.push({ from: a.n, contribution: contributions[a.n][a.i], total: totals[a.n][a.i] });
    }
  }
  if (known && !refusal && step >= (passed[m] ?? steps.length - 1)) rest(adjoints[m]);
  return all;
}
const gradient = (m, step) => arrived(m, step).at(-1)?.total ?? null;

/** contribution = adjoint × partial, along the edge from node n back to operand i, as the edge's two lines. */
function product(n, i) {
  const { contributions, adjoints, partials } = data.passes[pass];
  return contributions[n][i] === null ? ["", ""] : [short(contributions[n][i]), `= ${short(adjoints[n])} × ${short(partials[n][i])}`];
}

// --- the picture at a step ----------------------------------------------------------------------------------------------

const groups = new Map([...svg.querySelectorAll("g[id]")].map((g) => [g.id, g]));
/** The id of a group: of node n, or of its i-th operand's edge or box. */
const id = (kind, n, i) => n === undefined ? "" : `${kind}${nodes[n].place}${i === undefined ? "" : `_${nodes[n].told?.[i] ?? i}`}`;
const marked = (id, mark, on) => groups.get(id)?.classList.toggle(mark, on);
function write(id, kind, text) {
  const group = groups.get(id);
  const line = group && (group[kind] ??= group.querySelector(`.${kind}`));
  if (line && line.textContent !== text) line.textContent = text;
}

function drawValue(m) {
  const known = now >= computed[m], grad = gradient(m, now);
  write(id("v", m), "data", `data ${known ? short(data.passes[pass].data[m]) : "?"}`);
  write(id("v", m), "grad", `grad ${short(grad)}`);
  marked(id("v", m), "pending", !known);
  colour(m, known ? data.passes[pass].data[m] : null, grad);
}

function drawOperation(n) {
  const pending = now < computed[n], waiting = !(now >= passed[n]);
  marked(id("o", n), "pending", pending);
  marked(id("r", n), "pending", pending);
  nodes[n].operands.forEach((m, i) => {
    marked(id("e", n, i), "pending", pending);
    marked(id("k", n, i), "pending", pending);
    const [contribution, how] = waiting ? ["", ""] : product(n, i);
    write(id("e", n, i), "contribution", contribution);
    write(id("e", n, i), "how", how);
  });
}

let lit = [];
function light(group, mark) {
  if (groups.has(group)) lit.push([group, mark]), marked(group, mark, true);
}

function show(step) {
  step = Math.max(0, Math.min(steps.length - 1, step));
  const touched = steps.slice(Math.min(now, step) + 1, Math.max(now, step) + 1);
  const values = new Set(touched.length && Math.max(now, step) === steps.length - 1 ? late : []);
  now = step;
  for (const { n } of touched) {
    if (n === undefined) continue;
    values.add(n);
    if (nodes[n].primitive) drawOperation(n);
    for (const m of nodes[n].operands) if (inside(m)) values.add(m);
  }
  values.forEach(drawValue);
  lit.forEach(([group, mark]) => marked(group, mark, false));
  lit = [];
  const { kind, n } = steps[now];
  if (kind !== "start") light(id("v", n), kind === "forward" ? "new" : "source");
  if (kind === "forward" || kind === "backward") {
    light(id("o", n), "new"), light(id("r", n), "flow");
    nodes[n].operands.forEach((m, i) => {
      if (kind === "backward" && data.passes[pass].contributions[n][i] === null) return;
      light(id("e", n, i), "flow");
      light(inside(m) ? id("v", m) : id("k", n, i), kind === "forward" ? "source" : "new");
    });
  }
  svg.classList.toggle("back", kind === "seed" || kind === "backward");
  explain();
  if (chosen() !== null) describe(chosen());
  if (n !== undefined) reveal(groups.get(id("o", n)));
}

const shades = () => $("shade").value;
let largest = 1;
function colour(m, value, grad) {
  const group = groups.get(id("v", m));
  const x = decoded({ value, gradient: grad }[shades()] ?? null);
  if (!group) return;
  const share = x === null || Number.isNaN(x) ? 0 : Math.min(1, Math.abs(x) / largest);
  group.style.setProperty("--share", `${Math.round(Math.sqrt(share) * 100)}%`); // the root: a small number still differs from 0
  group.classList.toggle("negative", x < 0);
}

function redraw() {
  const numbers = { value: data.passes[pass].data, gradient: data.passes[pass].adjoints }[shades()] ?? [];
  largest = numbers.map((x) => Math.abs(decoded(x))).filter(Number.isFinite).reduce((a, b) => Math.max(a, b), 0) || 1;
  nodes.forEach((node, n) => (drawValue(n), node.primitive && drawOperation(n)));
  show(now);
}

// --- words --------------------------------------------------------------------------------------------------------------

function element(tag, text, kind) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  if (tag === "bdi") made.dir = "auto";
  return made;
}

function list(items, most = 12) {
  const made = document.createElement("ul");
  const kept = items.length > most ? [...items.slice(0, most), [`… and ${items.length - most} more`]] : items;
  for (const parts of kept) made.appendChild(element("li", "")).append(...parts);
  return made;
}

/** A list's items: what flowed along each edge of node n back to its operands, and the sum it was added to. */
function flows(n) {
  return nodes[n].operands.flatMap((m, i) => {
    if (!inside(m) && m.length === 1) return [];
    const all = inside(m) ? arrived(m, now) : [], text = product(n, i).join(" ");
    if (text === " ") return [[element("bdi", nameOf(m)), ": nothing, it does not enter the result here"]];
    const places = nodes[n].operands.slice(0, i + 1).filter((o) => o === m).length;
    const at = all.findIndex((a) => a.from === n) + places - 1;
    const sum = at > 0 ? [element("span", `${short(all[at - 1].total)} + ${short(all[at].contribution)} = ${short(all[at].total)}`, "sum")] : [];
    return [[element("bdi", nameOf(m)), element("span", text, "product"), ...sum]];
  });
}

function explain() {
  const { kind, n } = steps[now], formula = $("formula"), detail = $("detail");
  const phase = { start: "the leaves are given", forward: "forward", seed: "backward begins", backward: "backward" }[kind];
  $("phase").textContent = `Step ${now} of ${steps.length - 1}: ${phase}`;
  detail.replaceChildren();
  if (kind === "start") formula.textContent = "Nothing is computed yet.";
  if (kind === "forward") {
    formula.textContent = `${applied(n, valueOf)} = ${short(data.passes[pass].data[n])}`;
    detail.append(element("bdi", `${name(n)} = ${applied(n, nameOf)}`));
  }
  if (kind === "seed") {
    formula.textContent = "1 = d result / d result";
    detail.append("A small change of the result changes the result by just as much.");
  }
  if (kind === "backward") {
    const grad = gradient(n, now);
    formula.textContent = grad === null ? "nothing arrived here" : `${short(grad)} flows back through ${nodes[n].primitive.symbol}`;
    detail.append(list(flows(n)));
    if (detail.querySelector(".sum")) detail.append(element("p", "Gradients add up: a value used several times changes the result along every one of its ways."));
  }
  $("step").value = now;
  $("step").setAttribute("aria-valuetext", `${$("phase").textContent}. ${formula.textContent}`);
  $("play").disabled = steps.length === 1;
}

// --- one node: its formula, numbers and paths -----------------------------------------------------------------------------

let pinned = null, pointed = null;
const chosen = () => pinned ?? pointed;
const nodeOf = (target) => {
  const found = target.closest?.("g.node")?.id.match(/^[vo](\d+)$/);
  return found ? at.get(Number(found[1])) ?? null : null;
};

function spoken(n) {
  const { primitive, cut, place } = nodes[n];
  const made = primitive ? applied(n, nameOf) : "leaf";
  return `${cut || `node ${place}`}, ${made}, value ${now < computed[n] ? "unknown yet" : short(data.passes[pass].data[n])}, gradient ${gradient(n, now) === null ? "none yet" : short(gradient(n, now))}`;
}

function describe(n) {
  const { primitive, label, place } = nodes[n], panel = $("node"), known = now >= computed[n];
  panel.replaceChildren(element("h2", ""));
  panel.firstChild.append(element("bdi", label || `#${place}`), element("span", n === pinned ? " pinned" : "", "note"));
  const facts = panel.appendChild(document.createElement("dl"));
  const fact = (term, ...parts) => (facts.append(element("dt", term), element("dd", "")), facts.lastChild.append(...parts));
  if (primitive) {
    fact("made by", element("bdi", applied(n, nameOf)));
    if (known) fact("in numbers", `${applied(n, valueOf)} = ${short(data.passes[pass].data[n])}`);
  } else fact("made by", "nobody: a leaf");
  fact("value", element("output", known ? full(data.passes[pass].data[n]) : "unknown yet", "value"));
  const all = arrived(n, now);
  fact("gradient", element("output", full(gradient(n, now)), "gradient"));
  if (all.length > 1) {
    fact("is the sum of", list(all.map((a) => a.contribution === undefined ? [`more by ways that the page does not hold, ${short(a.total)} by then`]
      : [short(a.contribution), " by way of ", element("bdi", name(a.from ?? n))])));
  }
  const users = uses[n].map((m) => [element("bdi", `${name(m)} = ${applied(m, nameOf)}`)]), unseen = data.unseen[n];
  if (unseen) users.push([`${unseen} that the page does not hold`]);
  fact("used by", users.length ? list(users) : "nothing: it is the result");
}

let traced = [];
function trace(n) {
  traced.forEach((g) => g.classList.remove("on"));
  traced = [];
  svg.classList.toggle("tracing", n !== null);
  if (n === null) return;
  const mark = (group) => groups.has(group) && (groups.get(group).classList.add("on"), traced.push(groups.get(group)));
  const reached = (next) => {
    const seen = new Set([n]);
    for (const m of seen) for (const o of next(m)) seen.add(o); // a loop over a set visits what is added on the way
    return seen;
  };
  const down = reached((m) => nodes[m].operands.filter(inside));
  const up = reached((m) => uses[m]);
  const operation = (m) => [id("o", m), id("r", m)].forEach(mark);
  down.forEach((m) => {
    mark(id("v", m));
    if (nodes[m].primitive) operation(m), nodes[m].operands.forEach((_, i) => (mark(id("e", m, i)), mark(id("k", m, i))));
  });
  up.forEach((m) => {
    mark(id("v", m));
    if (m !== n) operation(m), nodes[m].operands.forEach((o, i) => up.has(o) && mark(id("e", m, i)));
  });
}

