/* The C reference of llsq: least squares of a polynomial of m coefficients at n points, and its gradient, in blocks of points. */

#include <string.h>

#define BLOCK 64

static long residuals(long start, long n, long m, const double *x, const double *t, const double *s, double *out) {
    long count = n - start < BLOCK ? n - start : BLOCK;
    for (long r = 0; r < count; r++) out[r] = x[m - 1];
    for (long j = m - 2; j >= 0; j--)
        for (long r = 0; r < count; r++) out[r] = out[r] * t[start + r] + x[j];
    for (long r = 0; r < count; r++) out[r] = s[start + r] - out[r];
    return count;
}

double value(long n, long m, const double *x, const double *t, const double *s) {
    double total = 0.0, out[BLOCK];
    for (long i = 0; i < n; i += BLOCK) {
        long count = residuals(i, n, m, x, t, s, out);
        for (long r = 0; r < count; r++) total += out[r] * out[r];
    }
    return 0.5 * total;
}

void gradient(long n, long m, const double *x, const double *t, const double *s, double *g) {
    double out[BLOCK];
    memset(g, 0, m * sizeof(double));
    for (long i = 0; i < n; i += BLOCK) {
        long count = residuals(i, n, m, x, t, s, out);
        for (long j = 0; j < m; j++) {
            double sum = 0.0;
            for (long r = 0; r < count; r++) {
                sum += out[r];
                out[r] *= t[i + r];
            }
            g[j] -= sum;
        }
    }
}
