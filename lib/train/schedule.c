/* SPDX-License-Identifier: Apache-2.0 */
/* Learning rates. */
#include <math.h>

#include <ocelli/train.h>

static double share(const oc_schedule *s, double t) {
    double whole = (double)(s->steps > 0 ? s->steps : 1), done = t < whole ? t / whole : 1;
    switch (s->kind) {
    case OC_SCHEDULE_STEP:
        return pow(s->factor, floor(t / whole));
    case OC_SCHEDULE_EXPONENTIAL:
        return pow(s->factor, t / whole);
    case OC_SCHEDULE_COSINE:
        return s->factor + (1 - s->factor) * (1 + cos(3.14159265358979323846 * done)) / 2;
    case OC_SCHEDULE_POLYNOMIAL:
        return s->factor + (1 - s->factor) * pow(1 - done, s->power != 0 ? s->power : 1);
    default:
        return 1;
    }
}

double oc_schedule_rate(const oc_schedule *s, double lr, int64_t step) {
    if (step <= s->warmup)
        return lr * (double)step / (double)s->warmup;
    return lr * share(s, (double)(step - 1 - s->warmup));
}
