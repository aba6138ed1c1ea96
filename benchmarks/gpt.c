/* The C reference of benchmarks/gpt.py: a training step of the GPT of `demos.gpt`, gradients and Adam by hand, written plainly.
 *
 * Parameters lie as tokens[VOCABULARY][WIDTH], places[CONTEXT][WIDTH], q, k, v, out[WIDTH][WIDTH], up[4 WIDTH][WIDTH],
 * down[WIDTH][4 WIDTH], head[VOCABULARY][WIDTH]; the command line defines these sizes, HEADS, RATE, BETA1, BETA2 and EPSILON.
 */

#include <math.h>
#include <string.h>

#define DEPTH (WIDTH / HEADS)
#define HIDDEN (4 * WIDTH)
#define SQUARE (WIDTH * WIDTH)
enum {
    TOKENS = 0, PLACES = TOKENS + VOCABULARY * WIDTH, Q = PLACES + CONTEXT * WIDTH, K = Q + SQUARE, V = K + SQUARE, OUT = V + SQUARE,
    UP = OUT + SQUARE, DOWN = UP + HIDDEN * WIDTH, HEAD = DOWN + WIDTH * HIDDEN, PARAMETERS = HEAD + VOCABULARY * WIDTH
};
#define INLINE static inline __attribute__((always_inline))

static double gradient[PARAMETERS];

/* y = W x, for W[rows][columns]. */
INLINE void linear(int rows, int columns, const double *w, const double *x, double *y) {
    for (int i = 0; i < rows; i++) {
        double sum = 0.0;
        for (int j = 0; j < columns; j++) sum += w[i * columns + j] * x[j];
        y[i] = sum;
    }
}

/* From the adjoints dy of y those of W, and of x, to which they are added. */
INLINE void linear_back(int rows, int columns, const double *w, const double *x, const double *dy, double *dw, double *dx) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            dw[i * columns + j] += dy[i] * x[j];
            dx[j] += dy[i] * w[i * columns + j];
        }
}

/* y = x / sqrt(mean x^2 + 1e-5); returns that factor. */
INLINE double normed(const double *x, double *y) {
    double sum = 0.0;
    for (int i = 0; i < WIDTH; i++) sum += x[i] * x[i];
    double scale = 1.0 / sqrt(sum / WIDTH + 1e-5);
    for (int i = 0; i < WIDTH; i++) y[i] = scale * x[i];
    return scale;
}

INLINE void normed_back(const double *x, double scale, const double *dy, double *dx) {
    double sum = 0.0;
    for (int i = 0; i < WIDTH; i++) sum += dy[i] * x[i];
    double c = sum * scale * scale * scale / WIDTH;
    for (int i = 0; i < WIDTH; i++) dx[i] += scale * dy[i] - c * x[i];
}

/* Shares of the first n scores, in place; returns the log of their sum and of the largest. */
INLINE double softmax(int n, double *a) {
    double largest = a[0], sum = 0.0;
    for (int i = 1; i < n; i++) largest = a[i] > largest ? a[i] : largest;
    for (int i = 0; i < n; i++) sum += a[i] = exp(a[i] - largest);
    for (int i = 0; i < n; i++) a[i] /= sum;
    return largest + log(sum);
}

/* The mean cross-entropy of n tokens, and its gradient added to `gradient`. */
static double loss_and_gradient(const double *w, const int *x, const int *target, int n) {
    static double e[CONTEXT][WIDTH], h[CONTEXT][WIDTH], z[CONTEXT][WIDTH], q[CONTEXT][WIDTH], k[CONTEXT][WIDTH], v[CONTEXT][WIDTH];
    static double share[HEADS][CONTEXT][CONTEXT], mixed[CONTEXT][WIDTH], h2[CONTEXT][WIDTH], z2[CONTEXT][WIDTH];
    static double up[CONTEXT][HIDDEN], h3[CONTEXT][WIDTH], logits[CONTEXT][VOCABULARY], scale[CONTEXT], scale1[CONTEXT], scale2[CONTEXT];
    static double dh[CONTEXT][WIDTH], dq[CONTEXT][WIDTH], dk[CONTEXT][WIDTH], dv[CONTEXT][WIDTH], dmixed[CONTEXT][WIDTH];
    double *g = gradient, loss = 0.0, root = sqrt((double)DEPTH);

    for (int t = 0; t < n; t++) {
        for (int i = 0; i < WIDTH; i++) e[t][i] = w[TOKENS + x[t] * WIDTH + i] + w[PLACES + t * WIDTH + i];
        scale[t] = normed(e[t], h[t]);
        scale1[t] = normed(h[t], z[t]);
        linear(WIDTH, WIDTH, w + Q, z[t], q[t]);
        linear(WIDTH, WIDTH, w + K, z[t], k[t]);
        linear(WIDTH, WIDTH, w + V, z[t], v[t]);
        memset(mixed[t], 0, sizeof mixed[t]);
        for (int head = 0; head < HEADS; head++) {
            double *a = share[head][t];
            int at = head * DEPTH;
            for (int s = 0; s <= t; s++) {
                a[s] = 0.0;
                for (int i = at; i < at + DEPTH; i++) a[s] += q[t][i] * k[s][i];
                a[s] /= root;
            }
            softmax(t + 1, a);
            for (int s = 0; s <= t; s++)
                for (int i = at; i < at + DEPTH; i++) mixed[t][i] += a[s] * v[s][i];
        }
        linear(WIDTH, WIDTH, w + OUT, mixed[t], h2[t]);
        for (int i = 0; i < WIDTH; i++) h2[t][i] += h[t][i];
        scale2[t] = normed(h2[t], z2[t]);
        linear(HIDDEN, WIDTH, w + UP, z2[t], up[t]);
        for (int i = 0; i < HIDDEN; i++) up[t][i] = up[t][i] > 0.0 ? up[t][i] : 0.0;
        linear(WIDTH, HIDDEN, w + DOWN, up[t], h3[t]);
        for (int i = 0; i < WIDTH; i++) h3[t][i] += h2[t][i];
        linear(VOCABULARY, WIDTH, w + HEAD, h3[t], logits[t]);
        double right = logits[t][target[t]];
        loss += (softmax(VOCABULARY, logits[t]) - right) / n;
    }
    memset(dq, 0, sizeof dq), memset(dk, 0, sizeof dk), memset(dv, 0, sizeof dv);
    for (int t = 0; t < n; t++) {
        double dh3[WIDTH] = {0}, dup[HIDDEN] = {0}, dz2[WIDTH] = {0};
        for (int i = 0; i < VOCABULARY; i++) logits[t][i] = (logits[t][i] - (i == target[t])) / n;
        linear_back(VOCABULARY, WIDTH, w + HEAD, h3[t], logits[t], g + HEAD, dh3);
        linear_back(WIDTH, HIDDEN, w + DOWN, up[t], dh3, g + DOWN, dup);
        for (int i = 0; i < HIDDEN; i++) dup[i] = up[t][i] > 0.0 ? dup[i] : 0.0;
        linear_back(HIDDEN, WIDTH, w + UP, z2[t], dup, g + UP, dz2);
        memcpy(dh[t], dh3, sizeof dh3);
        normed_back(h2[t], scale2[t], dz2, dh[t]);
        memset(dmixed[t], 0, sizeof dmixed[t]);
        linear_back(WIDTH, WIDTH, w + OUT, mixed[t], dh[t], g + OUT, dmixed[t]);
        for (int head = 0; head < HEADS; head++) {
            const double *a = share[head][t];
            int at = head * DEPTH;
            double da[CONTEXT], sum = 0.0;
            for (int s = 0; s <= t; s++) {
                da[s] = 0.0;
                for (int i = at; i < at + DEPTH; i++) da[s] += dmixed[t][i] * v[s][i], dv[s][i] += a[s] * dmixed[t][i];
                sum += da[s] * a[s];
            }
            for (int s = 0; s <= t; s++) {
                double d = a[s] * (da[s] - sum) / root;
                for (int i = at; i < at + DEPTH; i++) dq[t][i] += d * k[s][i], dk[s][i] += d * q[t][i];
            }
        }
    }
    for (int t = 0; t < n; t++) {
        double dz[WIDTH] = {0}, de[WIDTH] = {0};
        linear_back(WIDTH, WIDTH, w + Q, z[t], dq[t], g + Q, dz);
        linear_back(WIDTH, WIDTH, w + K, z[t], dk[t], g + K, dz);
        linear_back(WIDTH, WIDTH, w + V, z[t], dv[t], g + V, dz);
        normed_back(h[t], scale1[t], dz, dh[t]);
        normed_back(e[t], scale[t], dh[t], de);
        for (int i = 0; i < WIDTH; i++) g[TOKENS + x[t] * WIDTH + i] += de[i], g[PLACES + t * WIDTH + i] += de[i];
    }
    return loss;
}

/* Step number `step` (from 1 on) on one document: the parameters, and Adam's two moments, change in place; returns the loss. */
double train(double *w, double *first, double *second, const int *x, const int *target, int n, int step) {
    memset(gradient, 0, sizeof gradient);
    double loss = loss_and_gradient(w, x, target, n);
    double one = 1.0 - pow(BETA1, step), two = 1.0 - pow(BETA2, step);
    for (int i = 0; i < PARAMETERS; i++) {
        first[i] = BETA1 * first[i] + (1.0 - BETA1) * gradient[i];
        second[i] = BETA2 * second[i] + (1.0 - BETA2) * gradient[i] * gradient[i];
        w[i] -= RATE * (first[i] / one) / (sqrt(second[i] / two) + EPSILON);
    }
    return loss;
}
