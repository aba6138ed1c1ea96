// Numbers and texts: what is packed in the page's data, and how it is written.

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");
const LONGEST_LABEL = 32; // characters of a name in boxes and words; the panel has all of them

function bytes(text) {
  const raw = atob(text), found = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
  return found;
}
const integers = (text) => new Int32Array(bytes(text).buffer);
const doubles = ({ d }) => new Float64Array(bytes(d).buffer);
const there = ({ d, there: some }) => some ? bytes(some) : new Uint8Array(atob(d).length / 8).fill(1);

/** As Python writes f"{x:.{digits}g}", ties to the even digit; "-" for null. */
function short(x, digits = data.precision) {
  if (x === null || x === undefined) return "-";
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

function full(x) {
  if (x === null || x === undefined) return "none yet";
  if (!Number.isFinite(x)) return short(x);
  return Object.is(x, -0) ? "-0" : String(x);
}

const counted = (count, what) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

/** A text with its middle cut out where it is too long. */
function cut(text, longest = LONGEST_LABEL) {
  const all = [...text];
  if (all.length <= longest) return text;
  return `${all.slice(0, Math.floor((longest - 1) / 2)).join("")}…${all.slice(-Math.floor(longest / 2)).join("")}`;
}

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/g;
/** A text as one line that sets no direction: control characters become their pictures. */
const visible = (text) => text.replace(CONTROL, (c) => (c < " " ? String.fromCharCode(0x2400 + c.charCodeAt(0)) : c === "\x7f" ? "\u2421" : "\ufffd"));

const WIDTHS = new Map(), paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
/** The width of a text in the picture's font at 13 pixels, in its bold face. */
function widthOf(text) {
  if (!WIDTHS.has(text)) {
    paint.font = `600 13px ${getComputedStyle(document.documentElement).getPropertyValue("--font") || "Helvetica, Arial, sans-serif"}`;
    WIDTHS.set(text, paint.measureText(text).width);
  }
  return WIDTHS.get(text);
}

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

const SVG = "http://www.w3.org/2000/svg";
function drawn(tag, attributes = {}, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
