/* The C reference of gmm: the log posterior of k Gaussians in d dimensions for n points, and its gradient. */

#include <math.h>
#include <string.h>

#define AT(d, i, j) ((j) * (2 * (d) - (j) - 1) / 2 + (i) - (j) - 1)

static double largest_of(long k, const double *x) {
    double largest = x[0];
    for (long i = 1; i < k; i++) largest = x[i] > largest ? x[i] : largest;
    return largest;
}

static double shares_of(long k, const double *x, double *shares) {
    double largest = largest_of(k, x), sum = 0.0;
    for (long i = 0; i < k; i++) sum += shares[i] = exp(x[i] - largest);
    for (long i = 0; i < k; i++) shares[i] /= sum;
    return largest + log(sum);
}

static double posterior(long d, long k, long n, const double *alpha, const double *mu, const double *q, const double *l,
                        const double *x, const double *constants, double *g) {
    long below = d * (d - 1) / 2;
    double total = constants[0], gamma = constants[1], freedom = constants[2];
    double diagonal[k * d], sums[k], betas[k], shares[k], apart[k][d], scaled[k][d];
    double *to_mu = g + k, *to_q = to_mu + k * d, *to_l = to_q + k * d;
    if (g) memset(g, 0, (k + 2 * k * d + k * below) * sizeof(double));
    for (long c = 0; c < k; c++) {
        sums[c] = 0.0;
        for (long i = 0; i < d; i++) {
            double e = diagonal[c * d + i] = exp(q[c * d + i]);
            sums[c] += q[c * d + i];
            total += freedom * q[c * d + i] - 0.5 * gamma * gamma * e * e;
            if (g) to_q[c * d + i] = freedom - gamma * gamma * e * e;
        }
        for (long i = 0; i < below; i++) {
            total -= 0.5 * gamma * gamma * l[c * below + i] * l[c * below + i];
            if (g) to_l[c * below + i] = -gamma * gamma * l[c * below + i];
        }
    }
    total -= n * shares_of(k, alpha, shares);
    if (g)
        for (long c = 0; c < k; c++) g[c] = -n * shares[c];
    for (long p = 0; p < n; p++) {
        for (long c = 0; c < k; c++) {
            double squares = 0.0;
            for (long i = 0; i < d; i++) {
                apart[c][i] = x[p * d + i] - mu[c * d + i];
                scaled[c][i] = diagonal[c * d + i] * apart[c][i];
            }
            for (long j = 0; j < d; j++) {
                const double *column = l + c * below + AT(d, j + 1, j);
                for (long i = j + 1; i < d; i++) scaled[c][i] += column[i - j - 1] * apart[c][j];
            }
            for (long i = 0; i < d; i++) squares += scaled[c][i] * scaled[c][i];
            betas[c] = alpha[c] - 0.5 * squares + sums[c];
        }
        total += shares_of(k, betas, shares);
        for (long c = 0; g && c < k; c++) {
            double share = shares[c];
            g[c] += share;
            for (long i = 0; i < d; i++) {
                double e = diagonal[c * d + i];
                to_mu[c * d + i] += share * e * scaled[c][i];
                to_q[c * d + i] += share * (1.0 - e * apart[c][i] * scaled[c][i]);
            }
            for (long j = 0; j < d; j++) {
                const double *column = l + c * below + AT(d, j + 1, j);
                double *to_column = to_l + c * below + AT(d, j + 1, j), sum = 0.0, by = share * apart[c][j];
                for (long i = j + 1; i < d; i++) {
                    to_column[i - j - 1] -= by * scaled[c][i];
                    sum += column[i - j - 1] * scaled[c][i];
                }
                to_mu[c * d + j] += share * sum;
            }
        }
    }
    return total;
}

double value(long d, long k, long n, const double *alpha, const double *mu, const double *q, const double *l, const double *x,
             const double *constants) {
    return posterior(d, k, n, alpha, mu, q, l, x, constants, 0);
}

void gradient(long d, long k, long n, const double *alpha, const double *mu, const double *q, const double *l, const double *x,
              const double *constants, double *g) {
    posterior(d, k, n, alpha, mu, q, l, x, constants, g);
}
