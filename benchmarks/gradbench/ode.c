/* The C reference of ode: s Runge-Kutta steps of y_0' = x_0, y_i' = x_i y_(i-1), and the gradient of the last y. */

#include <stdlib.h>
#include <string.h>

static const double ahead[4] = {0.0, 0.5, 0.5, 1.0}, weight[4] = {1.0, 2.0, 2.0, 1.0};

/* The slopes of the four stages, from y at the start of a step. */
static void stages(long n, double h, const double *x, const double *y, double *k) {
    for (int j = 0; j < 4; j++) {
        const double *before = k + (j ? (j - 1) * n : 0);
        double by = h * ahead[j], *now = k + j * n;
        now[0] = x[0];
        if (j == 0)
            for (long i = 1; i < n; i++) now[i] = x[i] * y[i - 1];
        else
            for (long i = 1; i < n; i++) now[i] = x[i] * (y[i - 1] + by * before[i - 1]);
    }
}

double value(long n, long s, const double *x, double *y) {
    double h = 2.0 / s, *k = malloc(4 * n * sizeof(double));
    memset(y, 0, n * sizeof(double));
    for (long step = 0; step < s; step++) {
        stages(n, h, x, y, k);
        for (long i = 0; i < n; i++) y[i] += h / 6.0 * (k[i] + 2.0 * k[n + i] + 2.0 * k[2 * n + i] + k[3 * n + i]);
    }
    free(k);
    return 0.0;
}

void gradient(long n, long s, const double *x, double *g) {
    double h = 2.0 / s, *k = malloc(4 * n * sizeof(double)), *kept = calloc(n * (s + 1), sizeof(double));
    double *to_y = calloc(n, sizeof(double)), *of_k = calloc(n, sizeof(double)), *total = malloc(n * sizeof(double));
    memset(g, 0, n * sizeof(double));
    for (long step = 0; step < s; step++) {
        double *y = kept + step * n, *next = y + n;
        stages(n, h, x, y, k);
        for (long i = 0; i < n; i++) next[i] = y[i] + h / 6.0 * (k[i] + 2.0 * k[n + i] + 2.0 * k[2 * n + i] + k[3 * n + i]);
    }
    to_y[n - 1] = 1.0;
    for (long step = s - 1; step >= 0; step--) {
        const double *y = kept + step * n;
        stages(n, h, x, y, k);
        memcpy(total, to_y, n * sizeof(double));
        memset(of_k, 0, n * sizeof(double)); /* what later stages say of a stage's slopes */
        for (int j = 3; j >= 0; j--) {
            const double *before = k + (j ? (j - 1) * n : 0);
            double by = h * ahead[j], share = h / 6.0 * weight[j];
            g[0] += share * to_y[0] + of_k[0];
            for (long i = 1; i < n; i++) {
                double adjoint = share * to_y[i] + of_k[i], from = y[i - 1] + (j ? by * before[i - 1] : 0.0);
                g[i] += adjoint * from;
                total[i - 1] += adjoint * x[i];
                of_k[i - 1] = by * adjoint * x[i];
            }
            of_k[n - 1] = 0.0;
        }
        memcpy(to_y, total, n * sizeof(double));
    }
    free(k);
    free(kept);
    free(to_y);
    free(of_k);
    free(total);
}
