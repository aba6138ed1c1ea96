/* The C reference of benchmarks/training.py: a whole training of a network, sample by sample, written plainly.
 *
 * The command line defines SIZES, ACTIVATIONS, BIASED, LOSS, WIDEST, PARAMETERS, ADAM, ALPHA and KERNELS, so that every loop has
 * constant bounds. Parameters lie as (kernels, their biases,) and for each layer weights[nin][nout], biases[nout].
 */

#include <math.h>
#include <string.h>

enum { LINEAR, RELU, TANH, SIGMOID };
enum { HINGE, ABSOLUTE, BINARY, CLASSES };

static const int sizes[] = {SIZES}, activations[] = {ACTIVATIONS}, biased[] = {BIASED};

#define LAYERS (int)(sizeof activations / sizeof *activations)
#define OUTPUTS sizes[LAYERS]
#define INLINE static inline __attribute__((always_inline))
#define EACH_LAYER _Pragma("GCC unroll 8")
#define SIDE 8 /* of an image, and of its padded copy less 2 */

static double gradient[PARAMETERS], first[PARAMETERS], second[PARAMETERS];

INLINE void forward(int nin, int nout, int activation, const double *w, const double *x, double *y) {
    double z[nout];
    for (int j = 0; j < nout; j++) z[j] = w[nin * nout + j];
    for (int i = 0; i < nin; i++)
        for (int j = 0; j < nout; j++) z[j] += w[i * nout + j] * x[i];
    for (int j = 0; j < nout; j++)
        y[j] = activation == RELU ? (z[j] > 0.0 ? z[j] : 0.0)
               : activation == TANH ? tanh(z[j])
               : activation == SIGMOID ? 1.0 / (1.0 + exp(-z[j]))
                                       : z[j];
}

/* From the adjoints dy of y, which become those before the activation, to those of the parameters and of x. */
INLINE void backward(int nin, int nout, int activation, int bias, int inner, const double *w, const double *x, const double *y,
                     double *dy, double *dx, double *g) {
    for (int j = 0; j < nout; j++)
        dy[j] *= activation == RELU ? (y[j] > 0.0 ? 1.0 : 0.0)
                 : activation == TANH ? 1.0 - y[j] * y[j]
                 : activation == SIGMOID ? y[j] * (1.0 - y[j])
                                         : 1.0;
    for (int i = 0; i < nin; i++) {
        double sum = 0.0;
        for (int j = 0; j < nout; j++) {
            g[i * nout + j] += x[i] * dy[j];
            if (inner) sum += w[i * nout + j] * dy[j];
        }
        if (inner) dx[i] = sum;
    }
    if (bias)
        for (int j = 0; j < nout; j++) g[nin * nout + j] += dy[j];
}

INLINE void loss_backward(const double *y, double target, double weight, double *dy) {
    if (LOSS == HINGE) dy[0] = 1.0 - target * y[0] > 0.0 ? -target * weight : 0.0;
    if (LOSS == ABSOLUTE) dy[0] = y[0] > target ? weight : y[0] < target ? -weight : 0.0;
    if (LOSS == BINARY) dy[0] = target == 1.0 ? -weight / y[0] : weight / (1.0 - y[0]);
    if (LOSS == CLASSES) {
        double largest = y[0], sum = 0.0;
        for (int j = 1; j < OUTPUTS; j++) largest = y[j] > largest ? y[j] : largest;
        for (int j = 0; j < OUTPUTS; j++) sum += dy[j] = exp(y[j] - largest);
        for (int j = 0; j < OUTPUTS; j++) dy[j] *= weight / sum;
        dy[(int)target] -= weight;
    }
}

#if KERNELS
/* Zeros around the image, 3 x 3 windows, ReLU, and the maximum of every 2 x 2; `places` says where each was. */
INLINE void convolve(const double *p, const double *image, double padded[SIDE + 2][SIDE + 2], int *places, double *pooled) {
    memset(padded, 0, sizeof(double[SIDE + 2][SIDE + 2]));
    for (int y = 0; y < SIDE; y++) memcpy(&padded[y + 1][1], image + SIDE * y, sizeof(double[SIDE]));
    for (int o = 0; o < KERNELS; o++) {
        double map[SIDE][SIDE];
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) map[y][x] = p[9 * KERNELS + o];
            for (int k = 0; k < 9; k++)
                for (int x = 0; x < SIDE; x++) map[y][x] += p[9 * o + k] * padded[y + k / 3][x + k % 3];
        }
        for (int y = 0; y < SIDE; y += 2)
            for (int x = 0; x < SIDE; x += 2, pooled++, places++) {
                double largest = 0.0;
                int place = 0;
                for (int k = 0; k < 4; k++)
                    if (map[y + k / 2][x + k % 2] > largest) {
                        largest = map[y + k / 2][x + k % 2];
                        place = (y + k / 2) * (SIDE + 2) + x + k % 2;
                    }
                *pooled = largest, *places = place;
            }
    }
}

INLINE void convolve_backward(const double padded[SIDE + 2][SIDE + 2], const int *places, const double *pooled, const double *d,
                              double *g) {
    for (int o = 0; o < KERNELS; o++)
        for (int i = 0; i < SIDE * SIDE / 4; i++, places++, pooled++, d++)
            if (*pooled > 0.0) {
                const double *window = &padded[0][0] + *places;
                for (int k = 0; k < 9; k++) g[9 * o + k] += *d * window[k / 3 * (SIDE + 2) + k % 3];
                g[9 * KERNELS + o] += *d;
            }
}
#endif

static void add_gradient(const double *restrict p, const double *sample, double target, double weight) {
    double x[LAYERS + 1][WIDEST], d[LAYERS + 1][WIDEST];
    double *g = gradient;
#if KERNELS
    double padded[SIDE + 2][SIDE + 2];
    int places[WIDEST];
    convolve(p, sample, padded, places, x[0]);
    p += 10 * KERNELS, g += 10 * KERNELS;
#else
    memcpy(x[0], sample, sizeof(double) * sizes[0]);
#endif
    int start = 0;
    EACH_LAYER for (int l = 0; l < LAYERS; l++) {
        forward(sizes[l], sizes[l + 1], activations[l], p + start, x[l], x[l + 1]);
        start += (sizes[l] + 1) * sizes[l + 1];
    }
    loss_backward(x[LAYERS], target, weight, d[LAYERS]);
    EACH_LAYER for (int l = LAYERS - 1; l >= 0; l--) {
        start -= (sizes[l] + 1) * sizes[l + 1];
        backward(sizes[l], sizes[l + 1], activations[l], biased[l], l > 0 || KERNELS, p + start, x[l], x[l + 1], d[l + 1], d[l],
                 g + start);
    }
#if KERNELS
    convolve_backward(padded, places, x[0], d[0], gradient);
#endif
}

static void step(double *p, double rate, long count) {
    if (ADAM) {
        double correction = rate / (1.0 - pow(0.9, count)), scale = 1.0 / (1.0 - pow(0.999, count));
        for (int i = 0; i < PARAMETERS; i++) {
            first[i] = 0.9 * first[i] + (1.0 - 0.9) * gradient[i];
            second[i] = 0.999 * second[i] + (1.0 - 0.999) * gradient[i] * gradient[i];
            p[i] -= correction * first[i] / (sqrt(second[i] * scale) + 1e-8);
        }
    } else
        for (int i = 0; i < PARAMETERS; i++) p[i] -= rate * gradient[i];
}

void train(double *p, const double *inputs, const double *targets, const double *rates, long samples, long width, long batch,
           long epochs) {
    long count = 0;
    memset(first, 0, sizeof first);
    memset(second, 0, sizeof second);
    for (long epoch = 0; epoch < epochs; epoch++)
        for (long begin = 0; begin < samples; begin += batch) {
            long end = begin + batch < samples ? begin + batch : samples;
            for (int i = 0; i < PARAMETERS; i++) gradient[i] = 2.0 * ALPHA * p[i];
            for (long i = begin; i < end; i++) add_gradient(p, inputs + i * width, targets[i], 1.0 / (end - begin));
            step(p, rates[epoch], ++count);
        }
}
