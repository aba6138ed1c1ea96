// The graph: values, constants and groups, the sweep back, and what is visible with some groups open.
//
// Node n is a value, or from `count` on a constant. Edge e is one operand of one value, in the order of the operands. Things that
// can be seen have keys: node n has n, group g has -1 - g.

const P = integers(data.primitive), S = integers(data.starts), O = integers(data.operands), C = doubles(data.constants);
const count = P.length, result = count - 1, edges = O.length;
const places = data.places ? integers(data.places) : null;
const placeOf = (n) => (places ? places[n] : n);
const at = new Map(places ? [...places].map((place, n) => [place, n]) : []);
const numberAt = (place) => (places ? at.get(place) : place < count ? place : undefined);
const total = count + (data.shown ? C.length : 0);
const labels = new Map(data.labels);
const part = places !== null || Object.keys(data.told).length > 0 || !!data.outside.length; // the page holds not all of the graph
const U = new Int32Array(edges); // the value that an edge's operand goes into
for (let n = 0; n < count; n++) U.fill(n, S[n], S[n + 1]);
const userOfConstant = new Int32Array(C.length), edgeOfConstant = new Int32Array(C.length);
for (let e = 0; e < edges; e++) if (O[e] < 0 && ~O[e] < C.length) userOfConstant[~O[e]] = U[e], edgeOfConstant[~O[e]] = e;
const nodeOf = (e) => (O[e] >= 0 ? O[e] : data.shown && ~O[e] < C.length ? count + ~O[e] : -1); // that stands for an operand
const isLeaf = (n) => n < count && P[n] < 0;
const primitiveOf = (n) => data.primitives[P[n]];

const useStarts = new Int32Array(count + 1), useEdges = new Int32Array(edges); // by value, in the order in which adjoints arrive
for (let e = 0; e < edges; e++) if (O[e] >= 0) useStarts[O[e] + 1]++;
for (let n = 0; n < count; n++) useStarts[n + 1] += useStarts[n];
{
  const next = useStarts.slice();
  for (let n = count - 1; n >= 0; n--) for (let e = S[n]; e < S[n + 1]; e++) if (O[e] >= 0) useEdges[next[O[e]]++] = e;
}

// --- numbers of a pass -------------------------------------------------------------------------------------------------

const passes = data.passes.map(() => null);
let pass; // the one whose numbers are shown

/** The numbers of a recorded step, unpacked when it is first shown. */
function unpacked(i) {
  if (passes[i]) return passes[i];
  const told = data.passes[i], made = { title: told.title, refusal: told.refusal, data: doubles(told.data) };
  made.partials = doubles(told.partials), made.there = there(told.partials);
  if (told.adjoints) {
    made.adjoints = doubles(told.adjoints), made.arrived = there(told.adjoints), made.outside = doubles(told.outside);
    for (const name of ["known", "totals"]) made[name] = doubles(told[name]), made[`${name}There`] = there(told[name]);
  } else sweepBack(made);
  return (passes[i] = made);
}

/** The adjoint of every value: operands in reverse order of making, products added in that order, as the engine does. */
function sweepBack(numbers) {
  const { partials, there: some } = numbers, adjoints = (numbers.adjoints ??= new Float64Array(count));
  const arrived = (numbers.arrived ??= new Uint8Array(count)).fill(0);
  adjoints[result] = arrived[result] = 1;
  for (let n = result; n >= 0; n--) {
    if (!arrived[n]) continue;
    for (let e = S[n]; e < S[n + 1]; e++) {
      const m = O[e];
      if (m < 0 || !some[e]) continue;
      const product = adjoints[n] * partials[e];
      adjoints[m] = arrived[m] ? adjoints[m] + product : product;
      arrived[m] = 1;
    }
  }
}

const contribution = (e) => (pass.there[e] && pass.arrived[U[e]] ? pass.adjoints[U[e]] * pass.partials[e] : null);
const constantAt = (k) => (k < C.length ? C[k] : pass.outside[k - C.length]);
const valueOf = (n) => (n < count ? pass.data[n] : C[n - count]);
const operandValue = (e) => (O[e] >= 0 ? pass.data[O[e]] : constantAt(~O[e]));

// --- names -------------------------------------------------------------------------------------------------------------

const label = (n) => labels.get(n) ?? "";
const name = (n) => (n >= count ? short(C[n - count]) : cut(visible(label(n))) || `#${placeOf(n)}`);
const nameOfOperand = (e) => (O[e] >= 0 ? name(O[e]) : ~O[e] < C.length ? short(C[~O[e]]) : cut(visible(data.outside[~O[e] - C.length])));
const lastWord = (text) => text.match(/[^.]+(?:\.\d+)*$/)?.[0] ?? text;

/** The primitive of value n applied to texts of its operands: tanh(x), x * y. */
function applied(n, text) {
  const { symbol, infix } = primitiveOf(n), texts = [];
  for (let e = S[n]; e < S[n + 1] && texts.length < 13; e++) texts.push(text(e));
  if (infix) return texts.map((t, i) => (t.startsWith("-") && (i || symbol === "**") ? `(${t})` : t)).join(` ${symbol} `);
  const operands = data.told[n]?.[0] ?? S[n + 1] - S[n];
  return `${symbol}(${(operands > 12 ? [...texts.slice(0, 10), `… ${operands - 10} more`] : texts).join(", ")})`;
}
const inNames = (n) => applied(n, nameOfOperand);
const inNumbers = (n) => applied(n, (e) => short(operandValue(e)));

// --- groups --------------------------------------------------------------------------------------------------------------

const groups = data.groups.map(([parent, kind, title, shapes], g) => ({ g, key: -1 - g, parent, kind, title: visible(title), shapes, members: [] }));
const top = { members: [], parent: -1, kind: "root" };
const parents = integers(data.parents);
{
  for (let n = 0; n < total; n++) (groups[parents[n]] ?? top).members.push(n);
  for (const group of groups) (groups[group.parent] ?? top).members.push(group.key);
}
const groupOf = (key) => groups[-1 - key];
const parentOf = (key) => (key < 0 ? groupOf(key).parent : parents[key]);

/** All nodes in the order in which they lie in the tree of groups: each group is a stretch of it, from `start` to `end`. */
const inTree = new Int32Array(total), placeInTree = new Int32Array(total);
{
  let next = 0;
  const stack = [[top, 0]];
  while (stack.length) {
    const frame = stack.at(-1), [group, i] = frame;
    if (!i) group.start = next;
    if (i === group.members.length) {
      group.end = next;
      stack.pop();
      continue;
    }
    frame[1]++;
    const key = group.members[i];
    if (key >= 0) placeInTree[key] = next, inTree[next++] = key;
    else stack.push([groupOf(key), 0]);
  }
  for (const group of [...groups, top]) {
    group.first = inTree.subarray(group.start, group.end).reduce((a, b) => Math.min(a, b < count ? b : userOfConstant[b - count]), count);
  }
}
const firstOf = (key) => (key < 0 ? groupOf(key).first : key < count ? key : userOfConstant[key - count] - 0.5);
for (const group of [...groups, top]) group.members.sort((a, b) => firstOf(a) - firstOf(b) || b - a);

const opened = new Set(); // groups; of a stack those members are out that are in `out`
const out = new Map();
const isStack = (key) => key < 0 && groupOf(key).kind === "stack";

/** The members of a group that are shown in its frame, and whether the rest of the stack is, too. */
function shownOf(group) {
  if (group.kind !== "stack") return [group.members, false];
  const taken = out.get(group.g) ?? new Set();
  return [group.members.filter((key) => taken.has(key)), taken.size < group.members.length];
}

// --- what is visible -------------------------------------------------------------------------------------------------------

let scene; // {root, items, frames, rep, links}: see below

/**
 * What is visible: `root` is the tree for the layout; `items` are the things that are not open, `frames` those that are. `rep`
 * gives for each node the item that it is, or is in. `links` are pairs of items with the edges between, [a, b, [e, ...]].
 */
function visibleScene() {
  const items = [], frames = [], rep = new Int32Array(total).fill(-1);
  const item = (key, from, to, more) => {
    const made = { key, index: items.length, ...more };
    items.push(made);
    if (key >= 0) rep[key] = made.index;
    else for (let i = from; i < to; i++) if (rep[inTree[i]] < 0) rep[inTree[i]] = made.index;
    return made;
  };
  const visit = (group) => {
    const [keys, rest] = shownOf(group), inside = keys.map((key) => {
      if (key >= 0) return item(key);
      const found = groupOf(key);
      if (!opened.has(found.g)) return item(key, found.start, found.end, { group: found });
      const frame = { key, group: found, inside: visit(found) };
      frames.push(frame);
      return frame;
    });
    if (rest) { // its key is that of the stack, half a key off: the frame has the whole one
      const made = item(group.key - 0.5, group.start, group.end, { group, rest: group.members.length - keys.length });
      inside.push(made);
    }
    return inside;
  };
  const root = { inside: visit(top) };
  const known = new Int32Array(items.length <= 2000 ? items.length ** 2 : 0).fill(-1), links = [], several = known.length ? null : new Map();
  for (let e = 0; e < edges; e++) {
    const m = nodeOf(e);
    if (m < 0) continue;
    const a = rep[m], b = rep[U[e]];
    if (a === b) continue;
    const key = a * items.length + b, at = several ? several.get(key) ?? -1 : known[key];
    if (at >= 0 && !(items[a].key >= 0 && items[b].key >= 0)) {
      if (links[at][2].length < 200) links[at][2].push(e);
      continue;
    }
    const made = links.push([items[a], items[b], [e]]) - 1;
    several ? several.set(key, made) : (known[key] = made);
  }
  return { root, items, frames, rep, links };
}

const seen = (n) => scene.items[scene.rep[n]].key === n; // the node itself is visible
