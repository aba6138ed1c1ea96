/* Gradient descent with a step that grows and shrinks, as in descent.py, for the C references of particle and saddle. */

#include <math.h>

#define CLOSE 1e-5
#define MOST 2 /* numbers of a point */

typedef double (*function)(const double *x, const void *given);
typedef void (*slope)(const double *x, const void *given, double *out);

static double length(long n, const double *x) {
    double total = 0.0;
    for (long i = 0; i < n; i++) total += x[i] * x[i];
    return sqrt(total);
}

static void argmin(long n, function f, slope g, const void *given, const double *start, double *x) {
    double step = 1e-5, there[MOST], apart[MOST], gx[MOST], fx = f(start, given);
    int served = 0;
    for (long i = 0; i < n; i++) x[i] = start[i];
    g(x, given, gx);
    while (length(n, gx) > CLOSE) {
        if (served == 10) {
            step *= 2.0;
            served = 0;
            continue;
        }
        for (long i = 0; i < n; i++) {
            there[i] = x[i] - step * gx[i];
            apart[i] = there[i] - x[i];
        }
        if (length(n, apart) <= CLOSE) return;
        double found = f(there, given);
        if (found < fx) {
            for (long i = 0; i < n; i++) x[i] = there[i];
            fx = found;
            g(x, given, gx);
            served++;
        } else {
            step /= 2.0;
            served = 0;
        }
    }
}
