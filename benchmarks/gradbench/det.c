/* The C reference of det: a determinant by expansion by minors, and its gradient. */

#include <string.h>

/* `next` links the columns that are left, from next[n]; each minor's value is added to the gradient times `by`, if there is one. */
static double minor(long n, long row, const double *a, long *next, double by, double *g) {
    long before = n, sign = 1;
    double total = 0.0;
    if (row == n - 1) {
        if (g) g[row * n + next[n]] += by;
        return a[row * n + next[n]];
    }
    for (long column = next[n]; column < n; column = next[column]) {
        double number = sign * a[row * n + column];
        next[before] = next[column];
        double found = minor(n, row + 1, a, next, by * number, g);
        next[before] = column;
        if (g) g[row * n + column] += by * sign * found;
        total += number * found;
        before = column;
        sign = -sign;
    }
    return total;
}

static double whole(long n, const double *a, double *g) {
    long next[n + 1];
    for (long i = 0; i < n; i++) next[i] = i + 1;
    next[n] = 0;
    return minor(n, 0, a, next, 1.0, g);
}

double value(long n, const double *a) { return whole(n, a, 0); }

void gradient(long n, const double *a, double *g) {
    memset(g, 0, n * n * sizeof(double));
    whole(n, a, g);
}
