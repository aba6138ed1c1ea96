// The graph at a step, and the words that go with it. Every number comes from the engine, by way of the page's data.

const data = JSON.parse(document.getElementById("data").textContent);
const nodes = data.nodes.map(([primitive, label, operands, cut = label]) => ({ primitive: data.primitives[primitive], label, operands, cut }));
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
const name = (n) => nodes[n].cut || `#${n}`;
const nameOf = (operand) => (typeof operand === "number" ? name(operand) : short(operand[0]));
const valueOf = (operand) => short(typeof operand === "number" ? data.passes[pass].data[operand] : operand[0]);

/** A primitive applied to texts: tanh(x), x * y. */
function applied({ symbol, infix }, texts) {
  if (infix) return texts.map((t, i) => (t.startsWith("-") && (i || symbol === "**") ? `(${t})` : t)).join(` ${symbol} `);
  const some = texts.length > 12 ? [...texts.slice(0, 10), `… ${texts.length - 10} more`] : texts;
  return `${symbol}(${some.join(", ")})`;
}

// --- the steps: start, each operation forward, the seed, each operation back --------------------------------------------

const steps = [{ kind: "start" }];
const computed = [], passed = [], arrivals = nodes.map(() => []), uses = nodes.map(() => []);
nodes.forEach(({ primitive, operands }, n) => {
  computed[n] = primitive ? steps.push({ kind: "forward", n }) - 1 : 0;
  operands.forEach((m) => typeof m === "number" && uses[m].at(-1) !== n && uses[m].push(n));
});
if (!data.passes[0].refusal) {
  arrivals[result].push({ step: steps.push({ kind: "seed", n: result }) - 1 });
  for (let n = result; n >= 0; n--) {
    if (!nodes[n].primitive || data.passes.every((p) => p.adjoints[n] === null)) continue;
    passed[n] = steps.push({ kind: "backward", n }) - 1;
    nodes[n].operands.forEach((m, i) => typeof m === "number" && arrivals[m].push({ step: passed[n], n, i }));
  }
}

let now = steps.length - 1; // the step shown: at first the last one, which is drawn

/** The contributions that have arrived at a node by a step, in order: [{from, contribution, total}]. */
const arrived = (m, step) => arrivals[m]
  .filter((a) => a.step <= step && (a.n === undefined || data.passes[pass].contributions[a.n][a.i] !== null))
  .map(({ n, i }) => (n === undefined ? { contribution: 1, total: 1 }
    : { from: n, contribution: data.passes[pass].contributions[n][i], total: data.passes[pass].totals[n][i] }));
const gradient = (m, step) => arrived(m, step).at(-1)?.total ?? null;

/** contribution = adjoint × partial, along the edge from node n back to operand i, as the edge's two lines. */
function product(n, i) {
  const { contributions, adjoints, partials } = data.passes[pass];
  return contributions[n][i] === null ? ["", ""] : [short(contributions[n][i]), `= ${short(adjoints[n])} × ${short(partials[n][i])}`];
}

// --- the picture at a step ----------------------------------------------------------------------------------------------

const groups = new Map([...svg.querySelectorAll("g[id]")].map((g) => [g.id, g]));
const marked = (id, mark, on) => groups.get(id)?.classList.toggle(mark, on);
function write(id, kind, text) {
  const group = groups.get(id);
  const line = group && (group[kind] ??= group.querySelector(`.${kind}`));
  if (line && line.textContent !== text) line.textContent = text;
}

function drawValue(m) {
  const known = now >= computed[m], grad = gradient(m, now);
  write(`v${m}`, "data", `data ${known ? short(data.passes[pass].data[m]) : "?"}`);
  write(`v${m}`, "grad", `grad ${short(grad)}`);
  marked(`v${m}`, "pending", !known);
  colour(m, known ? data.passes[pass].data[m] : null, grad);
}

function drawOperation(n) {
  const pending = now < computed[n], waiting = !(now >= passed[n]);
  marked(`o${n}`, "pending", pending);
  marked(`r${n}`, "pending", pending);
  nodes[n].operands.forEach((m, i) => {
    marked(`e${n}_${i}`, "pending", pending);
    marked(`k${n}_${i}`, "pending", pending);
    const [contribution, how] = waiting ? ["", ""] : product(n, i);
    write(`e${n}_${i}`, "contribution", contribution);
    write(`e${n}_${i}`, "how", how);
  });
}

let lit = [];
function light(id, mark) {
  if (groups.has(id)) lit.push([id, mark]), marked(id, mark, true);
}

function show(step) {
  step = Math.max(0, Math.min(steps.length - 1, step));
  const touched = steps.slice(Math.min(now, step) + 1, Math.max(now, step) + 1);
  now = step;
  const values = new Set();
  for (const { n } of touched) {
    if (n === undefined) continue;
    values.add(n);
    if (nodes[n].primitive) drawOperation(n);
    for (const m of nodes[n].operands) if (typeof m === "number") values.add(m);
  }
  values.forEach(drawValue);
  lit.forEach(([id, mark]) => marked(id, mark, false));
  lit = [];
  const { kind, n } = steps[now];
  if (kind !== "start") light(`v${n}`, kind === "forward" ? "new" : "source");
  if (kind === "forward" || kind === "backward") {
    light(`o${n}`, "new"), light(`r${n}`, "flow");
    nodes[n].operands.forEach((m, i) => {
      if (kind === "backward" && data.passes[pass].contributions[n][i] === null) return;
      light(`e${n}_${i}`, "flow");
      light(typeof m === "number" ? `v${m}` : `k${n}_${i}`, kind === "forward" ? "source" : "new");
    });
  }
  svg.classList.toggle("back", kind === "seed" || kind === "backward");
  explain();
  if (chosen() !== null) describe(chosen());
  if (n !== undefined) reveal(groups.get(`o${n}`));
}

const shades = () => $("shade").value;
let largest = 1;
function colour(m, value, grad) {
  const group = groups.get(`v${m}`);
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
    if (typeof m !== "number") return [];
    const all = arrived(m, now), text = product(n, i).join(" ");
    if (text === " ") return [[element("bdi", name(m)), ": nothing, it does not enter the result here"]];
    const places = nodes[n].operands.slice(0, i + 1).filter((o) => o === m).length;
    const at = all.findIndex((a) => a.from === n) + places - 1;
    const sum = at > 0 ? [element("span", `${short(all[at - 1].total)} + ${short(all[at].contribution)} = ${short(all[at].total)}`, "sum")] : [];
    return [[element("bdi", name(m)), element("span", text, "product"), ...sum]];
  });
}

function explain() {
  const { kind, n } = steps[now], formula = $("formula"), detail = $("detail");
  const phase = { start: "the leaves are given", forward: "forward", seed: "backward begins", backward: "backward" }[kind];
  $("phase").textContent = `Step ${now} of ${steps.length - 1}: ${phase}`;
  detail.replaceChildren();
  if (kind === "start") formula.textContent = "Nothing is computed yet.";
  if (kind === "forward") {
    formula.textContent = `${applied(nodes[n].primitive, nodes[n].operands.map(valueOf))} = ${short(data.passes[pass].data[n])}`;
    detail.append(element("bdi", `${name(n)} = ${applied(nodes[n].primitive, nodes[n].operands.map(nameOf))}`));
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
  const id = target.closest?.("g.node")?.id.match(/^[vo](\d+)$/);
  return id ? Number(id[1]) : null;
};

function spoken(n) {
  const { primitive, cut, operands } = nodes[n];
  const made = primitive ? applied(primitive, operands.map(nameOf)) : "leaf";
  return `${cut || `node ${n}`}, ${made}, value ${now < computed[n] ? "unknown yet" : short(data.passes[pass].data[n])}, gradient ${gradient(n, now) === null ? "none yet" : short(gradient(n, now))}`;
}

function describe(n) {
  const { primitive, label, operands } = nodes[n], panel = $("node"), known = now >= computed[n];
  panel.replaceChildren(element("h2", ""));
  panel.firstChild.append(element("bdi", label || `#${n}`), element("span", n === pinned ? " pinned" : "", "note"));
  const facts = panel.appendChild(document.createElement("dl"));
  const fact = (term, ...parts) => (facts.append(element("dt", term), element("dd", "")), facts.lastChild.append(...parts));
  if (primitive) {
    fact("made by", element("bdi", applied(primitive, operands.map(nameOf))));
    if (known) fact("in numbers", `${applied(primitive, operands.map(valueOf))} = ${short(data.passes[pass].data[n])}`);
  } else fact("made by", "nobody: a leaf");
  fact("value", element("output", known ? full(data.passes[pass].data[n]) : "unknown yet", "value"));
  const all = arrived(n, now);
  fact("gradient", element("output", full(gradient(n, now)), "gradient"));
  if (all.length > 1) {
    fact("is the sum of", list(all.map((a) => [short(a.contribution), " by way of ", element("bdi", name(a.from ?? n))])));
  }
  fact("used by", uses[n].length ? list(uses[n].map((m) => [element("bdi", `${name(m)} = ${applied(nodes[m].primitive, nodes[m].operands.map(nameOf))}`)])) : "nothing: it is the result");
}

let traced = [];
function trace(n) {
  traced.forEach((g) => g.classList.remove("on"));
  traced = [];
  svg.classList.toggle("tracing", n !== null);
  if (n === null) return;
  const mark = (id) => groups.has(id) && (groups.get(id).classList.add("on"), traced.push(groups.get(id)));
  const reached = (next) => {
    const seen = new Set([n]);
    for (const m of seen) for (const o of next(m)) seen.add(o); // a loop over a set visits what is added on the way
    return seen;
  };
  const down = reached((m) => nodes[m].operands.filter((o) => typeof o === "number"));
  const up = reached((m) => uses[m]);
  const operation = (m) => [`o${m}`, `r${m}`].forEach(mark);
  down.forEach((m) => {
    mark(`v${m}`);
    if (nodes[m].primitive) operation(m), nodes[m].operands.forEach((_, i) => (mark(`e${m}_${i}`), mark(`k${m}_${i}`)));
  });
  up.forEach((m) => {
    mark(`v${m}`);
    if (m !== n) operation(m), nodes[m].operands.forEach((o, i) => up.has(o) && mark(`e${m}_${i}`));
  });
}

