// A layered layout of a directed acyclic graph, from left to right, and of such graphs in frames within one another.
//
// The scheme is that of Sugiyama, Tagawa & Toda (1981, doi:10.1109/TSMC.1981.4308636): ranks by longest paths, dummies on edges
// that span several ranks, fewer crossings by sweeps of barycentres (counted as Barth, Juenger & Mutzel do, 2002,
// doi:10.1007/3-540-36151-0_13), and places within the columns by Brandes & Koepf's four alignments (2001,
// doi:10.1007/3-540-45848-4_3). It is deterministic: the same graph in the same order gives the same places.

const DUMMIES = 12, MOST_DUMMIES = 6000; // for each node, and in all; edges beyond that are drawn straight, the longest first
const SWEEPS = 12;

/** The nodes of a graph, operands before users; of those ready, the one that comes first. Throws for a cycle. */
function topological(count, out, degree) {
  const left = Int32Array.from(degree), found = [];
  for (let v = 0; v < count; v++) if (!left[v]) found.push(v);
  for (let i = 0; i < found.length; i++) for (const w of out[found[i]]) if (!--left[w]) found.push(w);
  if (found.length < count) throw new Error("the graph has a cycle");
  return found;
}

/** The rank of each node: its longest path from a source, but nodes with more users than operands are drawn towards their users. */
function ranked(nodes, edges) {
  const out = nodes.map(() => []), into = nodes.map(() => []);
  for (const [from, to] of edges) out[from].push(to), into[to].push(from);
  const order = topological(nodes.length, out, into.map((list) => list.length));
  const rank = new Int32Array(nodes.length);
  for (const v of order) for (const w of out[v]) rank[w] = Math.max(rank[w], rank[v] + 1);
  for (const v of order.slice().reverse()) {
    if (!out[v].length || out[v].length <= into[v].length) continue;
    let least = Infinity;
    for (const w of out[v]) least = Math.min(least, rank[w]);
    rank[v] = least - 1;
  }
  let first = Infinity, last = 0;
  nodes.forEach(({ end }, v) => end || (first = Math.min(first, rank[v]), last = Math.max(last, rank[v])));
  nodes.forEach(({ end }, v) => { // ports stand before the first column, or after the last one
    if (end) rank[v] = end < 0 ? Math.min(first, Infinity) - 1 : last + 1;
  });
  const least = rank.reduce((a, b) => Math.min(a, b), Infinity);
  return rank.map((r) => r - least);
}

/** The layers with dummies: all edges from one node share the dummies on their way. Each edge has its `chain` of places. */
function layersOf(nodes, edges, rank) {
  const layers = [], layerOf = [...rank], real = nodes.length;
  const add = (v, r) => (layers[r] ??= []).push(v);
  nodes.forEach((_, v) => add(v, rank[v]));
  for (let r = 0; r < layers.length; r++) layers[r] ??= [];
  const span = ([from, to]) => rank[to] - rank[from];
  let budget = Math.min(DUMMIES * real + 200, MOST_DUMMIES);
  const shared = new Map(), chains = edges.map(() => []), links = [];
  for (const e of edges.map((_, e) => e).sort((a, b) => span(edges[a]) - span(edges[b]) || a - b)) {
    const [from, to] = edges[e];
    if (!shared.has(from)) shared.set(from, []);
    const dummies = shared.get(from), missing = span(edges[e]) - 1 - dummies.length;
    if (missing > 0 && (budget -= missing) < 0) continue;
    for (let k = dummies.length; k < span(edges[e]) - 1; k++) {
      const v = layerOf.push(rank[from] + 1 + k) - 1;
      add(v, layerOf[v]);
      links.push([k ? dummies[k - 1] : from, v]);
      dummies.push(v);
    }
    chains[e] = dummies.slice(0, Math.max(0, span(edges[e]) - 1));
    links.push([chains[e].length ? chains[e].at(-1) : from, to]);
  }
  return { layers, layerOf, links, chains, real };
}

/** The number of crossings between two layers, by a tree of sums over the ends of their edges. */
function crossings(left, place, out) {
  const ends = [];
  for (const v of left) for (const p of out[v].map((w) => place[w]).sort((a, b) => a - b)) ends.push(p);
  let size = 1, count = 0;
  const most = ends.reduce((a, b) => Math.max(a, b), 0) + 1;
  while (size < most) size *= 2;
  const tree = new Int32Array(2 * size);
  for (const p of ends) {
    let at = p + size;
    tree[at]++;
    while (at > 1) {
      if (at % 2 === 0) count += tree[at + 1];
      tree[at = at >> 1]++;
    }
  }
  return count;
}

/** Put the layers in an order with few crossings: sweep by sweep, the best one met. */
function uncrossed({ layers, layerOf, links }, hint) {
  const out = layerOf.map(() => []), into = layerOf.map(() => []);
  for (const [from, to] of links) out[from].push(to), into[to].push(from);
  const place = new Int32Array(layerOf.length), keys = new Float64Array(layerOf.length);
  const settle = (layer) => layer.forEach((v, i) => (place[v] = i));
  for (const layer of layers) layer.sort((a, b) => hint(a) - hint(b) || a - b), settle(layer);
  const total = () => layers.reduce((sum, layer) => sum + crossings(layer, place, out), 0);
  let best = layers.map((layer) => [...layer]), fewest = total(), idle = 0;
  const sweeps = layerOf.length > 3000 ? 4 : SWEEPS;
  for (let turn = 0; turn < sweeps && fewest && idle < 4; turn++) {
    const down = turn % 2 === 0, beside = down ? into : out;
    const middle = (v) => beside[v].length ? beside[v].reduce((sum, w) => sum + place[w], 0) / beside[v].length : -1;
    for (const layer of down ? layers : [...layers].reverse()) {
      for (const v of layer) keys[v] = middle(v);
      const movable = layer.filter((v) => keys[v] >= 0).sort((a, b) => keys[a] - keys[b] || place[a] - place[b]);
      let next = 0;
      layer.forEach((v, i) => { if (keys[v] >= 0) layer[i] = movable[next++]; }); // `layer` is read at i before it is set
      settle(layer);
    }
    const count = total();
    if (count < fewest) fewest = count, best = layers.map((layer) => [...layer]), idle = 0;
    else idle++;
  }
  best.forEach((layer, r) => (layers[r] = layer, settle(layer)));
  return { out, into, place };
}

/** Brandes & Koepf's conflicts of type 1: links that cross one between two dummies give way to it, as "from,to". */
function conflicts({ layers, real }, into, place) {
  const found = new Set();
  for (let r = 1; r < layers.length; r++) {
    let start = 0, first = 0;
    layers[r].forEach((v, i) => {
      const inner = v >= real ? into[v].find((u) => u >= real) : undefined;
      if (inner === undefined && i < layers[r].length - 1) return;
      const last = inner === undefined ? layers[r - 1].length : place[inner];
      for (; start <= i; start++) {
        const w = layers[r][start];
        for (const u of into[w]) if ((place[u] < first || place[u] > last) && !(u >= real && w >= real)) found.add(u * 1e7 + w);
      }
      first = inner === undefined ? first : last;
    });
  }
  return found;
}

/** One of the four alignments: blocks of aligned nodes, then each block as near to the start as the others let it. */
function aligned(layers, beside, place, clash, apart) {
  const count = place.length, root = Int32Array.from({ length: count }, (_, v) => v), align = Int32Array.from(root);
  const at = new Int32Array(count);
  for (const layer of layers) layer.forEach((v, i) => (at[v] = i));
  for (const layer of layers) {
    let free = -1;
    for (const v of layer) {
      if (!beside[v].length) continue;
      const near = beside[v].length > 1 ? [...beside[v]].sort((a, b) => at[a] - at[b]) : beside[v];
      const middle = (near.length - 1) / 2;
      for (const u of [near[Math.floor(middle)], near[Math.ceil(middle)]]) {
        if (align[v] !== v || at[u] <= free || clash(u, v)) continue;
        align[u] = v;
        align[v] = root[v] = root[u];
        free = at[u];
      }
    }
  }
  const before = Array.from({ length: count }, () => []), after = before.map(() => []), degree = new Int32Array(count);
  for (const layer of layers) {
    for (let i = 1; i < layer.length; i++) {
      const a = root[layer[i - 1]], b = root[layer[i]], space = apart(layer[i - 1], layer[i]);
      before[b].push(a, space);
      after[a].push(b, space);
      degree[b]++;
    }
  }
  const order = [], y = new Float64Array(count);
  for (let v = 0; v < count; v++) if (root[v] === v && !degree[v]) order.push(v);
  for (let i = 0; i < order.length; i++) {
    const a = after[order[i]];
    for (let k = 0; k < a.length; k += 2) if (--degree[a[k]] === 0) order.push(a[k]);
  }
  for (const v of order) for (let k = 0; k < before[v].length; k += 2) y[v] = Math.max(y[v], y[before[v][k]] + before[v][k + 1]);
  for (const v of order.reverse()) { // and then as near to those behind it as these are held already
    let most = Infinity;
    for (let k = 0; k < after[v].length; k += 2) most = Math.min(most, y[after[v][k]] - after[v][k + 1]);
    if (most < Infinity && before[v].length) y[v] = Math.max(y[v], most);
  }
  return Float64Array.from(root, (b) => y[b]);
}

/** The place of each node along its column: the mean of the two middle ones of four alignments, moved to the narrowest. */
function placed(graph, { out, into, place }, apart) {
  const found = conflicts(graph, into, place), results = [];
  for (const fromRight of [false, true]) {
    for (const fromBelow of [false, true]) {
      let layers = fromRight ? [...graph.layers].reverse() : graph.layers;
      if (fromBelow) layers = layers.map((layer) => [...layer].reverse());
      const clash = fromRight ? (u, v) => found.has(v * 1e7 + u) : (u, v) => found.has(u * 1e7 + v);
      const y = aligned(layers, fromRight ? out : into, place, clash, apart);
      results.push(fromBelow ? y.map((x) => -x) : y);
    }
  }
  const ends = results.map((y) => [y.reduce((a, b) => Math.min(a, b), Infinity), y.reduce((a, b) => Math.max(a, b), -Infinity)]);
  const slim = ends.reduce((best, [low, high], k) => high - low < ends[best][1] - ends[best][0] ? k : best, 0);
  results.forEach((y, k) => {
    const shift = k % 2 ? ends[slim][1] - ends[k][1] : ends[slim][0] - ends[k][0];
    for (let v = 0; v < y.length; v++) y[v] += shift;
  });
  return results[0].map((_, v) => {
    const four = results.map((y) => y[v]).sort((a, b) => a - b);
    return (four[1] + four[2]) / 2;
  });
}

/**
 * Lay out nodes {width, height, end?} (end: -1 or 1 for a port at that end) and edges [from, to]. Returns for each node its left
 * upper corner {x, y}, for each edge the points on its way, and the size of it all. `hint(v)` orders the nodes of a column.
 */
function layered(nodes, edges, { across = 60, between = 14, hint = (v) => v } = {}) {
  if (!nodes.length) return { places: [], ways: [], width: 0, height: 0 };
  const rank = ranked(nodes, edges), graph = layersOf(nodes, edges, rank);
  const source = new Map(); // a dummy's hint is that of the node whose edge it is on
  graph.chains.forEach((chain, e) => chain.forEach((v) => source.set(v, edges[e][0])));
  const height = (v) => (v < nodes.length ? nodes[v].height : 6);
  const beside = uncrossed(graph, (v) => (v < nodes.length ? hint(v) : hint(source.get(v))));
  const ys = placed(graph, beside, (a, b) => (height(a) + height(b)) / 2 + between);
  const widths = graph.layers.map((layer) => layer.reduce((most, v) => Math.max(most, v < nodes.length ? nodes[v].width : 0), 0));
  const lefts = [];
  widths.reduce((x, width, r) => (lefts[r] = x, x + width + (width || (r && r < widths.length - 1) ? across : 0)), 0);
  let top = Infinity, bottom = -Infinity;
  ys.forEach((y, v) => (top = Math.min(top, y - height(v) / 2), bottom = Math.max(bottom, y + height(v) / 2)));
  const places = nodes.map(({ width, height }, v) => ({ x: lefts[rank[v]] + (widths[rank[v]] - width) / 2, y: ys[v] - height / 2 - top }));
  const ways = graph.chains.map((chain) => chain.flatMap((v) => {
    const r = graph.layerOf[v], y = ys[v] - top;
    return widths[r] ? [[lefts[r], y], [lefts[r] + widths[r], y]] : [[lefts[r], y]];
  }));
  return { places, ways, width: lefts.at(-1) + widths.at(-1), height: bottom - top };
}

/**
 * Lay out a tree of frames: `root` is {inside: [...]}, whose items have {key, width, height} or, as frames, {key, inside}; edges
 * are pairs of keys of items, wherever these are. Sets x, y (absolute), width and height of every item and frame, and returns
 * for each edge the points on its way. A frame has room for its title, and a lane for every edge that enters or leaves it.
 */
function framed(root, edges, { padding = 14, title = 26, across = 60, between = 14, hint = () => 0 } = {}) {
  const above = new Map(), depth = new Map([[root, 0]]), itemOf = new Map();
  const visit = (frame) => frame.inside.forEach((item) => {
    above.set(item, frame);
    depth.set(item, depth.get(frame) + 1);
    itemOf.set(item.key, item);
    frame.local = [], frame.ends = [new Set(), new Set()];
    if (item.inside) visit(item);
  });
  root.local = [], root.ends = [new Set(), new Set()];
  visit(root);
  const routes = edges.map(([from, to]) => {
    let a = itemOf.get(from), b = itemOf.get(to);
    const leaving = [], entering = [];
    while (above.get(a) !== above.get(b)) {
      if (depth.get(a) >= depth.get(b)) leaving.push(a), above.get(a).ends[1].add(a), a = above.get(a);
      else entering.unshift(b), above.get(b).ends[0].add(b), b = above.get(b);
    }
    if (a !== b) above.get(a).local.push([a, b]);
    return { leaving, entering, a, b };
  });
  const size = (frame) => {
    frame.inside.forEach((item) => item.inside && size(item));
    const items = [...frame.inside], index = new Map(items.map((item, i) => [item, i]));
    const known = new Map(), pairs = [];
    const pair = (u, v) => {
      const key = u * 1e6 + v;
      if (!known.has(key)) known.set(key, pairs.push([u, v]) - 1);
    };
    for (const [a, b] of frame.local) pair(index.get(a), index.get(b));
    for (const [end, side] of [[-1, 0], [1, 1]]) {
      for (const item of frame === root ? [] : frame.ends[side]) {
        const port = items.push({ width: 0, height: 4, end }) - 1;
        if (end < 0) pair(port, index.get(item));
        else pair(index.get(item), port);
        item.port ??= [];
        item.port[side] = [port, index.get(item)];
      }
    }
    const order = (v) => (v < frame.inside.length ? hint(items[v]) ?? v : v);
    frame.laid = layered(items, pairs, { across, between, hint: order });
    frame.way = (u, v) => frame.laid.ways[known.get(u * 1e6 + v)] ?? [];
    frame.index = index;
    frame.width = frame.laid.width + 2 * padding;
    frame.height = frame.laid.height + 2 * padding + (frame === root ? 0 : title);
  };
  size(root);
  const place = (frame) => frame.inside.forEach((item, i) => {
    const { x, y } = frame.laid.places[i];
    item.x = frame.x + padding + x;
    item.y = frame.y + padding + (frame === root ? 0 : title) + y;
    if (item.inside) place(item);
  });
  root.x = root.y = 0;
  place(root);
  const moved = (frame, points) => points.map(([x, y]) => [frame.x + padding + x, frame.y + padding + (frame === root ? 0 : title) + y]);
  return routes.map(({ leaving, entering, a, b }) => {
    const points = [];
    for (const item of leaving) points.push(...moved(above.get(item), above.get(item).way(item.port[1][1], item.port[1][0])));
    if (a !== b) points.push(...moved(above.get(a), above.get(a).way(above.get(a).index.get(a), above.get(a).index.get(b))));
    for (const item of entering) points.push(...moved(above.get(item), above.get(item).way(item.port[0][0], item.port[0][1])));
    return points;
  });
}
