/* The C reference of benchmarks/jit.py: the mean hinge loss of a 2-16-16-1 ReLU network, and its gradient.
 *
 * A block is eight samples, one in each lane of a vector; parameters are broadcast, in the order of MLP.parameters(): a
 * neuron's weights, then its bias. A first pass takes blocks forward and backward to the adjoints of the neurons; a second
 * sums the adjoints of the parameters over the blocks, in registers, and last of all over the lanes.
 */

#define LANES 8
#define BLOCKS 16
#define WIDTH 16
#define TILE 4
#define EACH(i, n) _Pragma("GCC unroll 16") for (int i = 0; i < (n); i++)

typedef double lanes __attribute__((vector_size(8 * LANES)));
typedef long masks __attribute__((vector_size(8 * LANES))); /* a comparison gives all bits or none */

struct network {
    double first[WIDTH][2 + 1], second[WIDTH][WIDTH + 1], third[WIDTH + 1];
};

struct chunk {
    int blocks;
    lanes x0[BLOCKS], x1[BLOCKS], h1[BLOCKS][WIDTH], h2[BLOCKS][WIDTH];
    lanes d1[BLOCKS][WIDTH], d3[BLOCKS], d2[BLOCKS][WIDTH];
};

static inline lanes where_positive(lanes x, lanes y) { return (lanes)((masks)(x > 0.0) & (masks)y); }

static inline double total(lanes x) {
    double sum = 0.0;
    EACH(lane, LANES) sum += x[lane];
    return sum;
}

static inline lanes forward_and_backward(const struct network *p, struct chunk *c, int b, lanes target, lanes weight) {
    lanes h2[WIDTH], d1[WIDTH] = {0}, score = (lanes){0} + p->third[WIDTH];
    EACH(j, WIDTH) h2[j] = (lanes){0} + p->second[j][WIDTH];
    EACH(i, WIDTH) {
        lanes h = p->first[i][0] * c->x0[b] + p->first[i][1] * c->x1[b] + p->first[i][2];
        c->h1[b][i] = h = where_positive(h, h);
        EACH(j, WIDTH) h2[j] += p->second[j][i] * h;
    }
    EACH(j, WIDTH) score += p->third[j] * (c->h2[b][j] = h2[j] = where_positive(h2[j], h2[j]));
    lanes margin = 1.0 - target * score;
    c->d3[b] = where_positive(margin, -weight * target);
    EACH(j, WIDTH) {
        lanes d = c->d2[b][j] = where_positive(h2[j], p->third[j] * c->d3[b]);
        EACH(i, WIDTH) d1[i] += p->second[j][i] * d;
    }
    EACH(i, WIDTH) c->d1[b][i] = where_positive(c->h1[b][i], d1[i]);
    return weight * where_positive(margin, margin);
}

static inline void add_gradient(const struct chunk *c, struct network *g) {
    for (int j = 0; j < WIDTH; j += TILE)
        for (int i = 0; i < WIDTH; i += TILE) {
            lanes sums[TILE][TILE] = {0};
            for (int b = 0; b < c->blocks; b++)
                EACH(v, TILE) EACH(u, TILE) sums[v][u] += c->d2[b][j + v] * c->h1[b][i + u];
            EACH(v, TILE) EACH(u, TILE) g->second[j + v][i + u] += total(sums[v][u]);
        }
    for (int j = 0; j < WIDTH; j++) {
        lanes third = {0}, bias = {0}, first[3] = {0};
        for (int b = 0; b < c->blocks; b++) {
            third += c->d3[b] * c->h2[b][j];
            bias += c->d2[b][j];
            first[0] += c->d1[b][j] * c->x0[b];
            first[1] += c->d1[b][j] * c->x1[b];
            first[2] += c->d1[b][j];
        }
        g->third[j] += total(third);
        g->second[j][WIDTH] += total(bias);
        EACH(i, 3) g->first[j][i] += total(first[i]);
    }
    for (int b = 0; b < c->blocks; b++) g->third[WIDTH] += total(c->d3[b]);
}

double loss_and_gradient(const struct network *p, const double *inputs, const double *targets, long samples, struct network *g) {
    lanes losses = {0};
    *g = (struct network){0};
    for (long sample = 0; sample < samples;) {
        struct chunk c;
        for (c.blocks = 0; c.blocks < BLOCKS && sample < samples; c.blocks++) {
            lanes x0 = {0}, x1 = {0}, target = {0}, weight = {0};
            for (int lane = 0; lane < LANES && sample < samples; lane++, sample++) {
                x0[lane] = inputs[2 * sample];
                x1[lane] = inputs[2 * sample + 1];
                target[lane] = targets[sample];
                weight[lane] = 1.0 / samples; /* and 0 in the lanes left over */
            }
            c.x0[c.blocks] = x0;
            c.x1[c.blocks] = x1;
            losses += forward_and_backward(p, &c, c.blocks, target, weight);
        }
        add_gradient(&c, g);
    }
    return total(losses);
}
