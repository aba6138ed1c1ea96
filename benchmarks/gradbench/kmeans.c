/* The C reference of kmeans: squared distances of n points to the nearest of k centroids; the direction of Newton's method. */

#include <string.h>

static long nearest(long k, long d, const double *centroids, const double *point, double *least) {
    long found = 0;
    *least = 1e300;
    for (long i = 0; i < k; i++) {
        double sum = 0.0;
        for (long j = 0; j < d; j++) {
            double apart = centroids[i * d + j] - point[j];
            sum += apart * apart;
        }
        if (sum < *least) {
            *least = sum;
            found = i;
        }
    }
    return found;
}

double value(long k, long n, long d, const double *centroids, const double *points) {
    double total = 0.0, least;
    for (long i = 0; i < n; i++) {
        nearest(k, d, centroids, points + i * d, &least);
        total += least;
    }
    return total;
}

void gradient(long k, long n, long d, const double *centroids, const double *points, double *direction) {
    double least, diagonal[k];
    memset(direction, 0, k * d * sizeof(double));
    memset(diagonal, 0, sizeof diagonal);
    for (long i = 0; i < n; i++) {
        long at = nearest(k, d, centroids, points + i * d, &least);
        for (long j = 0; j < d; j++) direction[at * d + j] += 2.0 * (centroids[at * d + j] - points[i * d + j]);
        diagonal[at] += 2.0;
    }
    for (long i = 0; i < k; i++)
        for (long j = 0; j < d; j++) direction[i * d + j] /= diagonal[i];
}
