/* The C reference of benchmarks/jit.py: angle**2 + velocity**2 after 500 Runge-Kutta steps of a pendulum, and its gradient.
 *
 * By hand: the sines and cosines of the way there are kept for the way back. The 2,000 sines wait for one another, which no
 * compiler can change.
 */

#include <math.h>

#define STEPS 500
#define STEP 0.01

static const double ahead[4] = {0.0, 0.5 * STEP, 0.5 * STEP, STEP}; /* from a step's start to each of its stages */
static const double weight[4] = {STEP / 6.0, STEP / 3.0, STEP / 3.0, STEP / 6.0};

double loss_and_gradient(double angle, double velocity, double gravity, double damping, double *gradient) {
    static _Thread_local double sines[STEPS][4], cosines[STEPS][4], velocities[STEPS][4];
    for (int i = 0; i < STEPS; i++) {
        double v = velocity, a = 0.0, moved = 0.0, sped = 0.0, next = angle;
        for (int j = 0; j < 4; j++) {
            next = angle + ahead[j] * v;
            v = velocity + ahead[j] * a;
            sines[i][j] = sin(next);
            cosines[i][j] = cos(next);
            velocities[i][j] = v;
            a = -gravity * sines[i][j] - damping * v;
            moved += weight[j] * v;
            sped += weight[j] * a;
        }
        angle += moved;
        velocity += sped;
    }
    double to_angle = 2.0 * angle, to_velocity = 2.0 * velocity, to_gravity = 0.0, to_damping = 0.0;
    for (int i = STEPS - 1; i >= 0; i--) {
        double of_angle = to_angle, of_velocity = to_velocity, v_later = 0.0, a_later = 0.0;
        for (int j = 3; j >= 0; j--) {
            double to_a = weight[j] * of_velocity + a_later, to_v = weight[j] * of_angle + v_later - damping * to_a;
            double to_x = -gravity * cosines[i][j] * to_a;
            to_gravity -= sines[i][j] * to_a;
            to_damping -= velocities[i][j] * to_a;
            to_angle += to_x;
            to_velocity += to_v;
            v_later = ahead[j] * to_x;
            a_later = ahead[j] * to_v;
        }
    }
    gradient[0] = to_angle;
    gradient[1] = to_velocity;
    gradient[2] = to_gravity;
    gradient[3] = to_damping;
    return angle * angle + velocity * velocity;
}
