// The page computes: leaves are dragged or typed, and everything that depends on them follows, forward and back.

const live = PROGRAM.length > 0;
const F = live ? integers(data.program) : null; // which function each value has
const widest = live ? U.reduce((most, n) => Math.max(most, S[n + 1] - S[n]), 1) : 0;
const given = new Float64Array(widest), slopes = new Float64Array(widest);
const changed = new Map(); // leaves with another number than the recorded one
let history = []; // the result after each step of a descent

/** A pass of its own, to be changed. */
function ownPass() {
  if (pass.own) return pass;
  const made = { ...pass, own: true, title: "changed", data: pass.data.slice(), partials: pass.partials.slice(), there: pass.there.slice() };
  made.adjoints = new Float64Array(count), made.arrived = new Uint8Array(count);
  sweepBack(made);
  return made;
}

/** Set leaves, and compute what depends on them, by the program, then sweep back. */
function computed(numbers, leaves) {
  const { data: values, partials, there: some } = numbers, stale = new Uint8Array(count);
  for (const [n, x] of leaves) values[n] = x, stale[n] = 1;
  for (let n = 0; n < count; n++) {
    if (F[n] < 0) continue;
    const start = S[n], end = S[n + 1];
    let any = 0;
    for (let e = start; e < end; e++) if (O[e] >= 0) any |= stale[O[e]];
    if (!any) continue;
    stale[n] = 1;
    for (let e = start; e < end; e++) given[e - start] = O[e] >= 0 ? values[O[e]] : C[~O[e]];
    const [value, slope] = PROGRAM[F[n]], selective = data.selective[P[n]];
    values[n] = value(given);
    slope(values[n], given, slopes);
    for (let e = start; e < end; e++) {
      partials[e] = slopes[e - start];
      some[e] = O[e] >= 0 && !(selective && slopes[e - start] === 0); // what a choice passed over gets nothing at all
    }
  }
  sweepBack(numbers);
  return numbers;
}

/** Set leaves to numbers, and show it. */
function set(leaves) {
  pass = computed(ownPass(), leaves);
  for (const [n, x] of leaves) changed.set(n, x);
  follow();
}
function follow() {
  findLargest();
  makeSteps();
  showAll();
  $("reset").disabled = !changed.size && !history.length;
  drawCurve();
  drawTraining();
  if (edited !== null) showEdited();
}

function reset() {
  changed.clear(), history = [];
  pass = unpacked(turned);
  $("nudged").textContent = "";
  follow();
}

// --- one leaf: typed, dragged, nudged ------------------------------------------------------------------------------------

let edited = null; // the leaf in the panel
const still_ = new Set(); // leaves that a descent step leaves as they are

/** Show the controls of a leaf, if it is one. */
function edit(n) {
  const leaf = live && n !== null && isLeaf(n) ? n : null;
  if (leaf === edited) return;
  edited = leaf;
  $("edit").hidden = leaf === null;
  $("nudged").textContent = "";
  if (leaf !== null) showEdited();
}
function showEdited() {
  const x = pass.data[edited], recorded = unpacked(turned).data[edited], span = Math.max(1, 2 * Math.abs(recorded));
  $("edited").textContent = name(edited);
  if (document.activeElement !== $("typed")) $("typed").value = full(x);
  Object.assign($("drag"), { min: recorded - span, max: recorded + span, step: "any", value: x });
  $("moves").checked = moves(edited);
}
const finite = (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : null);

/** What a small change of one leaf does to the result, and what its gradient foretold. */
function nudge() {
  const h = finite($("h").value), n = edited, before = pass.data[result], foretold = pass.arrived[n] ? pass.adjoints[n] : 0;
  if (h === null || h === 0) return ($("nudged").textContent = "h must be a number other than 0, such as 0.01.");
  const copy = { ...pass, data: pass.data.slice(), partials: pass.partials.slice(), there: pass.there.slice(), adjoints: new Float64Array(count), arrived: new Uint8Array(count) };
  computed(copy, [[n, pass.data[n] + h]]);
  const change = copy.data[result] - before;
  $("nudged").replaceChildren(element("bdi", name(n)), ` + ${short(h)}: the result changes by ${short(change)}, that is ${short(change / h)} for each 1. `,
    `The gradient foretold ${short(foretold)}: a change of ${short(foretold * h)}.`);
}

// --- gradient descent ----------------------------------------------------------------------------------------------------

/** The leaves that a step of the descent moves: parameters in modules if there are any, else all leaves; without those held. */
const inModules = [];
for (let n = 0; n < count; n++) if (isLeaf(n) && /\..*[^.]$/.test(label(n)) && !/\s/.test(label(n))) inModules.push(n);
const isParameter = inModules.length ? new Set(inModules) : null;
const moves = (n) => !still_.has(n) && (isParameter === null || isParameter.has(n) || released.has(n));
const released = new Set();

function descend() {
  const rate = finite($("rate").value);
  if (rate === null) return;
  if (!history.length) history.push(pass.data[result]);
  const leaves = [];
  for (let n = 0; n < count; n++) if (isLeaf(n) && pass.arrived[n] && moves(n)) leaves.push([n, pass.data[n] - rate * pass.adjoints[n]]);
  if (history.length < 2 && now !== steps.length - 1) now = steps.length - 1; // gradients are there
  pass = computed(ownPass(), leaves);
  for (const [n, x] of leaves) changed.set(n, x);
  history.push(pass.data[result]);
  follow();
}

/** A line through numbers, as SVG. */
function curve(numbers, at = numbers.length - 1) {
  const width = 240, height = 56, finite = numbers.filter(Number.isFinite);
  const low = Math.min(...finite), high = Math.max(...finite), made = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  const x = (i) => 4 + (i / Math.max(1, numbers.length - 1)) * (width - 8), y = (v) => height - 5 - ((v - low) / (high - low || 1)) * (height - 10);
  const points = numbers.map((v, i) => (Number.isFinite(v) ? `${x(i)},${y(v)}` : null)).filter(Boolean).join(" ");
  made.append(drawn("polyline", { points, class: "curve" }));
  if (Number.isFinite(numbers[at])) made.append(drawn("circle", { cx: x(at), cy: y(numbers[at]), r: 4, class: "here" }));
  made.setAttribute("aria-label", `from ${short(numbers[0])} to ${short(numbers.at(-1))}`);
  return made;
}
function drawCurve() {
  $("curve").replaceChildren();
  if (history.length < 2) return;
  $("curve").append(curve(history), element("p", `${counted(history.length - 1, "step")}: ${name(result)} from ${short(history[0])} to ${short(history.at(-1))}`));
}

$("still").textContent = data.still ?? "";
if (live) {
  $("live").hidden = false;
  $("descend").onclick = descend;
  $("reset").onclick = reset;
  $("typed").oninput = () => finite($("typed").value) !== null && set([[edited, finite($("typed").value)]]);
  $("drag").oninput = () => set([[edited, Number($("drag").value)]]);
  $("nudge").onclick = nudge;
  $("moves").onchange = () => ($("moves").checked ? (still_.delete(edited), released.add(edited)) : still_.add(edited));
  let grip = null; // a leaf's number dragged in the picture
  svg.addEventListener("pointerdown", (event) => {
    const item = event.target.matches(".data, .grip") ? itemOf(event.target) : null;
    if (!item || item.group || !isLeaf(item.key)) return;
    event.stopPropagation();
    dragged = false;
    grip = { n: item.key, x: event.clientX, from: pass.data[item.key] };
  });
  svg.addEventListener("pointermove", (event) => {
    if (!grip || Math.abs(event.clientX - grip.x) < 3) return;
    if (!dragged) svg.setPointerCapture(event.pointerId);
    dragged = true;
    set([[grip.n, grip.from + Number(((event.clientX - grip.x) * Math.max(0.01, Math.abs(grip.from) / 100)).toPrecision(3))]]);
  });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => (grip = null));
}
