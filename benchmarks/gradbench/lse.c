/* The C reference of lse: the log of the sum of the exponentials of n numbers, and its gradient. */

#include <math.h>

static double parts(long n, const double *x, double *sum, double *each) {
    double largest = x[0];
    for (long i = 1; i < n; i++) largest = x[i] > largest ? x[i] : largest;
    *sum = 0.0;
    for (long i = 0; i < n; i++) {
        double e = exp(x[i] - largest);
        if (each) each[i] = e;
        *sum += e;
    }
    return largest;
}

double value(long n, const double *x) {
    double sum, largest = parts(n, x, &sum, 0);
    return largest + log(sum);
}

void gradient(long n, const double *x, double *g) {
    double sum;
    parts(n, x, &sum, g);
    for (long i = 0; i < n; i++) g[i] /= sum;
}
