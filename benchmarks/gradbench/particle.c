/* The C reference of particle, with the force and all tangents by hand. */

#include "descent.h"

#define TIME 0.1

/* The square of where the particle crosses the axis, and its slope by w if `tangent` is not null. */
static double miss(double w, double *tangent) {
    double x = 0.0, y = 8.0, u = 0.75, v = 0.0, dx = 0.0, dy = 0.0, du = 0.0, dv = 0.0;
    while (y + TIME * v > 0.0) {
        double fx = 0.0, fy = 0.0, dfx = 0.0, dfy = 0.0;
        for (int i = 0; i < 2; i++) {
            double a = x - 10.0, b = y - (i ? 0.0 : 10.0 - w), square = a * a + b * b;
            double cube = 1.0 / (square * sqrt(square));
            fx += a * cube;
            fy += b * cube;
            if (tangent) {
                double db = dy + (i ? 0.0 : 1.0), along = -3.0 * (a * dx + b * db) * cube / square;
                dfx += dx * cube + a * along;
                dfy += db * cube + b * along;
            }
        }
        x += TIME * u;
        y += TIME * v;
        u += TIME * fx;
        v += TIME * fy;
        if (tangent) {
            dx += TIME * du;
            dy += TIME * dv;
            du += TIME * dfx;
            dv += TIME * dfy;
        }
    }
    double crossing = x - y / v * u;
    if (tangent) *tangent = 2.0 * crossing * (dx - (dy - y / v * dv) / v * u - y / v * du);
    return crossing * crossing;
}

static double missed(const double *w, const void *given) {
    (void)given;
    return miss(*w, 0);
}

static void by_w(const double *w, const void *given, double *out) {
    (void)given;
    miss(*w, out);
}

void gradient(const double *start, double *out) { argmin(1, missed, by_w, 0, start, out); }
