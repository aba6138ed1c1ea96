/* The C reference of lstm: the loss of l layers of b neurons over c characters, and its gradient. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FORGET, IN, OUT, CHANGE, INPUT, HIDDEN, CELL, BENT, KEPT }; /* what is kept of a neuron at a step */

static double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }

/* The outputs after a character; `state` moves on, and kept[layer][KEPT][b] is filled. */
static void forward(long l, long b, const double *main, const double *extra, double *state, const double *character,
                    double *kept, double *outputs) {
    for (long i = 0; i < b; i++) outputs[i] = character[i] * extra[i];
    for (long layer = 0; layer < l; layer++) {
        const double *w = main + 8 * b * layer, *bias = w + 4 * b;
        double *hidden = state + 2 * b * layer, *cell = hidden + b, *k = kept + KEPT * b * layer;
        for (long i = 0; i < b; i++) {
            double x = outputs[i], h = hidden[i];
            double forget = sigmoid(x * w[i] + bias[i]), in = sigmoid(h * w[b + i] + bias[b + i]);
            double out = sigmoid(x * w[2 * b + i] + bias[2 * b + i]), change = tanh(h * w[3 * b + i] + bias[3 * b + i]);
            k[INPUT * b + i] = x;
            k[HIDDEN * b + i] = h;
            k[CELL * b + i] = cell[i];
            cell[i] = cell[i] * forget + in * change;
            k[BENT * b + i] = tanh(cell[i]);
            outputs[i] = hidden[i] = out * k[BENT * b + i];
            k[FORGET * b + i] = forget;
            k[IN * b + i] = in;
            k[OUT * b + i] = out;
            k[CHANGE * b + i] = change;
        }
    }
}

static double scored(long b, const double *extra, const double *following, const double *last, double *adjoint) {
    double sum = 2.0, total = 0.0, set = 0.0;
    for (long i = 0; i < b; i++) {
        double output = last[i] * extra[b + i] + extra[2 * b + i];
        adjoint[i] = exp(output);
        sum += adjoint[i];
        set += following[i];
        total += following[i] * output;
    }
    for (long i = 0; i < b; i++) adjoint[i] = following[i] - set * adjoint[i] / sum;
    return total - set * log(sum);
}

static double loss(long l, long c, long b, const double *main, const double *extra, const double *first, const double *sequence,
                   double *kept, double *adjoints, double *lasts) {
    double total = 0.0, *state = malloc(2 * l * b * sizeof(double));
    memcpy(state, first, 2 * l * b * sizeof(double));
    for (long t = 0; t < c - 1; t++) {
        forward(l, b, main, extra, state, sequence + t * b, kept, lasts);
        total += scored(b, extra, sequence + (t + 1) * b, lasts, adjoints);
        if (adjoints != lasts + b) { /* all steps are kept */
            kept += KEPT * l * b;
            lasts += b;
            adjoints += b;
        }
    }
    free(state);
    return -total / ((c - 1) * b);
}

double value(long l, long c, long b, const double *main, const double *extra, const double *first, const double *sequence) {
    double *kept = malloc((KEPT * l + 2) * b * sizeof(double)), *lasts = kept + KEPT * l * b;
    double found = loss(l, c, b, main, extra, first, sequence, kept, lasts + b, lasts);
    free(kept);
    return found;
}

void gradient(long l, long c, long b, const double *main, const double *extra, const double *first, const double *sequence,
              double *g) {
    long steps = c - 1;
    double *kept = malloc(steps * (KEPT * l + 2) * b * sizeof(double)), *lasts = kept + steps * KEPT * l * b;
    double *adjoints = malloc((steps * b + 2 * l * b + b) * sizeof(double)), *to_state = adjoints + steps * b;
    double *down = to_state + 2 * l * b, *to_extra = g + 8 * l * b;
    loss(l, c, b, main, extra, first, sequence, kept, adjoints, lasts);
    memset(g, 0, (8 * l + 3) * b * sizeof(double));
    memset(to_state, 0, 2 * l * b * sizeof(double));
    for (long t = steps - 1; t >= 0; t--) {
        for (long i = 0; i < b; i++) {
            double adjoint = -adjoints[t * b + i] / (steps * b);
            to_extra[b + i] += adjoint * lasts[t * b + i];
            to_extra[2 * b + i] += adjoint;
            down[i] = adjoint * extra[b + i];
        }
        for (long layer = l - 1; layer >= 0; layer--) {
            const double *w = main + 8 * b * layer, *k = kept + (t * l + layer) * KEPT * b;
            double *gw = g + 8 * b * layer, *gb = gw + 4 * b, *to_hidden = to_state + 2 * b * layer, *to_cell = to_hidden + b;
            for (long i = 0; i < b; i++) {
                double forget = k[FORGET * b + i], in = k[IN * b + i], out = k[OUT * b + i], change = k[CHANGE * b + i];
                double x = k[INPUT * b + i], h = k[HIDDEN * b + i], bent = k[BENT * b + i];
                double of_hidden = down[i] + to_hidden[i];
                double of_cell = to_cell[i] + of_hidden * out * (1.0 - bent * bent);
                double to_forget = of_cell * k[CELL * b + i] * forget * (1.0 - forget);
                double to_in = of_cell * change * in * (1.0 - in), to_out = of_hidden * bent * out * (1.0 - out);
                double to_change = of_cell * in * (1.0 - change * change);
                gw[i] += to_forget * x;
                gb[i] += to_forget;
                gw[b + i] += to_in * h;
                gb[b + i] += to_in;
                gw[2 * b + i] += to_out * x;
                gb[2 * b + i] += to_out;
                gw[3 * b + i] += to_change * h;
                gb[3 * b + i] += to_change;
                to_cell[i] = of_cell * forget;
                to_hidden[i] = to_in * w[b + i] + to_change * w[3 * b + i];
                down[i] = to_forget * w[i] + to_out * w[2 * b + i];
            }
        }
        for (long i = 0; i < b; i++) to_extra[i] += down[i] * sequence[t * b + i];
    }
    free(kept);
    free(adjoints);
}
