// The functions of C that the page's program calls. Most are Math's own, which browsers have from fdlibm, to within an ulp of C's.

const M = Object.fromEntries(Object.getOwnPropertyNames(Math).map((name) => [name, Math[name]]));

/** C's pow, which differs from JavaScript's at 1 and -1: 1 to the nan is 1, and so is -1 to an infinity. */
M.pow = (x, y) => (x === 1 || (x === -1 && (y === Infinity || y === -Infinity)) ? 1 : Math.pow(x, y));

M.exp2 = (x) => Math.pow(2, x);
M.fmod = (x, y) => x % y;
/** The nearest whole number, the even one of two. */
M.rint = (x) => {
  const whole = Math.round(x);
  return Math.abs(x - Math.trunc(x)) === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
};

// erf and erfc as in fdlibm's s_erf.c (Sun Microsystems, 1993; free to use with this notice), within an ulp: rational functions on
// four stretches. The coefficients of each, the lowest power first.
const ERF = {
  near: [[1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02, -5.77027029648944159157e-03, -2.37630166566501626084e-05],
    [1, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03, 1.32494738004321644526e-04, -3.96022827877536812320e-06]],
  middle: [[-2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01, 3.18346619901161753674e-01,
    -1.10894694282396677476e-01, 3.54783043256182359371e-02, -2.16637559486879084300e-03],
  [1, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02, 1.26171219808761642112e-01, 1.36370839120290507362e-02, 1.19844998467991074170e-02]],
  far: [[-9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01, -6.23753324503260060396e+01,
    -1.62396669462573470355e+02, -1.84605092906711035994e+02, -8.12874355063065934246e+01, -9.81432934416914548592e+00],
  [1, 1.96512716674392571292e+01, 1.37657754143519042600e+02, 4.34565877475229228821e+02, 6.45387271733267880336e+02,
    4.29008140027567833386e+02, 1.08635005541779435134e+02, 6.57024977031928170135e+00, -6.04244152148580987438e-02]],
  tail: [[-9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01, -1.60636384855821916062e+02,
    -6.37566443368389627722e+02, -1.02509513161107724954e+03, -4.83519191608651397019e+02],
  [1, 3.03380607434824582924e+01, 3.25792512996573918826e+02, 1.53672958608443695994e+03, 3.19985821950859553908e+03,
    2.55305040643316442583e+03, 4.74528541206955367215e+02, -2.24409524465858183362e+01]],
};
const ERX = 8.45062911510467529297e-01;
const polynomial = (coefficients, x) => coefficients.reduceRight((sum, c) => c + x * sum, 0);
const ratio = ([above, below], x) => polynomial(above, x) / polynomial(below, x);
const HIGH = new Float64Array(1), WORDS = new Uint32Array(HIGH.buffer);

/** erfc of a number from 1.25 on. */
function upper(x) {
  const r = ratio(x < 1 / 0.35 ? ERF.far : ERF.tail, 1 / (x * x));
  HIGH[0] = x, WORDS[0] = 0; // x without its low half, so that its square is exact
  const z = HIGH[0];
  return Math.exp(-z * z - 0.5625) * Math.exp((z - x) * (z + x) + r) / x;
}
M.erf = (x) => {
  const a = Math.abs(x), sign = x < 0 ? -1 : 1;
  if (Number.isNaN(x)) return x;
  if (a < 0.84375) return a < 2 ** -28 ? (a < 1e-300 ? 0.125 * (8 * x + 1.02703333676410069053 * x) : x + 1.28379167095512586316e-01 * x) : x + x * ratio(ERF.near, x * x);
  if (a < 1.25) return sign * (ERX + ratio(ERF.middle, a - 1));
  return a >= 6 ? sign : sign * (1 - upper(a));
};
M.erfc = (x) => {
  const a = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (a < 0.84375) {
    const y = a < 2 ** -56 ? 0 : ratio(ERF.near, x * x);
    return x < 0.25 ? 1 - (x + x * y) : 0.5 - (x - 0.5 + x * y);
  }
  if (a < 1.25) return x >= 0 ? 1 - ERX - ratio(ERF.middle, a - 1) : 1 + (ERX + ratio(ERF.middle, a - 1));
  if (x <= -6) return 2;
  return a >= 28 ? 0 : x > 0 ? upper(a) : 2 - upper(a);
};
