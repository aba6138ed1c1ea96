// The page of a training: the loss over its recorded steps, the weights' histogram, and for two inputs what the model answers.

const training = data.passes.length > 1;
const losses = data.passes.map(({ result }) => Number(result)); // "nan" and "inf" are no points of a curve
const weights = [...(isParameter ?? [])];

/** The histogram of the weights at the step shown, as SVG. */
function histogram() {
  const numbers = weights.map((n) => pass.data[n]).filter(Number.isFinite), bins = new Array(24).fill(0), width = 240, height = 56;
  const most = numbers.reduce((a, x) => Math.max(a, Math.abs(x)), 0) || 1;
  for (const x of numbers) bins[Math.min(23, Math.floor(((x + most) / (2 * most)) * 24))]++;
  const highest = Math.max(...bins, 1), made = drawn("svg", { viewBox: `0 0 ${width} ${height + 16}`, role: "img", "aria-label": `weights from ${short(-most)} to ${short(most)}` });
  bins.forEach((bin, i) => {
    const tall = (bin / highest) * height;
    made.append(drawn("rect", { class: i < 12 ? "below" : "above", x: i * 10 + 0.5, y: height - tall, width: 9, height: tall }));
  });
  made.append(drawn("text", { x: 0, y: height + 15 }, short(-most, 3)), drawn("text", { x: width / 2, y: height + 15, "text-anchor": "middle" }, "weights"),
    drawn("text", { x: width, y: height + 15, "text-anchor": "end" }, short(most, 3)));
  return made;
}

// --- what the model answers, over the plane of its two inputs ----------------------------------------------------------------

const plane = data.plane ?? null, GRID = 40;
const Q = plane && { starts: integers(plane.starts), operands: integers(plane.operands), constants: doubles(plane.constants), program: integers(plane.program), of: integers(plane.of) };

/** The model's outputs on a grid, at the step shown. */
function answers() {
  const { starts, operands, constants, program, of } = Q, values = new Float64Array(of.length);
  const x = new Float64Array(starts.reduce((most, s, n) => Math.max(most, n ? s - starts[n - 1] : 1), 1));
  const [[left, right], [bottom, top]] = plane.ranges, found = [];
  of.forEach((m, n) => m >= 0 && (values[n] = pass.data[m]));
  const fixed = plane.fixed;
  for (const [n, number] of fixed) values[n] = number;
  for (let i = 0; i < GRID; i++) {
    for (let j = 0; j < GRID; j++) {
      values[plane.inputs[0]] = left + ((j + 0.5) / GRID) * (right - left), values[plane.inputs[1]] = top - ((i + 0.5) / GRID) * (top - bottom);
      for (let n = 0; n < program.length; n++) {
        if (program[n] < 0) continue;
        for (let e = starts[n]; e < starts[n + 1]; e++) x[e - starts[n]] = operands[e] >= 0 ? values[operands[e]] : constants[~operands[e]];
        values[n] = PLANE[program[n]][0](x);
      }
      found.push(values[program.length - 1]);
    }
  }
  return found;
}

/** A picture of them: coloured by how far they are from their middle, with the line between and the samples. */
function boundary() {
  const numbers = answers(), finite = numbers.filter(Number.isFinite), low = Math.min(...finite), high = Math.max(...finite);
  const middle = low < 0 && high > 0 && low < -0.3 ? 0 : (low + high) / 2, size = 150;
  const made = drawn("svg", { viewBox: `0 0 ${size} ${size + 14}`, role: "img", "aria-label": `the model's output over its two inputs, from ${short(low)} to ${short(high)}` });
  made.append(drawn("image", { href: heat(numbers.map((v) => v - middle), GRID, "value", Math.max(high - middle, middle - low) || 1), width: size, height: size, preserveAspectRatio: "none" }));
  const step = size / GRID, at = (i, j) => numbers[i * GRID + j] > middle;
  let line = "";
  for (let i = 0; i < GRID; i++) {
    for (let j = 0; j < GRID; j++) {
      if (j + 1 < GRID && at(i, j) !== at(i, j + 1)) line += `M${(j + 1) * step} ${i * step}v${step}`;
      if (i + 1 < GRID && at(i, j) !== at(i + 1, j)) line += `M${j * step} ${(i + 1) * step}h${step}`;
    }
  }
  made.append(drawn("path", { d: line, class: "boundary" }));
  const [[left, right], [bottom, top]] = plane.ranges;
  for (const [a, b] of plane.samples) made.append(drawn("circle", { class: "sample", r: 3, cx: ((a - left) / (right - left)) * size, cy: ((top - b) / (top - bottom)) * size }));
  made.append(drawn("text", { x: size / 2, y: size + 12, "text-anchor": "middle" }, "output by input"));
  return made;
}

/** Draw what belongs to the recorded step shown. */
function drawTraining() {
  if (!training) return;
  $("losses").replaceChildren(curve(losses, turned));
  $("weights").replaceChildren(...(weights.length > 1 ? [histogram()] : []));
  $("plane").replaceChildren(...(plane ? [boundary()] : []));
}
